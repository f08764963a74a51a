"""A lease on a region: writers and readers share it, garbage collection holds it alone, and a crash releases it.

A file lock reaches as far as its file system: processes on several hosts need a common directory that supports flock.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.domain.errors import Conflict
from galeria.domain.messages import Message

PATIENCE = 900.0
"""Seconds that a writer waits for a garbage collection to end."""

_PAUSE = 0.05


@contextmanager
def hold_lease(path: Path, *, region: str, exclusive: bool, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lease while the block runs. Raises Conflict.

    The exclusive lease is taken at once or not at all; the shared one is waited for, up to `patience` seconds.
    """
    # Each holder opens the file anew: locks of one file description do not exclude each other, so that threads sharing
    # one would all hold the exclusive lease.
    with translated_errors(region, Message("opening its lease")):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if exclusive:
            _take_alone(handle, region)
        else:
            _take_shared(handle, region, patience)
        yield
    finally:
        os.close(handle)


def _take_alone(handle: int, region: str) -> None:
    if not _try(handle, fcntl.LOCK_EX):
        raise Conflict(
            Message("The store of region {region} is in use.", region=region),
            hint=Message(
                "Garbage collection waits for captures, replications and restores: try again when they are done."
            ),
            code="StoreBusy",
            target=region,
        )


def _take_shared(handle: int, region: str, patience: float) -> None:
    deadline = time.monotonic() + patience
    while not _try(handle, fcntl.LOCK_SH):
        if time.monotonic() >= deadline:
            raise Conflict(
                Message(
                    "The garbage collection of region {region} did not end within {patience:.0f} seconds.",
                    region=region,
                    patience=patience,
                ),
                hint=Message("Look at the log for what holds it up, then retry the operation."),
                code="StoreBusy",
                target=region,
            )
        time.sleep(_PAUSE)


def _try(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
