"""Runs the appliance on one disk, as a machine without network that ends by itself, and returns what it said.

What the appliance answers was made out of a stranger's disk, and is doubted by whoever reads it.
"""

import logging
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from galeria.adapters.inspection.answers import BLOCK, END
from galeria.adapters.inspection.confinement import ProgramLimits, confined
from galeria.adapters.inspection.disk_server import DiskServer
from galeria.domain.errors import GaleriaError, ToolFailed, Unavailable
from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import Message
from galeria.domain.units import readable
from galeria.guests.appliance import INITRAMFS, KERNEL
from galeria.ports.disks import DiskSource
from galeria.programs import program_environment

log = logging.getLogger(__name__)

MEMORY_MIB = 256
TRANSLATIONS_MIB = 32  # of QEMU's translated code; more makes no look faster (measured)
LARGEST_ANSWER = 160 << 20  # bytes: one initramfs and some hundred small files
LARGEST_ORDERS = 64 << 10  # bytes
PIECE = 1 << 16
END_SECONDS = 5.0

# Nothing is printed, nobody is waited for, and what goes wrong in the kernel ends the machine. The rest leaves out what takes
# time without KVM and is of no use here.
COMMAND_LINE = (
    "quiet panic=-1 oops=panic softlockup_panic=1 mitigations=off nokaslr no_timer_check random.trust_cpu=on "
    "lsm= audit=0 cryptomgr.notests"
)
SECCOMP = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


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
    appliance: Path, server: DiskServer, limits: LookLimits, *, orders: bytes = b""
) -> Iterator[IO[bytes]]:
    """Do the same with a disk that the caller serves, which holds afterwards what was written.

    With `orders`, a tar archive of at most LARGEST_ORDERS bytes, the appliance carries these out instead of looking.
    """
    with tempfile.TemporaryFile() as answer:
        _Run(appliance, server, limits, orders).into(answer)
        answer.seek(0)
        yield answer


class _Run:
    def __init__(self, appliance: Path, server: DiskServer, limits: LookLimits, orders: bytes) -> None:
        self._appliance, self._server, self._limits = appliance, server, limits
        self._orders = b"%d\n" % len(orders) + orders if orders else b""
        self._failure: list[Exception] = []

    def into(self, answer: IO[bytes]) -> None:
        began = time.monotonic()
        ours, disk_end = socket.socketpair()
        port, port_end = socket.socketpair()
        with ours, port:
            port.sendall(self._orders)  # as many fit into a socket that nobody reads yet
            with disk_end, port_end:
                process = self._started(disk_end, port_end)
            thread = threading.Thread(target=self._serve, args=(ours,), name="inspected disk", daemon=True)
            thread.start()
            try:
                if not self._receive(port, answer, deadline=began + self._limits.seconds):
                    self._end(process)
            finally:
                _kill(process)
                with suppress(OSError):
                    ours.shutdown(socket.SHUT_RDWR)
                thread.join()
        if self._failure:
            raise self._failure[0]
        log.info("worked on a disk for %.1f s, read %d bytes of it", time.monotonic() - began, self._server.read_bytes)

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._server.serve(connection)
        except GaleriaError as error:
            self._failure.append(error)

    def _command_line(self) -> str:
        return f"{COMMAND_LINE} galeria=change" if self._orders else COMMAND_LINE

    def _started(self, disk: socket.socket, port: socket.socket) -> "subprocess.Popen[bytes]":
        folder = self._appliance.resolve()
        kernel, initramfs = folder / KERNEL, folder / INITRAMFS
        command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
        command += ["-sandbox", SECCOMP, "-machine", "pc,usb=off,vmport=off,hpet=off", "-m", str(MEMORY_MIB)]
        # Not KVM: its device stays out of reach of what a stranger's disk might do to QEMU.
        command += ["-accel", f"tcg,tb-size={TRANSLATIONS_MIB}"]
        command += ["-kernel", str(kernel), "-initrd", str(initramfs), "-append", self._command_line()]
        command += ["-blockdev", f"driver=nbd,node-name=disk,server.type=fd,server.str={disk.fileno()}"]
        command += ["-device", "virtio-blk-pci,drive=disk", "-device", "virtio-serial-pci,max_ports=2"]
        command += ["-chardev", f"socket,id=answer,fd={port.fileno()}", "-device", "virtserialport,chardev=answer,nr=1"]
        limits = ProgramLimits(memory=self._limits.address_space, processor=self._limits.processor)
        try:
            return subprocess.Popen(
                confined(command, limits, readable=[kernel, initramfs]),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,  # a file could not be written to
                pass_fds=(disk.fileno(), port.fileno()),
                env=program_environment(),
            )
        except FileNotFoundError as error:
            raise ToolFailed(
                Message("The program {program} is not installed.", program=str(error.filename)),
                hint=Message("Run 'galeria doctor': it names the package to install."),
            ) from error

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
            except OSError as error:
                raise Unavailable(
                    Message("The machine that looks into the disk hung up: {reason}.", reason=str(error.strerror)),
                    hint=Message("Try again when the host is less busy."),
                ) from error
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


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the machine: bubblewrap takes it with itself."""
    process.kill()
    process.wait()
    if process.stderr:
        process.stderr.close()


def _too_slow(seconds: float) -> ToolFailed:
    return ToolFailed(
        Message("The look into the disk did not end within {seconds:.0f} seconds.", seconds=seconds),
        hint=Message("The image can be used all the same."),
    )
