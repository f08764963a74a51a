"""One server and one worker for each data directory whose database is a file: two would run the same steps at the same time."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TextIO

from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.domain.settings import Settings

SERVER_LOCK, WORKER_LOCK = "serve.lock", "worker.lock"
LONGEST_NOTE = 100  # bytes of the file that are read
LOOK = 0.05  # seconds between two tries to get a lock


def alone_on(
    data: Path, file: str, what: str, settings: Settings, *, patience: float = 0
) -> AbstractContextManager[None]:
    """Hold a lock file as `locked_data` does. Processes that share a database see there to it that nothing is done twice."""
    return nullcontext() if settings.database.is_shared else locked_data(data, file, what, patience=patience)


@contextmanager
def locked_data(data: Path, file: str, what: str, *, patience: float = 0) -> Iterator[None]:
    """Hold a lock file, which the kernel releases when the process ends in any way.

    Raises Conflict when it is held, and still is after so many seconds, with the id of the process that holds it. The
    directory must exist.
    """
    deadline = time.monotonic() + patience
    with (data / file).open("a+") as lock:
        while not _is_taken(lock):
            if time.monotonic() >= deadline:
                lock.seek(0)
                raise _held(data, what, lock.read(LONGEST_NOTE).strip())
            time.sleep(LOOK)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _is_taken(lock: TextIO) -> bool:
    """Take the lock, and return whether that was possible."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _held(data: Path, what: str, holder: str) -> Conflict:
    # The file is empty for the moment between the lock and the note.
    if not holder.isdecimal():
        return Conflict(
            Message("Another {what} works on {data}.", what=what, data=str(data)),
            hint=Message("Stop that one first, or use another data directory."),
        )
    return Conflict(
        Message("Another {what}, process {pid}, works on {data}.", what=what, pid=holder, data=str(data)),
        hint=Message("Stop that one first, such as with 'kill {pid}', or use another data directory.", pid=holder),
    )
