"""A real machine is reached from a computer at home, which has no way to anything but the public name."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from galeria.domain.errors import GaleriaError
from galeria.interfaces.demo.people import DemoFiles
from tests.system.conftest import open_gallery
from tests.system.home import HERE, HOME, NAME, X224_CONFIRM, X224_REQUEST, AtHome, at_home
from tests.system.server_process import PASSWORD, USER, ServerProcess, until

pytestmark = [pytest.mark.slow, pytest.mark.system]

SETTINGS = f'[server]\nname = "{NAME}"\nmachines_listen = "{HERE}"\n'
RDP_SERVER = (
    r"nohup sh -c 'while true; do printf %b \"{}\" | nc -l -p 3389 > greeting; done' > /dev/null 2>&1 & sleep 1"
)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[AtHome]:
    """This test's own client looks the public name up as everybody at home does."""
    looked_up: Callable[..., Any] = socket.getaddrinfo

    def known(host: Any, *more: Any, **named: Any) -> Any:
        return looked_up(HERE if host == NAME else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", known)
    with at_home() as home:
        yield home


def profile(server: ServerProcess) -> dict[str, str]:
    found: dict[str, str] = server.galeria.machines.get("course")["properties"]["connectionProfile"]
    return found


def allow(server: ServerProcess, **switches: str) -> None:
    server.galeria.labs.update("course", {"connectionProfile": switches})


def answer(shell: "subprocess.Popen[str]", command: str = "") -> dict[str, Any]:
    """What the shell at home says next; after a command, what came of it."""
    assert shell.stdin
    assert shell.stdout
    if command:
        shell.stdin.write(command + "\n")
        shell.stdin.flush()
    line = shell.stdout.readline()
    assert line, "the shell ended without a word"
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_machine_is_reached_from_home_while_the_lab_lets_people_connect(
    unstarted_server: ServerProcess, home: AtHome, material: DemoFiles
) -> None:
    server = unstarted_server
    server.settle(SETTINGS)
    open_gallery(server)
    server.imported("linux", material.qcow2)
    server.make_lab("course", server.image_id("linux"))
    server.boot("course").run("true")
    try:
        ssh = profile(server)["sshAuthority"]
        assert ssh.startswith(f"{NAME}:")
        host, _, port = ssh.rpartition(":")

        shell = home.spawn("shell", host, port, USER, password=PASSWORD)
        with shell:
            assert answer(shell) == {"is_whole": True}, "a file is copied whole"
            listed = json.loads(server.ask("relay", "list", "--output", "json").stdout)
            assert [each["address"] for each in listed] == [HOME]

            server.restart()
            assert answer(shell, "echo still here") == {"said": "still here\n", "status": 0}

            allow(server, clientSshAccess="Public", clientRdpAccess="Public")
            assert answer(shell, RDP_SERVER.format(_escaped(X224_CONFIRM)))["status"] == 0
            until(lambda: "rdpAuthority" in profile(server), "it has a port for remote desktops")
            rdp = profile(server)["rdpAuthority"]
            until(lambda: home.ask(rdp, X224_REQUEST) == X224_CONFIRM.hex(), "its remote desktop greets", seconds=60)
            assert answer(shell, "od -An -v -tx1 greeting | tr -d ' \\n'")["said"] == X224_REQUEST.hex()

            allow(server, clientSshAccess="None", clientRdpAccess="None")
            assert "error" in answer(shell, "echo cut"), "who is connected is cut off"
        assert profile(server).keys().isdisjoint({"sshAuthority", "rdpAuthority"})
        for address in (ssh, rdp):
            assert home.ask(address) == "ConnectionRefusedError"

        allow(server, clientSshAccess="Public")
        until(lambda: home.ask(ssh).startswith(b"SSH-".hex()), "the port is the same as before")
        server.galeria.wait(server.galeria.machines.stop("course"), seconds=120)
        until(lambda: home.ask(ssh) == "ConnectionRefusedError", "one that is off is refused")
    finally:
        server.ask("relay", "stop")

    until(lambda: len(_recorded(server)) >= 2, "what was used stands in the activity log", seconds=60)
    assert {each["address"] for each in _recorded(server)} >= {HOME}


def _escaped(data: bytes) -> str:
    return "".join(f"\\\\0{byte:03o}" for byte in data)


def _recorded(server: ServerProcess) -> list[dict[str, Any]]:
    raise GaleriaError  # see below
