"""Connections on which nothing is asked: they stay open longer than their clients keep them, and cost little memory."""

import resource
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from tests.bootstrap.served_process import PROGRAM, Served, served

pytestmark = pytest.mark.slow

PAGES_ASK_AGAIN = 6.0  # seconds: longer than any page, and httpx, wait between two requests
MANY = 200
EACH = 160 * 1024  # bytes of memory; 100 KiB were measured, and 280 KiB with asyncio's own buffers
ASKED = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(PROGRAM, tmp_path_factory.mktemp("idle") / "data") as running:
        yield running


def connected(server: Served) -> HTTPSConnection:
    """A connection that has asked once, and was answered."""
    trust = ssl.create_default_context(cafile=server.connect["ca_file"])
    port = int(server.connect["endpoint"].rpartition(":")[2])
    line = HTTPSConnection("localhost", port, timeout=30, context=trust)
    ask(line)
    return line


def ask(line: HTTPSConnection) -> None:
    line.request("GET", "/sign-in")
    answer = line.getresponse()
    assert answer.read()
    assert answer.status == 200


def memory(server: Served) -> int:
    """The server's resident memory in bytes."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def test_a_connection_outlasts_the_pauses_of_pages_and_clients(server: Served) -> None:
    with closing(connected(server)) as line:
        line.sock.settimeout(PAGES_ASK_AGAIN)
        with pytest.raises(TimeoutError):  # else it has ended, just when the next request may come
            line.sock.recv(1)
        line.auto_open = 0
        ask(line)


def test_connections_cost_little_memory(server: Served) -> None:
    with ExitStack() as open_lines:
        for _ in range(MANY // 4):  # what the first ones need for all
            open_lines.enter_context(closing(connected(server)))
        before = memory(server)
        for _ in range(MANY):
            open_lines.enter_context(closing(connected(server)))
        assert (memory(server) - before) / MANY < EACH
