"""Waiting for something to be so, for as long as it takes and not forever."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(
    look: Callable[[], T | None], what: str | Callable[[], str], *, seconds: float = 30.0, pause: float = 0.01
) -> T:
    """Look again and again, with a pause of so many seconds; return what is seen once it is neither None nor False.

    Raises AssertionError with what did not come, which a function may tell from how things are by then.
    """
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what if isinstance(what, str) else what()}")
        time.sleep(pause)
    return seen
