"""Serves one base over NBD to the machines that are made from it. Each machine's QEMU has a connection of its own."""

import errno
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from galeria.adapters.bases.partial_base import PartialBase
from galeria.adapters.nbd_replies import (
    CAN_FLUSH,
    CAN_MULTI_CONNECT,
    FLUSH,
    READ,
    READ_ONLY,
    WRITE,
    BrokenRequest,
    NbdRequest,
    receive_request,
    reply,
    shake_hands,
)
from galeria.domain.errors import Corrupt, GaleriaError

log = logging.getLogger(__name__)

MACHINE = "machine"  # the name by which machines choose the disk; what others read says nothing about a start
SECTOR = 512
AT_ONCE = 8  # requests of one machine that wait for the store; a machine that takes no answers holds up only itself
SHORTEST_WAIT, LONGEST_WAIT = 0.1, 2.0  # seconds between two tries
TRIES_OF_DAMAGED = 3  # one that was moved meanwhile is found at the next look


class NbdServer:
    """Listens at one socket. `touched` hears of the slots that machines read, and with none of what other programs read."""

    def __init__(self, path: Path, base: PartialBase, *, patience: float, touched: Callable[[list[int]], None]) -> None:
        self._path, self._base = path, base
        self._patience, self._touched = patience, touched
        self._size = -(-base.manifest.size // SECTOR) * SECTOR  # a machine sees whole sectors only
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.clients = 0
        self.waiting = 0  # reads for which chunks are being fetched
        self.served_bytes = 0
        self.problem = ""
        self._failed: list[int] = []

    def start(self) -> None:
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._path.chmod(0o666)  # who may pass the folder may read the base
        self._listener.listen(128)
        threading.Thread(target=self._accept, name="accept", daemon=True).start()

    def stop(self) -> None:
        """Take no new connections."""
        self._stopping.set()
        self._path.unlink(missing_ok=True)
        self._listener.close()

    def retry(self) -> None:
        """Fetch what a machine could not read the last time, so that the problem is over as soon as it can be read again."""
        if self.problem:
            with suppress(GaleriaError, OSError):
                self._base.ensure(self._failed)
                self.problem = ""

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="client", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        sending = threading.Lock()
        with self._lock:
            self.clients += 1
        try:
            with connection, ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch") as pool:
                flags = READ_ONLY | CAN_FLUSH | CAN_MULTI_CONNECT
                name = shake_hands(connection, size=self._size, flags=flags)
                if name is not None:
                    self._answer_all(connection, sending, pool, is_machine=name == MACHINE)
        except (OSError, BrokenRequest) as error:
            log.info("a client is gone: %s", str(error) or "it sent what makes no sense")
        finally:
            with self._lock:
                self.clients -= 1

    def _answer_all(
        self, connection: socket.socket, sending: threading.Lock, pool: ThreadPoolExecutor, *, is_machine: bool
    ) -> None:
        turns = threading.Semaphore(2 * AT_ONCE)
        while (request := receive_request(connection)) is not None:
            if request.command == WRITE:
                raise BrokenRequest  # it was told that the disk is read only
            is_read = request.command == READ
            if not is_read or request.offset + request.length > self._size:
                error = 0 if request.command == FLUSH else errno.EINVAL
                with sending:
                    connection.sendall(reply(request, error))
                continue
            slots = self._base.slots(request.offset, request.length)
            self._touched(slots if is_machine else [])
            if self._base.are_present(slots):
                self._send(connection, sending, request)
                continue
            turns.acquire()
            future = pool.submit(self._fetch_and_send, connection, sending, request, slots)
            future.add_done_callback(lambda _: turns.release())

    def _fetch_and_send(
        self, connection: socket.socket, sending: threading.Lock, request: NbdRequest, slots: list[int]
    ) -> None:
        with suppress(OSError):  # it hung up meanwhile, as its reader finds as well
            if self._fetch(slots):
                self._send(connection, sending, request)
            else:
                with sending:
                    connection.sendall(reply(request, errno.EIO))

    def _fetch(self, slots: list[int]) -> bool:
        """Return whether the slots are there now. A store that does not answer is asked again for a while."""
        deadline, wait, damaged = time.monotonic() + self._patience, SHORTEST_WAIT, 0
        self._wait(1)
        try:
            while True:
                try:
                    self._base.ensure(slots)
                except (GaleriaError, OSError) as error:
                    self.problem, self._failed = str(error), slots
                    log.warning("a chunk cannot be had: %s", error)
                    damaged += isinstance(error, Corrupt)
                    if damaged == TRIES_OF_DAMAGED or time.monotonic() + wait > deadline or self._stopping.wait(wait):
                        return False
                    wait = min(2 * wait, LONGEST_WAIT)
                else:
                    self.problem = ""
                    return True
        finally:
            self._wait(-1)

    def _wait(self, count: int) -> None:
        with self._lock:
            self.waiting += count

    def _send(self, connection: socket.socket, sending: threading.Lock, request: NbdRequest) -> None:
        """Send a stretch of the file whose slots were checked."""
        offset, end = request.offset, min(request.offset + request.length, self._base.manifest.size)
        with sending:
            connection.sendall(reply(request))
            while offset < end:
                count = os.sendfile(connection.fileno(), self._base.handle, offset, end - offset)
                if not count:
                    raise BrokenRequest("the file of the base is shorter than it was")
                offset += count
            padding = request.offset + request.length - max(end, request.offset)
            if padding:
                connection.sendall(bytes(padding))
        with self._lock:
            self.served_bytes += request.length
