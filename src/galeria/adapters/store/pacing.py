"""Reading thousands of manifests in a server that answers meanwhile."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

AT_ONCE = 0.1  # seconds that are worked without a pause: a hundred manifests
WORK, REST = 0.005, 0.015  # seconds, in turn from then on

T = TypeVar("T")


def paced(
    things: Iterable[T], *, clock: Callable[[], float] = time.monotonic, rest: Callable[[float], None] = time.sleep
) -> Iterator[T]:
    """Hands them out one by one, with pauses once it takes long.

    Whoever answers a request gives the interpreter away at every row from the database, and waits to get it back from whoever
    works without a pause: a page of 20 ms took 90 ms while 10,000 manifests were read (measured).
    """
    until = clock() + AT_ONCE
    for each in things:
        if clock() >= until:
            rest(REST)
            until = clock() + WORK
        yield each
