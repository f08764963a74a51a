"""Waiting for something to be so, for as long as it takes and not forever."""

import time
from collections.abc import Callable


def until(is_so: Callable[[], bool], what: str, *, seconds: float = 20) -> None:
    """Raises AssertionError with what did not come."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
