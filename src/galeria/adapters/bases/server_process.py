"""The serving processes of a host's bases. Each outlives what started it, and is started again where it was killed."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from galeria.adapters.bases.files import (
    LOCK,
    LOG,
    ORDER,
    SOCKET,
    Order,
    ServingState,
    find_order,
    find_state,
    folder_of,
    partial_of,
    write_order,
)
from galeria.adapters.engine.confinement.permits import PASS, let
from galeria.adapters.engine.layout import remove_folder
from galeria.adapters.lasting_process import find_holder, is_locked, last_words, start_module
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message

log = logging.getLogger(__name__)

START_SECONDS = 30.0
END_SECONDS = 10.0
RETRY_SECONDS = 30.0  # between two tries to start one that does not begin
POLL_SECONDS = 0.02
# Where clouds' own tools look for their credentials, and how a store outside is reached.
_PASSED_ON = ("AWS_", "AZURE_", "GOOGLE_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_")

_lock = threading.Lock()
_started: dict[Path, "subprocess.Popen[bytes]"] = {}
_next_try: dict[Path, float] = {}  # of those that did not begin


def ensure_served(base: Path, order: Order, manifest: bytes) -> None:
    """Serve the base from now on, until it is whole and nobody reads from it any more. Raises MachineFailed."""
    folder = folder_of(base)
    with _lock:
        folder.parent.mkdir(exist_ok=True)
        folder.parent.chmod(0o711)
        folder.mkdir(mode=0o700, exist_ok=True)
        write_order(folder, order, manifest)
    ensure_running(folder)


def ensure_running(folder: Path) -> None:
    """Return when the folder's process takes connections. Raises MachineFailed where it does not begin."""
    with _lock:
        if not is_locked(folder / LOCK):
            _start(folder)
    deadline = time.monotonic() + START_SECONDS
    while not _listens(folder):
        if _has_ended(folder) or time.monotonic() > deadline:
            raise MachineFailed(
                Message(
                    "The image cannot be read while it arrives: {reason}",
                    reason=last_words(folder / LOG) or "it says nothing",
                ),
                hint=Message("Try again; the log is {log}.", log=str(folder / LOG)),
            )
        time.sleep(POLL_SECONDS)


def find_served(base: Path) -> Order | None:
    """Return the order of a base that is being served; None for one that is whole, or not here."""
    return None if base.is_file() else find_order(folder_of(base))


def socket_of(base: Path) -> Path:
    """Return the socket of a base that is being served, once its process takes connections. Raises MachineFailed."""
    ensure_running(folder_of(base))
    return folder_of(base) / SOCKET


def find_progress(base: Path) -> ServingState | None:
    """Return how far a base is that is not whole; None for one that is whole, or not here."""
    folder = folder_of(base)
    return None if base.is_file() or not (folder / ORDER).is_file() else find_state(folder)


def let_in(base: Path, account: int | None) -> None:
    """Let an account connect to the base's process for as long as the base is served; without one, every account."""
    folder = folder_of(base)
    if account is None:
        folder.chmod(0o711)
    else:
        let(folder, account, PASS)


def keep_running(data: Path) -> list[Path]:
    """Start again what was killed, and remove what has ended. Return the folders of those that were started."""
    restarted = []
    for folder in (data / "bases").glob("*"):
        if (folder / ORDER).is_file():
            if not is_locked(folder / LOCK):
                restarted += _started_again(folder)
            continue
        with _lock:
            if not (folder / ORDER).is_file() and not is_locked(folder / LOCK):
                remove_folder(folder)
    return restarted


def stop_serving(base: Path) -> None:
    """End the base's process, and remove all that was there of a base that is not whole. Nobody must be reading."""
    folder = folder_of(base)
    (folder / ORDER).unlink(missing_ok=True)  # else it would be started again
    _end(folder)
    partial_of(base).unlink(missing_ok=True)
    remove_folder(folder)


def served(data: Path) -> list[Order]:
    """Return the orders of all bases that are being served under the data folder, whole or not."""
    orders = (find_order(folder) for folder in (data / "bases").glob("*"))
    return [order for order in orders if order is not None]


def _started_again(folder: Path) -> list[Path]:
    """Start what was killed. One that does not begin is tried again after a while, and holds up no other."""
    if time.monotonic() < _next_try.get(folder, 0):
        return []
    log.warning("the process that serves %s is gone, and is started again", folder)
    try:
        ensure_running(folder)
    except MachineFailed as error:
        log.error("a base cannot be served: %s", error)
        _next_try[folder] = time.monotonic() + RETRY_SECONDS
        return []
    return [folder]


def _start(folder: Path) -> None:
    (folder / SOCKET).unlink(missing_ok=True)
    passing = [name for name in os.environ if name.upper().startswith(_PASSED_ON)]
    _started[folder] = start_module("galeria.adapters.bases", folder, log=folder / LOG, passing=passing)
    log.info("the base in %s is served by process %s", folder, _started[folder].pid)


def _has_ended(folder: Path) -> bool:
    with _lock:
        process = _started.get(folder)
        return process is not None and process.poll() is not None and not is_locked(folder / LOCK)


def _listens(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(str(folder / SOCKET))
        except OSError:
            return False
    return True


def _end(folder: Path) -> None:
    deadline = time.monotonic() + END_SECONDS
    kind = signal.SIGTERM
    while is_locked(folder / LOCK):
        holder = find_holder(folder / LOCK)
        if time.monotonic() > deadline:
            kind = signal.SIGKILL
        if holder is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(holder, kind)
        time.sleep(POLL_SECONDS)
