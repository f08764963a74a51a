"""Programs of ours that outlive the process that started them. Each holds the lock file of its folder as long as it runs."""

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import galeria
from galeria.programs import program_environment

LONGEST_NOTE = 100  # characters of a lock file that are looked at
MOST_LOG = 10 * 1024 * 1024  # bytes; a longer log is begun anew with the next process


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
