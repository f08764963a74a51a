"""What actions and workflows need from outside: remembered steps, progress, the clock, random ids, password hashes."""

from collections.abc import Callable
from datetime import datetime
from typing import ParamSpec, Protocol, TypeVar

from galeria.domain.messages import Message
from galeria.ports.progress import Progress

P = ParamSpec("P")
R = TypeVar("R")


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
