"""The chunks that a system reads while it starts, in the order of their first reading: kept by the digest of its disk.

A disk without a trace of its own uses its parent's: most of what starts is the same, at the same places.
"""

import logging
import threading
import time
from array import array
from collections.abc import Iterable

import sqlalchemy as sa
import zstandard

from galeria.adapters.db.tables.boot_trace_tables import boot_traces
from galeria.ports.images import Digest

log = logging.getLogger(__name__)

MOST_SLOTS = 8192
"""Chunks of a trace, of 2 GiB: whoever reads more while starting reads the disk."""


class BootRecorder:
    """Notes what is read until there was a pause, or the start has taken long enough. Times are in seconds."""

    def __init__(self, *, quiet: float, longest: float) -> None:
        self._quiet, self._longest = quiet, longest
        self._lock = threading.Lock()
        self._order: dict[int, None] = {}
        self._first: float | None = None
        self._last = time.monotonic()

    def touched(self, slots: Iterable[int]) -> None:
        with self._lock:
            self._last = time.monotonic()
            self._first = self._first or self._last
            if self._last - self._first < self._longest and len(self._order) < MOST_SLOTS:
                self._order.update(dict.fromkeys(slots))

    def is_over(self) -> bool:
        """Return whether no system is starting now; the rest of the base may be fetched."""
        with self._lock:
            now = time.monotonic()
            is_long = self._first is not None and now - self._first > self._longest
            return is_long or now - self._last > self._quiet

    def slots(self) -> list[int]:
        with self._lock:
            return list(self._order)


def find_trace(engine: sa.Engine, digests: Iterable[Digest | None]) -> list[int]:
    """Return the slots of the first of the disks that has a trace; empty where none has, or where the database is away."""
    try:
        with engine.connect() as connection:
            for digest in filter(None, digests):
                found = connection.scalar(sa.select(boot_traces.c.slots).where(boot_traces.c.digest == digest))
                if found is not None:
                    return _read(found)
    except sa.exc.SQLAlchemyError as error:
        log.warning("what a start reads is not known: %s", error)
    return []


def keep_trace(engine: sa.Engine, digest: Digest, slots: list[int]) -> None:
    """Keep the trace of a disk that has none yet. Without it the next start is slower, and nothing else."""
    packed = zstandard.ZstdCompressor().compress(array("I", slots[:MOST_SLOTS]).tobytes())
    try:
        with engine.begin() as connection:
            connection.execute(sa.insert(boot_traces).values(digest=digest, slots=packed))
    except sa.exc.IntegrityError:
        log.info("the disk has a trace already")
    except sa.exc.SQLAlchemyError as error:
        log.warning("what a start read is not kept: %s", error)


def _read(packed: bytes) -> list[int]:
    slots = array("I")
    slots.frombytes(zstandard.ZstdDecompressor().decompress(packed, max_output_size=4 * MOST_SLOTS))
    return list(slots)
