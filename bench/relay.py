"""Measure the relay: how fast one stream goes through it, beside a direct connection, and what idle connections cost."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from bench.rows import MIB, Row, Spent, Task, at_least, at_most, mebibytes, timed
from galeria.adapters.reach.relay_process import RelayProcess
from galeria.domain.reach.relay import RelayRoute, RelayTable, Service
from galeria.domain.reach.server_settings import RelayLimits

LOOPBACK = "127.0.0.1"
STREAM = 1024 * MIB
PIECE = MIB
IDLE = 200
LEAST_SHARE, MOST_MEMORY = 0.6, 50 * MIB
START_SECONDS = 60.0
ANY_NUMBER = RelayLimits(connections_per_minute=0, machine_connections_per_minute=0, short_sessions=0)


def measure(task: Task) -> list[Row]:
    with _machine() as target, _running_relay(task.directory / "relay", target) as (port, process):
        best: dict[int, Spent] = {}
        before = _processor_seconds(process)
        for _ in range(task.rounds):
            for each in (target, port):
                spent = timed(lambda each=each: _fetch(each))  # type: ignore[misc]
                best[each] = min(best.get(each, spent), spent, key=lambda found: found.seconds)
        own = (_processor_seconds(process) - before) / task.rounds
        share = best[target].seconds / best[port].seconds
        used = _with_idle_connections(port, process)
    return [
        Row(
            name=f"{mebibytes(STREAM)} through the relay, one stream on the loopback: rate",
            ours=f"{STREAM / MIB / best[port].seconds:.0f} MiB/s, {own:.2f} s of processor time of its own",
            peer=f"direct: {STREAM / MIB / best[target].seconds:.0f} MiB/s",
            ratio=share,
            goal=at_least(LEAST_SHARE),
        ),
        Row(
            name=f"the relay's memory with {IDLE} idle connections",
            ours=mebibytes(used),
            limit=mebibytes(MOST_MEMORY),
            ratio=used / MOST_MEMORY,
            goal=at_most(1),
        ),
    ]


def _processor_seconds(process: int) -> float:
    """Return the processor time of a process so far."""
    words = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _fetch(port: int) -> None:
    """Ask for the stream and read all of it."""
    space = bytearray(PIECE)
    with socket.create_connection((LOOPBACK, port)) as line:
        line.sendall(b"all")
        got = 0
        while size := line.recv_into(space):
            got += size
    if got != STREAM:
        raise OSError(f"the stream ended after {got} bytes")


def _with_idle_connections(port: int, process: int) -> int:
    """Return the resident bytes of the relay while many are connected and nobody says anything."""
    with ExitStack() as stack:
        for _ in range(IDLE):
            stack.enter_context(socket.create_connection((LOOPBACK, port))).sendall(b"-")
        time.sleep(2)  # until it has dialled for the last
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def _machine() -> Iterator[int]:
    """A server on the loopback that sends the stream to whoever asks for it, and waits with the others; yields its port."""
    with socket.create_server((LOOPBACK, 0), backlog=2 * IDLE) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=_serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _serve(line: socket.socket) -> None:
    data = bytes(PIECE)
    with line, suppress(OSError):
        while asked := line.recv(16):
            if asked == b"all":
                for _ in range(STREAM // PIECE):
                    line.sendall(data)
                return


@contextmanager
def _running_relay(folder: Path, target: int) -> Iterator[tuple[int, int]]:
    """A relay to the port `target`; yields its own port and its process."""
    with socket.create_server((LOOPBACK, 0)) as held:
        port = int(held.getsockname()[1])
    route = RelayRoute(
        port=port, host=LOOPBACK, target=target, service=Service.RDP, machine="bench", scope="/labs/bench/bench/vm"
    )
    relay = RelayProcess(folder)
    try:
        relay.follow(RelayTable(listen=LOOPBACK, limits=ANY_NUMBER, routes=(route,)))
        deadline = time.monotonic() + START_SECONDS
        while not relay.state().process or not _answers(port):
            if time.monotonic() > deadline:
                raise OSError((folder / "relay.log").read_text(encoding="utf-8"))
            time.sleep(0.1)
        yield port, relay.state().process
    finally:
        relay.stop()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port)):
            return True
    except OSError:
        return False
