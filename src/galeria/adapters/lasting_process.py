"""Programs of ours that outlive the process that started them. Each holds the lock file of its folder as long as it runs."""

import fcntl
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import galeria
from galeria.programs import program_environment

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


def start_module(module: str, folder: Path, *, log: Path, before: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
    """Start `python -m MODULE FOLDER`, which writes to `log`. `before` is a command that runs it, such as one with limits."""
    mode = "wb" if log.is_file() and log.stat().st_size > MOST_LOG else "ab"
    with log.open(mode) as said:
        started = subprocess.Popen(
            [*before, sys.executable, "-m", module, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,  # a signal to the server's whole group, such as of a terminal, is not for it
            env={**program_environment(), "PYTHONPATH": str(Path(galeria.__file__).parents[1])},
        )
    # Whenever it ends, nothing of it stays in the list of processes.
    threading.Thread(target=started.wait, name=f"{log.stem}-end", daemon=True).start()
    return started
