"""Programs of ours that outlive the process that started them. Each holds the lock file of its folder as long as it runs."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TextIO

import galeria
from galeria.programs import program_environment

LONGEST_NOTE = 100  # characters of a lock file that are looked at
MOST_LOG = 10 * 1024 * 1024  # bytes; a longer log is begun anew with the next process


class StopSignal:
    """Whether SIGTERM or SIGINT has asked this process to end. Only its main thread may listen and wait.

    Python runs a signal's handler between two steps of the main thread. In `threading.Event.wait` one that comes just before
    the thread falls asleep is not run until it wakes, perhaps never, and one that comes while it holds the event's lock would
    wait for that lock for ever. Here the signal itself, not its handler, writes a byte to what the thread reads from.
    """

    def __init__(self) -> None:
        self.is_asked = False

    def listen(self) -> None:
        """Hear the signals from now on."""
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self.hear)

    def hear(self, _number: int, _frame: FrameType | None) -> None:
        self.is_asked = True

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until a signal has come, or so many seconds; return whether one has."""
        deadline = None if seconds is None else time.monotonic() + seconds
        reading, writing = socket.socketpair()
        with reading, writing:
            writing.setblocking(False)
            before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
            try:
                while not self.is_asked:
                    left = None if deadline is None else deadline - time.monotonic()
                    if left is not None and left <= 0:
                        return False
                    reading.settimeout(left)
                    with suppress(TimeoutError):
                        reading.recv(LONGEST_NOTE)
            finally:
                signal.set_wakeup_fd(before)
        return True


def is_locked(path: Path) -> bool:
    """Return whether a process holds the lock file, whoever started it; False where there is no such file."""
    try:
        with path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def take_lock(path: Path) -> TextIO:
    """Take the lock file for as long as what is returned is open, and write this process's id into it.

    Raises BlockingIOError where another process has it.
    """
    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def find_holder(path: Path) -> int | None:
    """Return the id of the process that took the lock file last; None where it has only just begun to."""
    note = path.read_text(encoding="ascii")[:LONGEST_NOTE].strip()
    return int(note) if note.isdecimal() else None


def last_words(log: Path) -> str:
    """Return the last line of a process's log; empty where there is none."""
    with suppress(OSError):
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else ""
    return ""


def start_module(
    module: str, folder: Path, *, log: Path, before: Sequence[str] = (), passing: Sequence[str] = ()
) -> "subprocess.Popen[bytes]":
    """Start `python -m MODULE FOLDER`, which writes to `log`.

    `before` is a command that runs it, such as one with limits; `passing` names what else it gets of the environment.
    """
    mode = "wb" if log.is_file() and log.stat().st_size > MOST_LOG else "ab"
    with log.open(mode) as said:
        started = subprocess.Popen(
            [*before, sys.executable, "-m", module, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,  # a signal to the server's whole group, such as of a terminal, is not for it
            env={**program_environment(passing), "PYTHONPATH": str(Path(galeria.__file__).parents[1])},
        )
    # Whenever it ends, nothing of it stays in the list of processes.
    threading.Thread(target=started.wait, name=f"{log.stem}-end", daemon=True).start()
    return started
