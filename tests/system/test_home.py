"""A real machine is reached from a computer at home, which has no way to anything but the public name."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from galeria.interfaces.client.accounts import LABS_API
from galeria.interfaces.demo.people import DemoFiles
from tests.system.conftest import start_with_gallery
from tests.system.home import HERE, HOME, NAME, X224_CONFIRM, X224_REQUEST, AtHome, at_home
from tests.system.server_process import PASSWORD, USER, ServerProcess, living
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(1500)]

SETTINGS = f'[server]\nname = "{NAME}"\nmachines_listen = "{HERE}"\n[machines]\nboot_seconds = 600\n'
# Each greeting is answered, and kept once it is whole.
_LOOP = 'while true; do printf "{}" | nc -l -p 3389 > got; mv got greeting; done'
RDP_SERVER = f"setsid sh -c '{_LOOP}' < /dev/null > /dev/null 2>&1 &"
WORK_SECONDS = 600.0  # without hardware virtualization, beside other work


class Course:
    """A server with a public name, and the running template of a lab there."""

    def __init__(self, server: ServerProcess, home: AtHome) -> None:
        self.server, self.home = server, home

    @property
    def profile(self) -> dict[str, str]:
        found: dict[str, str] = self.server.galeria.machines.get("course")["properties"]["connectionProfile"]
        return found

    def allow(self, **switches: str) -> None:
        path = self.server.galeria.labs.get("course")["id"]
        body = {"properties": {"connectionProfile": switches}}
        self.server.galeria.connection.send("PATCH", path, query={"api-version": LABS_API}, body=body)

    def greets(self) -> bool:
        """Whether the machine's SSH answers at home, at the address that is told now."""
        return self.home.ask(self.profile["sshAuthority"]).startswith(b"SSH-".hex())

    @contextmanager
    def shell(self) -> Iterator["Shell"]:
        """Somebody at home, signed in by SSH, who has copied a file there."""
        host, _, port = self.profile["sshAuthority"].rpartition(":")
        with self.home.spawn("shell", host, port, USER, password=PASSWORD) as process:
            shell = Shell(process)
            assert shell.answer() == {"is_whole": True}
            yield shell
            assert process.stdin
            process.stdin.close()

    @contextmanager
    def terminal(self) -> Iterator["Shell"]:
        """Somebody at home, signed in on the pages and then in the browser's terminal."""
        told = json.loads((self.server.data / "connect.json").read_text(encoding="utf-8"))
        first = json.loads((self.server.data / "private" / "bootstrap.json").read_text(encoding="utf-8"))
        words = ("terminal", told["ca_file"], told["endpoint"], "course", USER)
        with self.home.spawn(*words, password=PASSWORD, page_password=first["password"]) as process:
            shell = Shell(process)
            yield shell
            assert process.stdin
            process.stdin.close()

    def recorded(self) -> list[dict[str, Any]]:
        lines = (self.server.data / "private" / "activity.jsonl").read_text(encoding="utf-8").splitlines()
        return [each for each in map(json.loads, lines) if each["action"].endswith("/virtualMachines/connect/action")]


class Shell:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, command: str) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the shell ended without a word"
        found: dict[str, Any] = json.loads(line)
        return found


@pytest.fixture(scope="module")
def course(
    workshop: Path, probed: Path, material: DemoFiles, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Course]:
    looked_up: Callable[..., Any] = socket.getaddrinfo

    def known(host: Any, *more: Any, **named: Any) -> Any:
        """The tests' own client finds the public name as everybody at home does."""
        return looked_up(HERE if host == NAME else host, *more, **named)

    folder = workshop / "home"
    folder.mkdir(mode=0o755)
    log = tmp_path_factory.mktemp("home") / "galeria.log"
    with pytest.MonkeyPatch.context() as patch, at_home() as home, living(folder, probed=probed, log=log) as server:
        patch.setattr(socket, "getaddrinfo", known)
        server.settle(SETTINGS)
        start_with_gallery(server)
        server.imported("linux", material.qcow2)
        server.make_lab("course", server.image_id("linux"))
        server.galeria.wait(server.galeria.machines.start("course"), seconds=WORK_SECONDS)
        course = Course(server, home)
        until(course.greets, "the machine greets at home", seconds=WORK_SECONDS)
        try:
            yield course
        finally:
            server.galeria.wait(server.galeria.labs.delete("course"), seconds=WORK_SECONDS)
            server.stop()
            server.ask("relay", "stop")


def test_a_session_from_home_outlives_a_restart_of_the_server(course: Course) -> None:
    assert course.profile["sshAuthority"].startswith(f"{NAME}:")
    with course.shell() as shell:
        listed = json.loads(course.server.ask("relay", "list", "--output", "json").stdout)
        assert [(each["address"], each["service"]) for each in listed] == [(HOME, "SSH")]
        course.server.restart()
        assert shell.run("echo still here") == {"said": "still here\n", "status": 0}
        assert shell.run("wc -c < copied") == {"said": "1048576\n", "status": 0}


def test_the_terminal_in_the_browser_is_used_from_home(course: Course) -> None:
    course.allow(webSshAccess="Public", clientSshAccess="Public")
    assert f"//{NAME}:" in course.profile["sshInBrowserUrl"]
    with course.terminal() as terminal:
        assert terminal.answer() == {"first": ["hostKey", "isNew", "resume"]}
        said = terminal.run("echo at-home; id -un")["said"]
        assert f"\r\n{USER}\r\n" in said
    course.allow(webSshAccess="None", clientSshAccess="Public")
    with course.terminal() as refused:
        assert "error" in refused.answer(), "the profile says None"


def test_a_greeting_of_a_remote_desktop_goes_both_ways(course: Course) -> None:
    course.allow(clientSshAccess="Public", clientRdpAccess="Public")
    until(lambda: "rdpAuthority" in course.profile, "it has a port for remote desktops")
    address = course.profile["rdpAuthority"]
    answer = "".join(f"\\{byte:03o}" for byte in X224_CONFIRM)
    with course.shell() as shell:
        assert shell.run(RDP_SERVER.format(answer))["status"] == 0
        until(lambda: course.home.ask(address, X224_REQUEST) == X224_CONFIRM.hex(), "it greets", seconds=60)
        heard = "od -An -v -tx1 greeting | tr -d ' \\n'"
        until(lambda: shell.run(heard)["said"] == X224_REQUEST.hex(), "the machine heard the whole request")


def test_nobody_is_let_where_the_profile_says_none(course: Course) -> None:
    course.allow(clientSshAccess="Public", clientRdpAccess="Public")
    address = course.profile["sshAuthority"]
    with course.shell() as shell:
        course.allow(webSshAccess="None", clientSshAccess="None", clientRdpAccess="None")
        until(lambda: course.home.ask(address) == "ConnectionRefusedError", "nobody new is let")
        assert "error" in shell.run("echo cut off"), "who was connected is cut off"
    assert course.profile.keys() == {"adminUsername"}
    course.allow(clientSshAccess="Public", clientRdpAccess="None")
    assert course.profile["sshAuthority"] == address, "the port stays"
    until(course.greets, "it is let again", seconds=60)


def test_a_machine_that_is_off_is_refused_and_its_use_recorded(course: Course) -> None:
    address = course.profile["sshAuthority"]
    course.server.galeria.wait(course.server.galeria.machines.stop("course"), seconds=WORK_SECONDS)
    until(lambda: course.home.ask(address) == "ConnectionRefusedError", "nobody answers")
    course.server.ask("relay", "stop")
    until(lambda: any(each["address"] == HOME for each in course.recorded()), "its use stands in the activity log")
    used = next(each for each in course.recorded() if each["address"] == HOME)
    assert used["scope"].endswith("/labs/course/virtualmachines/template")
    assert used["principalName"] == "installation"
