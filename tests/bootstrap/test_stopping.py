"""A server that is told to stop answers what is under way, ends its steps in time, and leaves the others for the next start."""

import json
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from galeria.interfaces.client.operations import StartedWork
from tests.bootstrap.held_import import STEP, begin_held_import, steps
from tests.system.server_process import SOUTH, ServerProcess, open_gallery
from tests.waiting import until

pytestmark = pytest.mark.slow

QUICK = 20.0  # seconds; less than the 30 that the tests' servers may take for what is under way


@pytest.fixture(params=[False, True], ids=["one process", "a worker beside it"])
def in_two(request: pytest.FixtureRequest) -> bool:
    """Whether operations are worked on in a process of its own."""
    return bool(request.param)


@pytest.fixture
def server(tmp_path: Path, in_two: bool) -> Iterator[ServerProcess]:
    """One without machines, which waits up to 30 seconds."""
    server = ServerProcess(tmp_path, probed=tmp_path / "nothing", log=tmp_path / "galeria.log")
    server.settle(settings(30, in_two=in_two))
    server.start("--fake")
    yield server
    server.kill()


def settings(stop_seconds: float, *, in_two: bool) -> str:
    return f"[server]\nstop_seconds = {stop_seconds}\nworker_process = {str(in_two).lower()}\n"


def begin(server: ServerProcess) -> StartedWork:
    """An import up to the moment at which it waits for the store."""
    open_gallery(server.galeria)
    return begin_held_import(server)


class Ending:
    """A server that was told to stop."""

    def __init__(self, server: ServerProcess) -> None:
        self._process = server.process
        self.tell()

    def tell(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait(self, seconds: float) -> int:
        return self._process.wait(seconds)


def test_a_step_under_way_is_ended_and_the_next_one_is_not_begun(server: ServerProcess) -> None:
    with server.held_up(SOUTH):
        work = begin(server)
        ending = Ending(server)
        until(lambda: is_closed(server), "nobody is let in any more")
        assert ending.is_running()
    assert ending.wait(QUICK) == 0
    assert "stopped within" not in server.log
    server.restart("--fake", "--no-worker")
    after = steps(server, work)
    assert after[STEP] == "Succeeded"
    assert list(after)[-1] == STEP
    server.restart("--fake")
    server.wait(work)


def test_what_takes_longer_is_left_for_the_next_start(server: ServerProcess, in_two: bool) -> None:
    server.settle(settings(0.5, in_two=in_two))
    server.restart("--fake")
    with server.held_up(SOUTH):
        work = begin(server)
        assert Ending(server).wait(QUICK) == 0
        assert f"stopped within these steps, which go on at the next start: {STEP}" in server.log
    server.restart("--fake")
    server.wait(work)


def test_a_second_signal_does_not_wait(server: ServerProcess) -> None:
    with server.held_up(SOUTH):
        work = begin(server)
        ending = Ending(server)
        until(lambda: is_closed(server), "nobody is let in any more")
        ending.tell()
        assert ending.wait(QUICK) == 0
    server.restart("--fake")
    server.wait(work)


def test_a_request_under_way_is_answered(server: ServerProcess) -> None:
    body = b"grant_type=client_credentials"
    head = "POST /adfs/oauth2/token HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
    with connected(server) as slow, connected(server):  # the second one never asks anything
        slow.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        assert slow.recv(65536).startswith(b"HTTP/1.1 100 ")  # the body is being waited for
        ending = Ending(server)
        until(lambda: is_closed(server), "nobody is let in any more")
        assert ending.is_running()
        slow.sendall(body)
        answer = slow.recv(65536).decode()
        assert answer.startswith("HTTP/1.1 401 ")
        assert ending.wait(QUICK) == 0


def connected(server: ServerProcess) -> ssl.SSLSocket:
    host, port = address(server)
    trusted = ssl.create_default_context(cafile=server.data / "ca.pem")
    return trusted.wrap_socket(socket.create_connection((host, port), 20), server_hostname="localhost")


def is_closed(server: ServerProcess) -> bool:
    try:
        socket.create_connection(address(server), 5).close()
    except ConnectionRefusedError:
        return True
    return False


def address(server: ServerProcess) -> tuple[str, int]:
    facts = json.loads((server.data / "connect.json").read_text(encoding="utf-8"))
    return "127.0.0.1", urlsplit(facts["endpoint"]).port or 0
