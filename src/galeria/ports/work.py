"""Long work: steps that are remembered, and the world's clock and dice."""

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
    """Shows the bytes of a running step."""

    def __call__(self, operation_id: str, step: str, region: str = "", version_id: str = "") -> Progress:
        """The progress of that step; with a region, of its part in that region; with a version, of its replica there.

        Raises Canceled, out of the reporting call, when the person asked to stop.
        """
        ...


class Starter(Protocol):
    """Hands operations to the workers."""

    def start(self, operation_id: str) -> None:
        """Returns at once. May be repeated: the same attempt of the same operation runs once."""
        ...


class Clock(Protocol):
    def now(self) -> datetime:
        """With the UTC time zone."""
        ...


class IdGenerator(Protocol):
    """Names nobody can guess."""

    def new_id(self) -> str:
        """A random UUID's 32 hexadecimal digits."""
        ...

    def new_guid(self) -> str:
        """A random UUID in the dashed form."""
        ...

    def new_secret(self) -> str:
        """43 characters with 255 random bits at least; the first one is no dash, so that it can be a command's argument."""
        ...


class SecretHasher(Protocol):
    """One-way hashes of what people type."""

    def hash(self, secret: str) -> str:
        """For sign-in: argon2id."""
        ...

    def matches(self, hashed: str, secret: str) -> bool: ...

    def unix_hash(self, secret: str) -> str:
        """For a machine's own password file: SHA-512 crypt."""
        ...
