"""A relay as a process of its own, and machines as far as it sees them: servers on the loopback."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from galeria.adapters.reach.relay_process import RelayProcess
from galeria.domain.reach.relay import RelayRoute, RelayState, RelayTable, Service
from tests.servers.ports import LOOPBACK, free_port
from tests.waiting import until


def route(
    target: int, *, port: int | None = None, service: Service = Service.SSH, machine: str = "one", host: str = LOOPBACK
) -> RelayRoute:
    return RelayRoute(
        port=port or free_port(),
        host=host,
        target=target,
        service=service,
        machine=machine,
        scope=f"/labs/{machine}",
    )


@dataclass(frozen=True)
class RunningRelay:
    folder: Path
    process: RelayProcess

    def follow(self, *routes: RelayRoute, **more: object) -> None:
        """Until it listens on all of them."""
        self.process.follow(RelayTable(listen=LOOPBACK, routes=routes, **more))  # type: ignore[arg-type]
        for each in routes:
            until(lambda each=each: _listens(each.port), f"it listens on {each.port}")  # type: ignore[misc]

    @property
    def state(self) -> RelayState:
        return self.process.state()

    def until(self, is_so: Callable[[RelayState], bool], what: str, *, seconds: float = 20) -> RelayState:
        until(lambda: is_so(self.state), what, seconds=seconds)
        return self.state


@contextmanager
def running_relay(folder: Path) -> Iterator[RunningRelay]:
    process = RelayProcess(folder)
    try:
        yield RunningRelay(folder, process)
    finally:
        process.stop()
        until(lambda: not process.is_running(), "the relay ends")


@contextmanager
def machine(serve: Callable[[socket.socket], None], *, host: str = LOOPBACK) -> Iterator[int]:
    """A server on the loopback that treats each connection in a thread; yields its port."""
    with socket.create_server((host, 0), backlog=512) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    line, _ = listener.accept()
                    threading.Thread(target=_served, args=(serve, line), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _served(serve: Callable[[socket.socket], None], line: socket.socket) -> None:
    with line, suppress(OSError):
        serve(line)


def echo(line: socket.socket) -> None:
    """Give back what comes, until nothing more does."""
    while data := line.recv(65536):
        line.sendall(data)


def connect(port: int) -> socket.socket:
    line = socket.create_connection((LOOPBACK, port), timeout=20)
    line.settimeout(20)
    return line


def is_refused(port: int, *, said: bytes = b"x") -> bool:
    """Whether nobody answers behind the port, one way or the other."""
    try:
        with connect(port) as line:
            line.sendall(said)
            return line.recv(1) == b""
    except OSError:
        return True


def _listens(port: int) -> bool:
    """Whether somebody listens, without connecting: that would count."""
    wanted = f":{port:04X}"
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return any(words[1].endswith(wanted) and words[3] == "0A" for words in map(str.split, lines))
