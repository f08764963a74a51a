"""How work that takes long reports its progress."""

from typing import Protocol


class Progress(Protocol):
    """A function that work calls often, from several threads, so it must be cheap.

    Raises Canceled once the operation is canceled.
    """

    def __call__(self, *, done: int, total: int) -> None:
        """Reports `done` of `total` bytes, both counted from the start of the work."""
        ...


def unheard(*, done: int, total: int) -> None:
    """Ignores the progress, for work that nobody watches."""
