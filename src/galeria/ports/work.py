"""What actions, workflows and sign-in need from outside: operations, remembered steps, progress, the clock, random ids,
password hashes, and counts of wrong passwords.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import ParamSpec, Protocol, TypeVar

from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind, OperationStep
from galeria.ports.progress import Progress
from galeria.ports.repository import Repository

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True, slots=True)
class OldOperation:
    """An operation that was begun before a time that somebody asks for."""

    id: str
    created_at: datetime
    is_removable: bool  # it ended before then, and a newer one of its kind is on its subject, or the subject is gone


class OperationRepository(Repository[Operation], Protocol):
    """The operations with their steps."""

    def unsettled(self) -> list[Operation]:
        """Returns the operations that are not started or in progress, oldest first."""
        ...

    def count_limited(self, *, started_by: str | None = None) -> int:
        """Counts the operations not at their end that limits are for, begun by that principal or by anybody.

        What the service itself began holds up nobody.
        """
        ...

    def of_kind(self, kind: OperationKind) -> list[Operation]:
        """Returns the operations of that kind that are not started or in progress, oldest first."""
        ...

    def running_on(self, subject: str) -> list[Operation]:
        """Returns the operations on that version, lab, machine or disk that are not started or in progress, oldest first."""
        ...

    def working_with(self, ids: Collection[str]) -> list[Operation]:
        """Unsettled operations on these versions, labs or machines, and those that export or publish these machines.

        Oldest first.
        """
        ...

    def newest_on(self, subjects: Collection[str]) -> dict[str, Operation]:
        """Returns the last operation that was begun on each version, lab, machine or disk, by its id."""
        ...

    def recent(self, *, below: str = "", limit: int = 100) -> list[Operation]:
        """Returns the last operations, newest first; with the key `below`, those on that resource and on what lies below it."""
        ...

    def with_addresses(self, *, ended_before: datetime) -> list[Operation]:
        """Returns the operations that failed or were canceled before that time and were begun with an address that still
        has a query, oldest first."""
        ...

    def may_go_on(self, *, ended_after: datetime) -> list[Operation]:
        """Returns the operations that are not at their end, and those that failed or were canceled after that time, which
        may be retried."""
        ...

    def steps(self, operation_id: str) -> list[OperationStep]:
        """Returns the steps of an operation by position, steps of one position by region."""
        ...

    def find_step(self, operation_id: str, name: str, region: str) -> OperationStep | None:
        """Returns one step of an operation by its name and region, or None."""
        ...

    def add_step(self, step: OperationStep) -> None:
        """Adds a step to its operation."""
        ...

    def begun_before(self, moment: datetime, *, after: OldOperation | None, limit: int) -> list[OldOperation]:
        """Returns the operations that were begun before that time, oldest first, at most `limit`: the first ones, or those
        that follow on `after`."""
        ...

    def remove_ended(self, ids: Collection[str], *, before: datetime) -> int:
        """Removes those of these operations that ended before that time, with their steps, and returns how many it were."""
        ...


class Step(Protocol):
    """Runs one named step of a workflow and remembers its result: a finished step never runs again.

    A step that was under way when the power went off runs again from its start, so every step may run twice.
    Arguments and results are names (ids, digests) and numbers, never paths or open things.
    """

    def __call__(self, name: str, do: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R: ...


class VisibleStep(Protocol):
    """Runs one named step as a `Step` does, and shows it to the person who waits.

    The English of `name` is what the step is remembered by, so that it never changes while work is under way.
    """

    def __call__(self, name: Message, do: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R: ...


class ProgressMeter(Protocol):
    """The counter that shows the bytes of a running step."""

    def __call__(self, operation_id: str, step: str, region: str = "", version_id: str = "") -> Progress:
        """Returns a progress function for the step, for its part in the region, or for the version's replica there.

        That function raises Canceled once the operation is canceled.
        """
        ...


class Starter(Protocol):
    """The queue that hands operations to the workers."""

    def start(self, operation_id: str) -> None:
        """Starts an operation and returns at once.

        May be repeated: the same attempt of the same operation runs once.
        """
        ...


class WorkHistory(Protocol):
    """What the durable engine remembers of the work that it has done."""

    def forget_ended(self, *, begun_before: datetime, limit: int) -> int:
        """Forgets work that began before that time and has ended, with its finished steps: at most `limit` pieces of it.

        Work of operations that have not ended is left alone. Returns how many it were; 0 where nothing is left to forget.
        """
        ...


class RegionWork(Protocol):
    """Hands a version's replication to the process that does the target region's work."""

    def replicate(self, operation_id: str, version_id: str, region: str) -> None:
        """Has the version replicated to the region by whoever does the region's work, now or later; returns at once.

        May be repeated: the same attempt of the same operation asks once.
        """
        ...

    def is_anybody_at_work(self, region: str) -> bool:
        """Tells whether a living process does the region's work."""
        ...


class Traffic(Protocol):
    """The requests that a server answers beside work in the background."""

    def wait_quiet(self, seconds: float) -> None:
        """Returns when nobody waits for an answer, after so many seconds at the latest."""
        ...


class Clock(Protocol):
    """The source of the current time."""

    def now(self) -> datetime:
        """Returns the current time with the UTC time zone."""
        ...


class IdGenerator(Protocol):
    """The source of random ids and secrets that nobody can guess."""

    def new_id(self) -> str:
        """Returns a random UUID's 32 hexadecimal digits."""
        ...

    def new_guid(self) -> str:
        """Returns a random UUID in the dashed form."""
        ...

    def new_secret(self) -> str:
        """Returns 43 characters with at least 255 random bits; the first is no dash, so that it can be a command's argument."""
        ...


class SecretHasher(Protocol):
    """One-way hashes of passwords and client secrets."""

    def hash(self, secret: str) -> str:
        """Returns the argon2id hash of a secret, for checking sign-ins."""
        ...

    def matches(self, hashed: str, secret: str) -> bool:
        """Tells whether the secret is the one that was hashed for sign-in."""
        ...

    def unix_hash(self, secret: str) -> str:
        """Returns the SHA-512 crypt hash of a password, for a machine's own password file."""
        ...

    def differs(self, hashed: str, secret: str) -> bool:
        """Tells whether `hashed` is the SHA-512 crypt hash of another password; False where it is no such hash."""
        ...


class WrongTries(Protocol):
    """The counts of wrong tries, as `domain/people/wrong_tries.py` says. May be used by several threads.

    A key says what is guessed and from where. It may hold what somebody typed, and is kept nowhere as it is.
    """

    def blocked_seconds(self, *keys: str) -> int:
        """Returns for how many seconds, rounded up, any of these keys is still blocked; 0 where none is."""
        ...

    def count(self, key: str, *, limit: int) -> None:
        """Counts one wrong try; the one with which there are `limit`, 2 or more, blocks its key, and each one after it."""
        ...

    def forget(self, key: str) -> None:
        """Forgets the wrong tries of a key. May be repeated."""
        ...
