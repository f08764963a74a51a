"""The demonstration's way into machines: what it says where a machine falls silent."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from galeria.domain.errors import MachineFailed
from galeria.interfaces.demo.shell import SshShell
from tests.adapters.reach.ssh_server import SshServer, ssh_server
from tests.waiting import until

USER, PASSWORD = "ana", "Sign-In-Pass-1"


@pytest.fixture
def server() -> Iterator[SshServer]:
    with ssh_server(user=USER, password=PASSWORD) as running:
        yield running


def shell(server: SshServer, *, silence: float = 30.0) -> SshShell:
    return SshShell(host="127.0.0.1", port=server.port, user=USER, password=PASSWORD, silence=silence)


def test_a_command_of_a_machine_that_falls_silent_is_given_up(server: SshServer) -> None:
    ended = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(shell(server, silence=2.0).run, "read line")
        until(lambda: server.shells or answer.done(), "the command runs")
        server.loop.call_soon_threadsafe(ended.wait)  # nothing is read or answered from here on
        try:
            with pytest.raises(MachineFailed, match="was lost") as told:
                answer.result(timeout=60)
        finally:
            ended.set()
    assert "still runs" in str(told.value.hint)


def test_a_machine_that_hangs_up_is_told(server: SshServer) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(shell(server).run, "read line")
        until(lambda: server.shells or answer.done(), "the command runs")
        server.hang_up()
        with pytest.raises(MachineFailed, match="was lost"):
            answer.result(timeout=60)


def test_a_wrong_password_is_another_thing(server: SshServer) -> None:
    wrong = SshShell(host="127.0.0.1", port=server.port, user=USER, password="Another-1")
    assert wrong.is_refused()
    with pytest.raises(MachineFailed, match="cannot sign in"):
        wrong.run("true")
