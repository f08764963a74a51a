"""The relay of one installation: its files, and its process, which outlives the one that started it."""

import contextlib
import logging
import os
import signal
import subprocess
import threading
from pathlib import Path

from galeria.adapters.lasting_process import find_holder, is_locked, start_module
from galeria.adapters.reach.relay.files import LOCK, find_state, find_table, write_table
from galeria.domain.reach.relay import RelayState, RelayTable

log = logging.getLogger(__name__)

LOG = "relay.log"


class RelayProcess:
    """The `Relay` of a folder that only the service's account may enter. Nothing is made there before it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: RelayTable | None = None
        self._started: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def follow(self, table: RelayTable) -> None:
        with self._lock:
            if not table.routes and not self._folder.is_dir():
                return
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if self._told is None:
                self._told = self._find_table()
            if table != self._told:
                write_table(self._folder, table)
                self._told = table
            if table.routes and not self.is_running():
                self._start()

    def state(self) -> RelayState:
        try:
            return find_state(self._folder) or RelayState()
        except ValueError as error:
            log.warning("what the relay said cannot be read: %s", error)
            return RelayState()

    def is_running(self) -> bool:
        """Return whether the folder's relay runs, whoever started it."""
        return is_locked(self._folder / LOCK)

    def stop(self) -> bool:
        """End the relay, and every connection through it. Return whether it ran."""
        if not self.is_running():
            return False
        holder = find_holder(self._folder / LOCK)
        if holder is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder, signal.SIGTERM)
        if self._started is not None and self._started.pid == holder:
            self._started.wait()
        return True

    def _find_table(self) -> RelayTable | None:
        try:
            return find_table(self._folder)
        except ValueError:
            return None

    def _start(self) -> None:
        self._started = start_module("galeria.adapters.reach.relay", self._folder, log=self._folder / LOG)
        log.info("the relay runs as process %s", self._started.pid)
