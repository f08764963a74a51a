"""How long a machine may take until its shell is there; what a shell does is tested through its routes."""

import asyncio
import socket

import pytest

from galeria.adapters.reach import ssh_shells
from galeria.adapters.reach.ssh_shells import SshShells
from galeria.domain.errors import MachineFailed
from galeria.domain.reach.terminals import ShellSignIn, TerminalSize
from tests.adapters.reach.ssh_server import ssh_server

SHORT = 0.3  # seconds


def _open(port: int) -> str:
    """The line of the key of the machine whose shell was opened."""

    async def run() -> str:
        sign_in = ShellSignIn(user="ana", password="Sign-In-Pass-1")
        shell = await SshShells().open("127.0.0.1", port, sign_in, TerminalSize(80, 24))
        shell.close()
        return shell.host_key.line

    return asyncio.run(run())


def test_a_machine_may_think_about_a_password_for_longer_than_a_connection_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ssh_shells, "CONNECT_SECONDS", SHORT)
    with ssh_server(user="ana", password="Sign-In-Pass-1") as server:
        server.password_seconds = 3 * SHORT
        assert _open(server.port) in server.key.export_public_key().decode()


def test_a_machine_that_takes_the_connection_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_shells, "LOGIN_SECONDS", SHORT)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MachineFailed, match="takes too long"):
        _open(silent.getsockname()[1])


def test_a_machine_that_nothing_listens_on_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(MachineFailed, match="does not answer by SSH"):
        _open(port)


def test_a_machine_whose_connection_is_never_made_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_shells, "CONNECT_SECONDS", SHORT)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first, socket.socket() as second:
        for each in (first, second):  # a full queue takes no further connection
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        with pytest.raises(MachineFailed, match="takes too long"):
            _open(full.getsockname()[1])
