"""How wrong tries of a password slow down the next ones.

A limited number of wrong tries is free within 5 minutes from the first one. Every further one blocks its key, twice as long as
the last: from 10 seconds to 15 minutes. Five minutes after a block all is forgotten.
"""

from datetime import timedelta

WINDOW = timedelta(minutes=5)
FIRST_BLOCK = timedelta(seconds=10)
LONGEST_BLOCK = timedelta(minutes=15)
MOST_DOUBLINGS = 10
"""Of the first block; beyond, it would be longer than the longest one anyway."""


def block_after(failures: int, *, limit: int) -> timedelta:
    """Return how long a key is blocked after that many wrong tries; nothing below the limit."""
    if failures < limit:
        return timedelta()
    doubled: int = 2 ** min(failures - limit, MOST_DOUBLINGS)
    return min(FIRST_BLOCK * doubled, LONGEST_BLOCK)
