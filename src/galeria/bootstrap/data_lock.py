"""One server and one worker for each data directory whose database is a file: two would run the same steps at the same time."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from galeria.adapters.lasting_process import find_holder, take_lock
from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.domain.settings import Settings

SERVER_LOCK, WORKER_LOCK = "serve.lock", "worker.lock"
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
    while True:
        try:
            lock = take_lock(data / file)
            break
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise _held(data, what, find_holder(data / file)) from error
        time.sleep(LOOK)
    with lock:
        yield


def _held(data: Path, what: str, holder: int | None) -> Conflict:
    if holder is None:
        return Conflict(
            Message("Another {what} works on {data}.", what=what, data=str(data)),
            hint=Message("Stop that one first, or use another data directory."),
        )
    return Conflict(
        Message("Another {what}, process {pid}, works on {data}.", what=what, pid=holder, data=str(data)),
        hint=Message("Stop that one first, such as with 'kill {pid}', or use another data directory.", pid=holder),
    )
