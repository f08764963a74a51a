"""A lease on a region: writers and readers share it, garbage collection holds it alone, and a crash releases it.

On one computer it is a file lock, which the kernel releases. Processes on several computers share leases in their database.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.domain.errors import Conflict
from galeria.domain.messages import Message

PATIENCE = 900.0
"""Seconds that a writer waits for a garbage collection to end."""

_PAUSE = 0.05
_PAUSE_OF_ROWS = 0.5  # seconds; each look asks the database


class SharedLeases(Protocol):
    """Leases that processes on several computers share; they end with the process that has them."""

    def find(self, name: str, *, exclusive: bool) -> str | None:
        """Takes the lease at once and returns the id to give it back by; None where others hold it."""
        ...

    def give_back(self, id: str) -> None: ...


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
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        _take(lambda: _try(handle, kind), region, patience=0 if exclusive else patience, pause=_PAUSE)
        yield
    finally:
        os.close(handle)


@contextmanager
def hold_shared_lease(
    leases: SharedLeases, *, region: str, exclusive: bool, patience: float = PATIENCE
) -> Iterator[None]:
    """Hold the lease among processes on several computers, otherwise as `hold_lease`. Raises Conflict, Unavailable."""
    taken: list[str] = []

    def take() -> bool:
        id = leases.find(f"store:{region}", exclusive=exclusive)
        taken.extend([id] if id else [])
        return id is not None

    _take(take, region, patience=0 if exclusive else patience, pause=_PAUSE_OF_ROWS)
    try:
        yield
    finally:
        leases.give_back(taken[0])


def _take(take: Callable[[], bool], region: str, *, patience: float, pause: float) -> None:
    deadline = time.monotonic() + patience
    while not take():
        if not patience:
            raise _in_use(region)
        if time.monotonic() >= deadline:
            raise _too_long(region, patience)
        time.sleep(pause)


def _in_use(region: str) -> Conflict:
    return Conflict(
        Message("The store of region {region} is in use.", region=region),
        hint=Message("Garbage collection waits for captures, replications and restores: try again when they are done."),
        code="StoreBusy",
        target=region,
    )


def _too_long(region: str, patience: float) -> Conflict:
    return Conflict(
        Message(
            "The garbage collection of region {region} did not end within {patience:.0f} seconds.",
            region=region,
            patience=patience,
        ),
        hint=Message("Look at the log for what holds it up, then retry the operation."),
        code="StoreBusy",
        target=region,
    )


def _try(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
