"""Runs the appliance on one disk, as a machine without network that ends by itself, and returns what it said.

What the appliance answers was made out of a stranger's disk, and is doubted by whoever reads it.
"""

import logging
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from galeria.adapters.inspection.answers import BLOCK, END
from galeria.adapters.inspection.appliance_command import (
    appliance_files,
    end_machine,
    machine_command,
    start_confined,
)
from galeria.adapters.inspection.confinement import ProgramLimits
from galeria.adapters.inspection.disk_server import DiskServer
from galeria.adapters.inspection.saved_state import find_state
from galeria.domain.errors import GaleriaError, ToolFailed
from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import Message
from galeria.domain.units import readable
from galeria.ports.disks import DiskSource

log = logging.getLogger(__name__)

LARGEST_ANSWER = 160 << 20  # bytes: one initramfs and some hundred small files
LARGEST_ORDERS = 64 << 10  # bytes
PIECE = 1 << 16
END_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LookLimits:
    """What one look may cost. `seconds` is wall time, of which a quiet host needs four; `processor` that of a processor."""

    seconds: float = 120.0
    processor: int = 60  # seconds
    answer: int = LARGEST_ANSWER  # bytes
    address_space: int = 2 << 30  # bytes; about 260 MiB of it are used


@contextmanager
def asked_appliance(appliance: Path, disk: DiskSource, limits: LookLimits) -> Iterator[IO[bytes]]:
    """Start the appliance in the folder `appliance` with `disk`, and yield its whole answer, at its start, in a nameless file.

    What the machine writes to the disk is forgotten. Raises ToolFailed where it does not end in time, says too much or
    cannot be started, and the disk's own errors where that cannot be read.
    """
    with served_appliance(appliance, DiskServer(disk), limits) as answer:
        yield answer


@contextmanager
def served_appliance(
    appliance: Path, server: DiskServer, limits: LookLimits, *, orders: Callable[[], bytes] | None = None
) -> Iterator[IO[bytes]]:
    """Do the same with a disk that the caller serves, which holds afterwards what was written.

    With `orders`, a tar archive of at most LARGEST_ORDERS bytes, the appliance carries these out instead of looking. They are
    asked for while it starts, since the keys in them take a moment.
    """
    with tempfile.TemporaryFile() as answer:
        _Run(appliance, server, limits, orders).into(answer)
        answer.seek(0)
        yield answer


class _Run:
    def __init__(
        self, appliance: Path, server: DiskServer, limits: LookLimits, orders: Callable[[], bytes] | None
    ) -> None:
        self._appliance, self._server, self._limits = appliance, server, limits
        self._orders = orders
        self._failure: list[Exception] = []

    def into(self, answer: IO[bytes]) -> None:
        began = time.monotonic()
        state = find_state(self._appliance)
        if state is None or not self._goes_on(answer, state, began):
            self._run(answer, began)
        log.info("worked on a disk for %.1f s, read %d bytes of it", time.monotonic() - began, self._server.read_bytes)

    def _goes_on(self, answer: IO[bytes], state: Path, began: float) -> bool:
        """Run the machine from its saved state. Returns False where QEMU refuses that; nothing was said then."""
        try:
            with state.open("rb") as saved:
                self._run(answer, began, saved)
        except ToolFailed as error:
            if answer.tell() or self._failure:
                raise
            log.warning("the appliance cannot go on from %s and is started anew: %s", state, error)
            return False
        return True

    def _run(self, answer: IO[bytes], began: float, state: IO[bytes] | None = None) -> None:
        ours, disk_end = socket.socketpair()
        port, port_end = socket.socketpair()
        with ours, port:
            with disk_end, port_end:
                process = self._started(disk_end, port_end, state)
            thread = threading.Thread(target=self._serve, args=(ours,), name="inspected disk", daemon=True)
            thread.start()
            try:
                said = self._said()
                with suppress(ConnectionError):  # it ended already, which is noticed below
                    port.sendall(said)  # as many fit into a socket that nobody reads yet
                if not self._receive(port, answer, deadline=began + self._limits.seconds):
                    self._end(process)
            finally:
                end_machine(process)
                with suppress(OSError):
                    ours.shutdown(socket.SHUT_RDWR)
                thread.join()
        if self._failure:
            raise self._failure[0]

    def _said(self) -> bytes:
        """The line that says what to do, and the orders."""
        orders = self._orders() if self._orders else b""
        return b"%s %d %d\n" % (b"change" if orders else b"look", time.time(), len(orders)) + orders

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._server.serve(connection)
        except GaleriaError as error:
            self._failure.append(error)

    def _started(self, disk: socket.socket, port: socket.socket, state: IO[bytes] | None) -> "subprocess.Popen[bytes]":
        passing = [disk.fileno(), port.fileno(), *([state.fileno()] if state else ())]
        command = machine_command(
            self._appliance,
            disk=f"driver=nbd,server.type=fd,server.str={disk.fileno()}",
            port=port.fileno(),
            more=["-incoming", f"fd:{state.fileno()}"] if state else (),
        )
        limits = ProgramLimits(memory=self._limits.address_space, processor=self._limits.processor)
        return start_confined(command, limits, readable=appliance_files(self._appliance), passing=passing)

    def _receive(self, port: socket.socket, answer: IO[bytes], *, deadline: float) -> bool:
        """Write down what the machine says. Returns whether it came to its end; False where it hung up before."""
        total, last = 0, b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise _too_slow(self._limits.seconds)
            port.settimeout(left)
            try:
                piece = port.recv(PIECE)
            except TimeoutError:
                raise _too_slow(self._limits.seconds) from None
            except ConnectionError:  # it ended before it had read what it was told
                return False
            if not piece:
                return False
            total += len(piece)
            if total > self._limits.answer:
                raise ToolFailed(
                    Message(
                        "There is more on the disk to be looked at than {limit}.", limit=readable(self._limits.answer)
                    ),
                    hint=Message("The image can be used all the same."),
                )
            answer.write(piece)
            # Archives consist of whole blocks, so that nothing but the last word ends in the middle of one.
            last = (last + piece)[-len(END) :]
            if total % BLOCK == len(END) and last == END:
                return True

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        """Wait for the machine, which hung up too early. Raises ToolFailed where QEMU itself says why."""
        try:
            status = process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            return
        if status != 0:
            said = foreign_text(process.stderr.read(PIECE).decode(errors="replace")) if process.stderr else ""
            log.warning("the machine that looks into disks ended with status %s: %s", status, said)
            raise ToolFailed(
                Message(
                    "The machine that looks into disks ended with status {status}: {said}", status=status, said=said
                ),
                hint=Message("Run 'galeria doctor' on the host, then try again."),
            )


def _too_slow(seconds: float) -> ToolFailed:
    return ToolFailed(
        Message("The look into the disk did not end within {seconds:.0f} seconds.", seconds=seconds),
        hint=Message("The image can be used all the same."),
    )
