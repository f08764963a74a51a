"""What the relay is measured with: a server that sends a stream, a client that reads it, and a relay between them."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.rows import MIB
from galeria.adapters.reach.relay_process import RelayProcess
from galeria.domain.reach.relay import RelayRoute, RelayTable, Service
from galeria.domain.reach.server_settings import RelayLimits

STREAM = 1024 * MIB
_PIECE = MIB
_BACKLOG = 512
_START_SECONDS = 60.0
_ANY_NUMBER = RelayLimits(connections_per_minute=0, machine_connections_per_minute=0, short_sessions=0)


def fetch(host: str, port: int) -> None:
    """Ask for the stream and read all of it; OSError when it ends too early."""
    space = bytearray(_PIECE)
    with socket.create_connection((host, port)) as line:
        line.sendall(b"all")
        got = 0
        while size := line.recv_into(space):
            got += size
    if got != STREAM:
        raise OSError(f"the stream ended after {got} bytes")


@contextmanager
def serving(host: str, port: int = 0) -> Iterator[int]:
    """A machine that sends the stream to whoever asks for it, and waits with the others; yields its port."""
    with socket.create_server((host, port), backlog=_BACKLOG) as listener:

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
    data = bytes(_PIECE)
    with line, suppress(OSError):
        while asked := line.recv(16):
            if asked == b"all":
                for _ in range(STREAM // _PIECE):
                    line.sendall(data)
                return


@contextmanager
def running_relay(folder: Path, *, listen: str, host: str, target: int) -> Iterator[tuple[int, int]]:
    """A relay from an address of this computer to a machine's port; yields its own port and its process."""
    with socket.create_server((listen, 0)) as held:
        port = int(held.getsockname()[1])
    route = RelayRoute(
        port=port, host=host, target=target, service=Service.RDP, machine="bench", scope="/labs/bench/bench/vm"
    )
    relay = RelayProcess(folder)
    try:
        relay.follow(RelayTable(listen=listen, limits=_ANY_NUMBER, routes=(route,)))
        wait_until(lambda: bool(relay.state().process) and answers(listen, port), "the relay does not answer")
        yield port, relay.state().process
    finally:
        relay.stop()


def wait_until(is_so: Callable[[], bool], problem: str) -> None:
    """Return when it is so; OSError with the problem after a minute."""
    deadline = time.monotonic() + _START_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise OSError(problem)
        time.sleep(0.1)


def answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection((host, port)):
            return True
    except OSError:
        return False


def processor_seconds(process: int) -> float:
    """Return the processor time of a process so far."""
    words = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
