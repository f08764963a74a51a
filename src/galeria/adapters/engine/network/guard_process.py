"""The guard of one installation: its folder, and its process, which outlives the one that started it."""

import contextlib
import fcntl
import logging
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from galeria.adapters.engine.network.table import LOCK, SOCKET, GuestTable, find_table, write_table
from galeria.adapters.lasting_process import is_locked, last_words, start_module
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message

log = logging.getLogger(__name__)

LOG = "guard.log"
CHANGES = "changes"  # the file that is locked while the table is changed
START_SECONDS = 30.0
ANSWER_SECONDS = 60.0
POLL_SECONDS = 0.02
DONE = "done"
# What root may do besides in the guard, which reads what machines send: settings of the network, and ports below 1024.
_RIGHTS = "-all,+net_admin,+net_bind_service"


class GuardProcess:
    """The guard of a folder that only the service's account may enter. Nothing is made there before it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: subprocess.Popen[bytes] | None = None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the table, so that no other process and no other thread changes it meanwhile."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / CHANGES).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def table(self) -> GuestTable | None:
        return find_table(self._folder)

    def load(self, table: GuestTable) -> None:
        """Make the table hold. Raises MachineFailed where it does not; the guard goes on with what it has."""
        write_table(self._folder, table)
        self._ensure()
        self._order("load")

    def check(self) -> None:
        """Make sure that the guard runs and the rules hold. Raises MachineFailed where they do not."""
        self._ensure()
        self._order("look")

    def is_running(self) -> bool:
        """Return whether the folder's guard runs, whoever started it."""
        return is_locked(self._folder / LOCK)

    def remove(self) -> None:
        """End the guard, and remove rules and network with it. Leaves nothing but an empty folder."""
        if self.table() is None:
            return
        with contextlib.suppress(MachineFailed):
            self._ensure()
            self._order("remove")
        _until(lambda: not self.is_running(), START_SECONDS)
        for path in self._folder.iterdir():
            if path.name not in (CHANGES, LOG):
                path.unlink(missing_ok=True)

    def _ensure(self) -> None:
        if not self.is_running():
            self._start()
        if not _until(self._listens, START_SECONDS):
            raise _unguarded(last_words(self._folder / LOG))

    def _start(self) -> None:
        (self._folder / SOCKET).unlink(missing_ok=True)
        limited = shutil.which("setpriv")
        self._started = start_module(
            "galeria.adapters.engine.network.guard",
            self._folder,
            log=self._folder / LOG,
            before=[limited, f"--bounding-set={_RIGHTS}", "--no-new-privs"] if limited else [],
        )
        log.info("the guard of the machines' network runs as process %s", self._started.pid)

    def _listens(self) -> bool:
        try:
            with _connected(self._folder):
                return True
        except OSError:
            if self._started is not None and self._started.poll() is not None:
                raise _unguarded(last_words(self._folder / LOG)) from None
            return False

    def _order(self, word: str) -> None:
        try:
            with _connected(self._folder) as line:
                line.sendall(f"{word}\n".encode())
                with line.makefile(encoding="utf-8", errors="replace") as reader:
                    answer = reader.readline().strip()
        except OSError as error:
            raise _unguarded(str(error)) from error
        if answer != DONE:
            raise _unguarded(answer)


@contextmanager
def _connected(folder: Path) -> Iterator[socket.socket]:
    """Yield a line to the guard."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_SECONDS)
        line.connect(str(folder / SOCKET))
        yield line


def _until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _unguarded(reason: str) -> MachineFailed:
    return MachineFailed(
        Message("The rules around the machines' network do not hold: {reason}", reason=reason or "no answer"),
        hint=Message("Run 'galeria doctor' on the host, then try again. The guard's log is in private/network."),
    )
