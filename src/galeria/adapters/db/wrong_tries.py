"""Wrong tries in a database that several servers share, so that guesses do not multiply with servers.

Each wrong try is one statement, in a transaction of its own that waits for no other writer. Times are the database's: clocks of
servers need not agree. Keys are hashed with a key of the installation's, because people type passwords where names belong.
"""

import hashlib
import threading
import time

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from galeria.adapters.db.engine import LEASING, READING, UNIT
from galeria.adapters.db.tables.sign_in_tables import wrong_tries
from galeria.domain.people.wrong_tries import FIRST_BLOCK, LONGEST_BLOCK, MOST_DOUBLINGS, WINDOW

CLEARED_EVERY = 60.0
"""Seconds between two looks, by whoever counts, for rows that count no more. Nobody's guesses fill the table."""

_NOW = sa.func.clock_timestamp()
_COLUMNS = wrong_tries.c


class DatabaseTries:
    """Counts on PostgreSQL. `secret` are 32 bytes, the same on all servers. Safe for several threads."""

    def __init__(self, engine: sa.Engine, secret: bytes) -> None:
        self._engine = engine.execution_options(**{UNIT: LEASING})
        self._reading = engine.execution_options(**{UNIT: READING}, isolation_level="AUTOCOMMIT")
        self._secret = secret
        self._cleared, self._lock = -CLEARED_EVERY, threading.Lock()

    def blocked_seconds(self, *keys: str) -> int:
        """Return for how many seconds any of the keys is still blocked. Raises Unavailable."""
        left = sa.func.ceil(sa.func.extract("epoch", sa.func.max(_COLUMNS.blocked_until) - _NOW))
        asked = sa.select(left).where(_COLUMNS.id.in_([self._id(key) for key in keys]))
        with self._reading.connect() as connection:
            seconds = int(connection.scalar(asked) or 0)
        # More than the longest block means that the clock was set back.
        return seconds if 0 < seconds <= LONGEST_BLOCK.total_seconds() else 0

    def count(self, key: str, *, limit: int) -> None:
        """Count one wrong try. Raises Unavailable."""
        with self._engine.begin() as connection:
            connection.execute(_counting(self._id(key), limit))
            if self._is_time_to_clear():
                old = sa.select(_COLUMNS.id).where(_COLUMNS.forgotten_at <= _NOW).with_for_update(skip_locked=True)
                connection.execute(sa.delete(wrong_tries).where(_COLUMNS.id.in_(old)))

    def forget(self, key: str) -> None:
        """Forget the wrong tries of a key; where there were none, nothing is written. Raises Unavailable."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(wrong_tries).where(_COLUMNS.id == self._id(key)))

    def _id(self, key: str) -> str:
        return hashlib.blake2b(key.encode(errors="replace"), key=self._secret, digest_size=16).hexdigest()

    def _is_time_to_clear(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if now - self._cleared < CLEARED_EVERY:
                return False
            self._cleared = now
            return True


def _counting(id: str, limit: int) -> sa.Executable:
    """The statement that counts, as `block_after` does: of two servers' at the same time, the second one adds to the first."""
    failures = sa.case((_COLUMNS.forgotten_at <= _NOW, 1), else_=_COLUMNS.failures + 1)
    doublings = sa.func.least(failures - limit, MOST_DOUBLINGS)
    first, longest = FIRST_BLOCK.total_seconds(), LONGEST_BLOCK.total_seconds()
    seconds = sa.func.least(first * sa.func.power(2, doublings), longest)
    blocked_until = _NOW + _seconds(seconds)
    is_blocked, window = failures >= limit, _seconds(WINDOW.total_seconds())
    forgotten_at = sa.case(
        (is_blocked, blocked_until + window), (failures == 1, _NOW + window), else_=_COLUMNS.forgotten_at
    )
    first_try = insert(wrong_tries).values(id=id, failures=1, forgotten_at=_NOW + window)
    return first_try.on_conflict_do_update(
        index_elements=[_COLUMNS.id],
        set_={
            "failures": failures,
            "blocked_until": sa.case((is_blocked, blocked_until), else_=None),
            "forgotten_at": forgotten_at,
        },
    )


def _seconds(number: object) -> sa.Function[object]:
    return sa.func.make_interval(0, 0, 0, 0, 0, 0, number)
