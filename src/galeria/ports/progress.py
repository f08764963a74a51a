"""How long work says where it is."""

from typing import Protocol


class Progress(Protocol):
    """Called often, from several threads; cheap. Raises Canceled when the person who waits asked to stop."""

    def __call__(self, *, done: int, total: int) -> None:
        """`done` of `total` bytes, both absolute."""
        ...


def unheard(*, done: int, total: int) -> None:
    """The progress of work nobody watches."""
