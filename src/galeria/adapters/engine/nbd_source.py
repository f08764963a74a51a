"""Disk files as disk sources: qemu-nbd serves a file on a UNIX socket, with its format given explicitly."""

import json
import logging
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from galeria.adapters.bases.server_process import socket_of
from galeria.adapters.engine.disks import DiskFile, chain, find_served_base, joined_extents
from galeria.adapters.engine.nbd import NbdClient, Run
from galeria.domain.errors import ToolFailed, Unavailable
from galeria.domain.messages import Message
from galeria.ports.disks import Content, DiskReader, Extent
from galeria.programs import run

log = logging.getLogger(__name__)

ALLOCATION = "base:allocation"
DEPTH = "qemu:allocation-depth"

FOLDER = "galeria-nbd-"
CONNECTIONS = 64  # at once: the readers of a capture and the one that keeps the server alive
START_SECONDS = 30.0
END_SECONDS = 30.0
DAY = 86400.0
STRIDE = 1 << 30  # bytes asked about at once
_ZERO = 2  # the bit of base:allocation that says "reads as zero"


class NbdSource:
    """A served disk. The `own_files` upper files of the chain count as changes; None means that there is no parent."""

    def __init__(self, socket: Path, keeper: NbdClient, own_files: int | None) -> None:
        self._socket = socket
        self._own_files = own_files
        self._lock = threading.Lock()
        self._readers: list[NbdClient] = []
        self._contexts = (ALLOCATION,) if own_files is None else (ALLOCATION, DEPTH)
        self._size = keeper.size

    @property
    def size(self) -> int:
        return self._size

    def extents(self) -> Iterator[Extent]:
        """Return the extents of the disk; neighbours of one kind are merged."""
        return joined_extents(self._pieces())

    def reader(self) -> DiskReader:
        return self._connect(())

    def writer(self) -> NbdClient:
        """Open a connection that may also write, where the disk was opened so."""
        return self._connect(())

    def close(self) -> None:
        """Close all connections, also those of readers that callers left open: the server ends with its last connection."""
        with self._lock:
            for client in self._readers:
                client.close()
            self._readers.clear()

    def _connect(self, contexts: tuple[str, ...]) -> NbdClient:
        client = NbdClient(self._socket, contexts=contexts)
        with self._lock:
            self._readers.append(client)
        return client

    def _pieces(self) -> Iterator[tuple[int, Content]]:
        client = self._connect(self._contexts)
        try:
            offset = 0
            while offset < self.size:
                for length, content in self._classified(client, offset, min(STRIDE, self.size - offset)):
                    yield length, content
                    offset += length
        finally:
            client.close()

    def _classified(self, client: NbdClient, offset: int, length: int) -> Iterator[tuple[int, Content]]:
        answer = client.status(offset, length)
        runs = [clipped(answer.get(context, []), length) for context in self._contexts]
        if not all(runs):
            raise Unavailable(
                Message("The disk's map cannot be read."),
                hint=Message("Try again; the log names the program that serves it."),
            )
        for piece, flags in merged(runs):
            yield piece, self._content(*flags)

    def _content(self, allocation: int, depth: int = 1) -> Content:
        """Return the kind of content.

        `depth` counts files from the top, which is 1; 0 means that no file has it, and it reads as zero.
        """
        if depth == 0 or (self._own_files is not None and depth <= self._own_files and allocation & _ZERO):
            return Content.ZERO
        if self._own_files is not None and depth > self._own_files:
            return Content.PARENT
        return Content.ZERO if allocation & _ZERO else Content.DATA


def clipped(runs: list[Run], length: int) -> list[Run]:
    """Return the runs up to `length` bytes: a server may answer for more than it was asked."""
    kept: list[Run] = []
    for piece, flags in runs:
        if length <= 0:
            break
        kept.append((min(piece, length), flags))
        length -= piece
    return kept


def merged(contexts: list[list[Run]]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Cut the runs of several contexts at the borders of each other, as far as all of them reach."""
    rests = [iter(runs) for runs in contexts]
    current = [list(next(rest)) for rest in rests]
    while True:
        step = min(piece for piece, _ in current)
        yield step, tuple(flags for _, flags in current)
        for index, rest in enumerate(rests):
            current[index][0] -= step
            if current[index][0] == 0:
                following = next(rest, None)
                if following is None:
                    return
                current[index] = list(following)


@contextmanager
def open_image(path: Path, format: str) -> Iterator[NbdSource]:
    """Open a disk file from outside as `format` (QEMU's name: raw, qcow2, vpc, vhdx, vmdk) and as nothing else.

    A qcow2 file's own backing file is not opened, whatever its header names. A VHD has the size that it tells in bytes: QEMU
    itself believes the geometry of makers that it does not know. Raises ToolFailed for a damaged file.
    """
    node: dict[str, Any] = {"driver": format, "file": {"driver": "file", "filename": str(path)}}
    if format == "qcow2":
        node["backing"] = None
    if format == "vpc":
        node["force_size_calc"] = "current_size"
    with _qemu_nbd(node, own_files=None) as source:
        yield source


@contextmanager
def open_chain(top: Path, *, own_files: int) -> Iterator[NbdSource]:
    """Open a sealed qcow2 file with the files under it; the upper `own_files` files hold the changes. Raises ToolFailed."""
    with _served_chain(top, own_files=own_files) as source:
        yield source


@contextmanager
def open_writable(top: Path) -> Iterator[NbdSource]:
    """Open a qcow2 file that no machine uses, to be read with the files under it and written to.

    QEMU's own lock is held meanwhile, so that no machine starts with it. Raises ToolFailed, also where one uses it.
    """
    with _served_chain(top, own_files=None, writable=True) as source:
        yield source


def _served_chain(top: Path, *, own_files: int | None, writable: bool = False) -> AbstractContextManager[NbdSource]:
    base = find_served_base(top)
    if base is not None:
        return _storage_daemon(chain(top), socket_of(base), own_files=own_files, writable=writable)
    node = {"driver": "qcow2", "file": {"driver": "file", "filename": str(top)}}
    return _qemu_nbd(node, own_files=own_files, writable=writable)


def _qemu_nbd(
    node: dict[str, Any], *, own_files: int | None, writable: bool = False
) -> AbstractContextManager[NbdSource]:
    """Run qemu-nbd while the context is open.

    It ends with its last connection (no --persistent), so that a killed Galeria leaves no server behind.
    """
    command: list[str | Path] = ["qemu-nbd", *([] if writable else ["--read-only"]), "--shared", str(CONNECTIONS)]
    depth = [] if own_files is None else ["--allocation-depth"]

    def words(socket: Path, pid: Path) -> list[str | Path]:
        return [*command, "--socket", socket, "--pid-file", pid, *depth, "json:" + json.dumps(node)]

    return _running(words, own_files)


def _storage_daemon(
    files: Sequence[DiskFile], base: Path, *, own_files: int | None, writable: bool
) -> AbstractContextManager[NbdSource]:
    """Run qemu-storage-daemon while the context is open, on a chain whose base is served at the socket `base`.

    qemu-nbd cannot be told to use another backing file than the one that the header names. This one does not end with its
    last connection, but as soon as it is told to.
    """
    nbd = {"driver": "nbd", "server": {"type": "unix", "path": str(base)}}
    nodes: list[dict[str, Any]] = [{"driver": "raw", "node-name": "n0", "read-only": True, "file": nbd}]
    for number, file in enumerate(reversed(files[:-1]), start=1):
        is_top = number == len(files) - 1
        source = {"driver": "file", "filename": str(file.path)}
        node = {"driver": "qcow2", "node-name": f"n{number}", "read-only": not (is_top and writable), "file": source}
        nodes.append({**node, "backing": f"n{number - 1}"})
    export = {"type": "nbd", "id": "disk", "node-name": nodes[-1]["node-name"], "name": "", "writable": writable}
    if own_files is not None:
        export["allocation-depth"] = True

    def words(socket: Path, pid: Path) -> list[str | Path]:
        listen = {"addr": {"type": "unix", "path": str(socket)}, "max-connections": CONNECTIONS}
        blocks = [word for node in nodes for word in ("--blockdev", json.dumps(node))]
        served = ["--nbd-server", json.dumps(listen), "--export", json.dumps(export)]
        return ["qemu-storage-daemon", "--pidfile", pid, *blocks, *served]

    return _running(words, own_files, is_told_to_end=True)


@contextmanager
def _running(
    words: Callable[[Path, Path], list[str | Path]], own_files: int | None, *, is_told_to_end: bool = False
) -> Iterator[NbdSource]:
    """Run the program that `words` name for a socket and a file for its process id."""
    with (
        tempfile.TemporaryDirectory(prefix=f"{FOLDER}{os.getpid()}-") as folder,
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="qemu-nbd") as thread,
    ):
        socket, pid = Path(folder) / "socket", Path(folder) / "pid"
        process = thread.submit(run, words(socket, pid), timeout=DAY)
        try:
            with closing(_connect(socket, process)) as keeper, closing(NbdSource(socket, keeper, own_files)) as source:
                yield source
        finally:
            if is_told_to_end:
                _end(process, pid)
            _ensure_ended(process, pid)


def remove_stale_sockets() -> None:
    """End the servers that killed processes of Galeria left, and remove their folders.

    A server ends with its last connection; one whose maker was killed before the first would wait for ever.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        owner = folder.name.removeprefix(FOLDER).partition("-")[0]
        if owner.isdecimal() and not Path("/proc", owner).exists():
            _end_servers(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _end_servers(folder: Path) -> None:
    """Kill the processes whose command line names the folder, whose name is in no other one's."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile, or belongs to somebody else
            if os.fsencode(f"{folder}/") in path.read_bytes():
                log.warning("a qemu-nbd that a killed process left is ended")
                os.kill(int(path.parent.name), signal.SIGKILL)


def _connect(socket: Path, process: "Future[str]") -> NbdClient:
    """Open the first connection. Raises the error of the server, which names the fault of a damaged file."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        if socket.exists():
            try:
                return NbdClient(socket)
            except Unavailable:  # bound, but not listening yet
                if time.monotonic() > deadline:
                    raise
        if process.done():
            process.result()
        if process.done() or time.monotonic() > deadline:
            raise ToolFailed(
                Message("qemu-nbd did not begin to serve the disk."),
                hint=Message("Try again when the host is less busy."),
            )
        time.sleep(0.005)


def _end(process: "Future[str]", pid: Path) -> None:
    if not process.done() and pid.exists():
        with suppress(ProcessLookupError):
            os.kill(int(pid.read_text(encoding="ascii")), signal.SIGTERM)


def _ensure_ended(process: "Future[str]", pid: Path) -> None:
    """Wait until the server has ended; one that does not end is killed by its process id. Its exit status is ignored."""
    wait([process], timeout=END_SECONDS)
    if not process.done() and pid.exists():
        log.warning("qemu-nbd did not end by itself")
        with suppress(ProcessLookupError):
            os.kill(int(pid.read_text(encoding="ascii")), signal.SIGKILL)
