"""Verifies the audit log: that no entry was changed, cut off or put in between since it was chained."""

from collections.abc import Iterator, Sequence

from galeria.actions.core.base_request import BaseRequest
from galeria.domain.audit import AuditBreak, AuditEvent, AuditHead, AuditVerified, find_break, missing_entries
from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message
from galeria.ports.audit import AuditCopy

MOST_BREAKS = 20  # that are told: whoever changed one entry may have changed a million
_BATCH = 1000


def verify_audit(request: BaseRequest, copy: AuditCopy, noted: Sequence[AuditHead] = ()) -> AuditVerified:
    """Returns what was found: the hashes of all entries, the copy beside them, and the links that somebody noted elsewhere.

    The copy may end earlier than the log, by what was chained within the last seconds. Raises Unavailable where the copy
    cannot be read.
    """
    breaks: list[AuditBreak] = []
    copied, fault = _read_copy(copy)
    left, noted_hashes = dict(copied), {each.number: each.hash for each in noted}
    head, entries = AuditHead(), 0
    for event in _chained(request):
        number = event.number or 0
        breaks += _only(find_break(head, event))
        if left.pop(number, event.hash) != event.hash:
            breaks.append(_differs(number))
        if noted_hashes.pop(number, event.hash) != event.hash:
            breaks.append(_not_noted(number))
        head, entries = AuditHead(number=number, hash=event.hash), entries + 1
    if left and max(left) > head.number:
        breaks.append(AuditBreak(number=head.number + 1, reason=missing_entries(head.number + 1, max(left))))
    breaks += map(_not_noted, sorted(noted_hashes))
    return AuditVerified(
        head=head,
        entries=entries,
        waiting=request.uow.audit.count_waiting(),
        copied=max(copied, default=0) if copy.head() else None,
        breaks=tuple((breaks + _only(fault))[:MOST_BREAKS]),
    )


def _chained(request: BaseRequest) -> Iterator[AuditEvent]:
    number = 0
    while some := request.uow.audit.chained(after=number, limit=_BATCH):
        yield from some
        number = some[-1].number or 0


def _read_copy(copy: AuditCopy) -> tuple[dict[int, str], AuditBreak | None]:
    """Return the copy's hashes by number, and its own first fault, after which it is not read."""
    head, hashes = AuditHead(), dict[int, str]()
    try:
        for event in copy.entries():
            found = find_break(head, event)
            if found:
                reason = Message("In the copy: {reason}", reason=found.reason)
                return hashes, AuditBreak(number=found.number, reason=reason)
            head = AuditHead(number=event.number or 0, hash=event.hash)
            hashes[head.number] = head.hash
    except Corrupt as error:
        return hashes, AuditBreak(number=head.number + 1, reason=error.message)
    return hashes, None


def _only(found: AuditBreak | None) -> list[AuditBreak]:
    return [found] if found else []


def _differs(number: int) -> AuditBreak:
    return AuditBreak(number=number, reason=Message("Entry {number} is another one than in the copy.", number=number))


def _not_noted(number: int) -> AuditBreak:
    return AuditBreak(number=number, reason=Message("Entry {number} is not the one that was noted.", number=number))
