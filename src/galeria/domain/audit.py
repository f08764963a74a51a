"""The audit log: entries of who did what, each chained to the one before by its hash, so that no change stays unseen."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from galeria.domain.errors import Invalid
from galeria.domain.messages import EMPTY, Message

SUCCEEDED = "Succeeded"
FAILED = "Failed"
"""The status of an entry about something that was refused."""

BEGINNING = "0" * 64
"""What stands in the place of the hash before the first entry."""


@dataclass(eq=False, kw_only=True)
class AuditEvent:
    """An entry of the audit log: who did what, when, from where, and how it ended.

    It is never changed, but for `number` and `hash`, which it gets within seconds: from then on it is a link of the chain.
    """

    id: str
    at: datetime
    principal_id: str
    principal_name: str
    action: str
    scope: str
    status: str
    correlation_id: str = ""
    address: str = ""  # of the caller's computer; empty where nobody called over the network
    detail: Message = EMPTY
    number: int | None = None  # its place in the chain, from 1
    hash: str = ""  # hexadecimal SHA-256, 64 digits


@dataclass(frozen=True, kw_only=True)
class AuditSearch:
    """The conditions of a search in the audit log.

    Empty texts and None set no condition; texts are compared in any case.
    """

    person: str = ""  # part of the sign-in name, or of the name that others see
    action: str = ""  # the whole action
    resource: str = ""  # part of the id
    since: datetime | None = None
    until: datetime | None = None  # not included
    correlation_id: str = ""
    caller: str = ""  # the whole sign-in name or client id
    status: str = ""
    provider: str = ""  # the action's, such as Microsoft.Compute
    before: tuple[datetime, str] | None = None  # time and id of the event after which the older ones are wanted


@dataclass(frozen=True, kw_only=True)
class AuditHead:
    """The last link of a chain. Who keeps it elsewhere can prove later that nothing up to it was changed or cut off."""

    number: int = 0  # 0 for a log without entries
    hash: str = BEGINNING

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True, kw_only=True)
class AuditBreak:
    """A place at which the log is not what was written: the number of the entry, and what is wrong there."""

    number: int
    reason: Message


@dataclass(frozen=True, kw_only=True)
class AuditVerified:
    """The result of a verification: its first breaks, the last link, how many entries were read, how many wait for a number.

    `copied` is the number of the last entry in the copy outside the database; None where there is no copy.
    """

    head: AuditHead
    entries: int
    waiting: int
    copied: int | None
    breaks: tuple[AuditBreak, ...] = ()


def chained_hash(previous: str, number: int, event: AuditEvent) -> str:
    """Returns the hash of an entry at a place of the chain: SHA-256 over the hash before it, its number and all it says."""
    text = json.dumps([previous, number, *to_fields(event).values()], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def to_fields(event: AuditEvent) -> dict[str, str]:
    """Returns what an entry says, by name, in the order in which it is hashed."""
    return {
        "id": event.id,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "principalId": event.principal_id,
        "principalName": event.principal_name,
        "action": event.action,
        "scope": event.scope,
        "status": event.status,
        "correlationId": event.correlation_id,
        "address": event.address,
        "detail": event.detail.to_json(),
    }


def from_fields(fields: dict[str, Any]) -> AuditEvent:
    """Returns the entry that `to_fields` described. Raises KeyError, TypeError or ValueError for anything else."""
    return AuditEvent(
        id=fields["id"],
        at=datetime.fromisoformat(fields["at"]),
        principal_id=fields["principalId"],
        principal_name=fields["principalName"],
        action=fields["action"],
        scope=fields["scope"],
        status=fields["status"],
        correlation_id=fields["correlationId"],
        address=fields["address"],
        detail=Message.from_json(fields["detail"]),
    )


def find_break(head: AuditHead, event: AuditEvent) -> AuditBreak | None:
    """Returns what is wrong in a chained entry that should follow `head`; None where it does.

    It is compared with the hash that stands at the entry before, so that one change is one break, or two.
    """
    number = event.number or 0
    if number > head.number + 1:
        return AuditBreak(number=head.number + 1, reason=missing_entries(head.number + 1, number - 1))
    if number <= head.number or chained_hash(head.hash, number, event) != event.hash:
        return AuditBreak(
            number=number, reason=Message("Entry {number} or the one before it was changed.", number=number)
        )
    return None


def missing_entries(first: int, last: int) -> Message:
    """Says that the entries of these numbers are missing."""
    if first == last:
        return Message("Entry {number} is missing.", number=first)
    return Message("The entries {first} to {last} are missing.", first=first, last=last)


def read_head(text: str) -> AuditHead:
    """Returns the link that was noted as number:hash. Raises Invalid."""
    number, _, hash = text.strip().partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) < 12 and len(hash) == len(AuditHead().hash)):
        raise Invalid(
            Message("'{text}' is no link of the activity log.", text=text),
            hint=Message("Write it as 'galeria audit verify' printed it: a number, a colon and 64 digits and letters."),
        )
    return AuditHead(number=int(number), hash=hash.lower())
