"""One server and one worker for each data directory whose database is a file: two would run the same steps at the same time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galeria.domain.errors import Conflict
from galeria.domain.messages import Message

SERVER_LOCK, WORKER_LOCK = "serve.lock", "worker.lock"
LONGEST_NOTE = 100  # bytes of the file that are read


@contextmanager
def locked_data(data: Path, file: str, what: str) -> Iterator[None]:
    """Hold a lock file, which the kernel releases when the process ends in any way.

    Raises Conflict when it is held, with the id of the process that holds it. The directory must exist.
    """
    with (data / file).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise _held(data, what, lock.read(LONGEST_NOTE).strip()) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


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
