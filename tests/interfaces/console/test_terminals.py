"""A machine's terminal in a browser: SSH by this server, signed in with the machine's own name and password."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import asyncssh
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from galeria.actions.labs.terminals import OPEN
from galeria.actions.rosters.registration import register
from galeria.domain.audit import AuditEvent
from galeria.interfaces.console.terminal_tries import WRONG
from tests.adapters.reach.ssh_server import SshServer
from tests.interfaces.console.conftest import Screens, wait_hung_up
from tests.local_installation import PASSWORD, lab_id
from tests.waiting import until

PATH = "/terminal/campus/algebra/template"
ACCENTED = "Olá São João: ÁÀÂÃÇÉÊÍÓÔÕÚÜ áàâãçéêíóôõúü ¹²³£¢¬§ªº° € 漢字"


class Terminal:
    """A page's line. `seen` are the bytes that were shown."""

    def __init__(self, line: ClientConnection) -> None:
        self.line, self.seen, self.told = line, b"", dict[str, Any]()

    def say(self, **said: object) -> None:
        self.line.send(json.dumps({"columns": 80, "rows": 24, **said}))

    def sign_in(self, user: str = "educator", password: str = PASSWORD, **more: object) -> "Terminal":
        self.say(user=user, password=password, **more)
        return self

    def signed_in(self) -> "Terminal":
        self.sign_in()
        message = self.line.recv(timeout=60)
        assert isinstance(message, str)
        self.told = json.loads(message)
        return self

    def resume(self, first: "Terminal", *, seen: int) -> None:
        """Go on with the shell of another line."""
        self.say(resume=first.told["resume"], seen=seen)
        assert self.line.recv(timeout=60) == '{"resumed": true}'

    def type(self, text: str) -> None:
        self.line.send(text.encode())

    def wait(self, text: str) -> str:
        """All that was shown until `text` stood there."""
        while text.encode() not in self.seen:
            message = self.line.recv(timeout=60)
            assert isinstance(message, bytes)
            self.seen += message
        return self.seen.decode()

    def run(self, command: str) -> str:
        """What a command printed. The marks are put together by the shell, so that its echo does not hold them."""
        before = len(self.seen)
        self.type(f"echo '<be''gin>'; {command}; echo '<e''nd>'\n")
        while b"<end>\r\n" not in self.seen[before:]:
            message = self.line.recv(timeout=60)
            assert isinstance(message, bytes)
            self.seen += message
        said = self.seen[before:].decode()
        return said[said.index("<begin>\r\n") + 9 : said.index("<end>\r\n")].strip()

    def ending(self) -> tuple[int, dict[str, Any]]:
        """The code that the line was closed with, and what was told before."""
        told: dict[str, Any] = {}
        with suppress(ConnectionClosed):
            while True:
                message = self.line.recv(timeout=60)
                if isinstance(message, str):
                    told = json.loads(message)
        assert self.line.close_code is not None
        return self.line.close_code, told


@contextmanager
def opened(screens: Screens, who: str = "educator", **more: Any) -> Iterator[Terminal]:
    with screens.open(who, path=PATH, **more) as line:
        yield Terminal(line)


@pytest.fixture(autouse=True)
def another_machine_key(service: Screens) -> None:
    """Each test's server has a key of its own."""
    _remember(service, "")


def _remember(screens: Screens, key: str) -> None:
    with screens.installation.context.database() as uow:
        uow.machines.get(screens.machine.id).host_key = key
        uow.commit()


def _offer(screens: Screens, way: str | None) -> None:
    with screens.installation.context.database() as uow:
        lab = uow.labs.get_by_key(lab_id("algebra").key)
        profile = {"clientSshAccess": "Public", **({"webSshAccess": way} if way else {})}
        lab.profiles = {**lab.profiles, "connectionProfile": profile}
        uow.commit()


def _entries(screens: Screens) -> list[AuditEvent]:
    with screens.installation.request() as request:
        return [each for each in request.uow.audit.recent() if each.action == OPEN]


def test_letters_arrive_and_come_back(service: Screens, ssh: SshServer) -> None:
    with opened(service) as terminal:
        terminal.signed_in()
        assert terminal.run(f"printf %s '{ACCENTED}' | od -An -v -tx1 | tr -d ' \\n'") == ACCENTED.encode().hex()
        assert terminal.run(f"printf %s '{ACCENTED}'") == ACCENTED
        assert terminal.run("printf %s $TERM,$LC_CTYPE") == "xterm-256color,C.UTF-8"


def test_the_machine_knows_the_size_of_the_page(service: Screens, ssh: SshServer) -> None:
    with opened(service) as terminal:
        terminal.say(user="educator", password=PASSWORD, columns=101, rows=33)
        terminal.line.recv(timeout=60)
        assert terminal.run("stty size") == "33 101"
        terminal.say(columns=57, rows=19)
        until(lambda: terminal.run("stty size") == "19 57", "the machine knows the new size")


def test_much_text_comes_whole_however_slowly_it_is_taken(service: Screens, ssh: SshServer) -> None:
    """More than is kept and more than may wait: the machine waits for the page."""
    with opened(service) as terminal:
        terminal.signed_in()
        said = terminal.run("seq 1 400000")
    assert said.split() == [str(number) for number in range(1, 400001)]


def test_a_page_that_lost_its_line_goes_on_where_it_was(service: Screens, ssh: SshServer) -> None:
    with opened(service) as first:
        first.signed_in()
        first.run("kept=here; sleep 0")
        seen = len(first.seen)
        first.type("(until [ -e /proc/self ]; do :; done; echo mea''nwhile)\n")
        _cut(first.line)
    with opened(service) as second:
        second.resume(first, seen=seen)
        second.wait("meanwhile")
        assert second.run("printf %s $kept") == "here"
    assert ssh.tried == [("educator", PASSWORD)]


def _cut(line: ClientConnection) -> None:
    """As a line is lost: without a word."""
    line.socket.shutdown(2)


def test_a_second_line_takes_the_place_of_one_that_is_not_known_to_be_lost(service: Screens, ssh: SshServer) -> None:
    with opened(service) as first, opened(service) as second:
        first.signed_in()
        second.resume(first, seen=0)
        assert second.run("printf %s still") == "still"
        assert first.ending()[0] == 4408


def test_nobody_else_comes_back_to_a_shell(service: Screens, ssh: SshServer) -> None:
    with opened(service) as first:
        first.signed_in()
        with opened(service, "admin") as other:
            other.say(resume=first.told["resume"], seen=0)
            assert other.ending()[0] == 4408
        with opened(service) as own:
            own.say(resume="A" * 43, seen=0)
            assert own.ending()[0] == 4408


def test_a_shell_to_which_nobody_comes_back_ends(service: Screens, ssh: SshServer, monkeypatch: Any) -> None:
    monkeypatch.setattr(service.held, "held_seconds", 0.2)
    with opened(service) as first:
        first.signed_in()
        _cut(first.line)
    until(lambda: not ssh.connections, "the connection to the machine is over")
    with opened(service) as second:
        second.say(resume=first.told["resume"], seen=0)
        assert second.ending()[0] == 4408


def test_a_page_that_is_closed_ends_its_shell(service: Screens, ssh: SshServer) -> None:
    with opened(service) as terminal:
        terminal.signed_in()
    until(lambda: not ssh.connections, "the connection to the machine is over")


def test_leaving_the_shell_ends_the_session(service: Screens, ssh: SshServer) -> None:
    with opened(service) as terminal:
        terminal.signed_in()
        terminal.type("exit\n")
        assert terminal.ending()[0] == 4410


def test_a_machine_that_goes_off_ends_the_session(service: Screens, ssh: SshServer) -> None:
    with opened(service) as terminal:
        terminal.signed_in()
        ssh.hang_up()
        assert terminal.ending()[0] == 4410


def test_a_use_is_written_down(service: Screens, ssh: SshServer) -> None:
    with opened(service, "admin") as terminal:
        terminal.signed_in()
    entry = _entries(service)[0]
    assert (entry.principal_name, entry.address, entry.status) == ("admin", "127.0.0.1", "Succeeded")
    assert entry.detail == "signed in to the machine as educator"


def test_a_first_key_is_remembered_and_another_one_gets_no_password(service: Screens, ssh: SshServer) -> None:
    with opened(service, "admin") as terminal:
        terminal.signed_in()
        assert (terminal.told["hostKey"], terminal.told["isNew"]) == (ssh.fingerprint, True)
    with opened(service, "admin") as terminal:
        terminal.signed_in()
        assert terminal.told["isNew"] is False
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    _remember(service, other)
    ssh.tried.clear()
    with opened(service, "admin") as terminal:
        code, told = terminal.sign_in().ending()
    assert (code, told["seen"]) == (4412, ssh.fingerprint)
    assert told["known"] == asyncssh.import_public_key(other).get_fingerprint()
    assert ssh.tried == []
    with opened(service, "admin") as terminal:
        assert terminal.sign_in(accepted=told["known"]).ending()[0] == 4412, "only the key that is shown can be taken"
    with opened(service, "admin") as terminal:
        terminal.sign_in(accepted=told["seen"])
        terminal.line.recv(timeout=60)
        assert terminal.run("printf %s taken") == "taken"
    assert ssh.fingerprint in _entries(service)[0].detail


@pytest.mark.parametrize("way", ["None", "Private", None])
def test_a_profile_that_does_not_say_public_offers_none(service: Screens, ssh: SshServer, way: str | None) -> None:
    _offer(service, way)
    try:
        code, reason = service.refusal(path=PATH)
        assert code == 4405
        assert "webSshAccess" in reason
    finally:
        _offer(service, "Public")


def test_a_profile_that_changes_ends_what_is_open(service: Screens, ssh: SshServer) -> None:
    with opened(service) as terminal:
        terminal.signed_in()
        _offer(service, "None")
        try:
            assert terminal.ending()[0] == 4405
            until(lambda: not ssh.connections, "the connection to the machine is over")
        finally:
            _offer(service, "Public")


def test_who_may_not_is_refused_before_anything_is_asked(service: Screens, ssh: SshServer) -> None:
    assert service.refusal(who="", path=PATH)[0] == 4401
    assert service.refusal("colleague", path=PATH)[0] == 4403
    assert service.refusal("admin", path="/terminal/campus/none/template")[0] == 4404
    assert service.refusal("admin", path="/terminal/campus/algebra/vm-7")[0] == 4404
    assert ssh.tried == []


def test_who_has_claimed_the_machine_may_and_not_afterwards(service: Screens, ssh: SshServer) -> None:
    installation = service.installation
    with installation.request("colleague") as request:
        lab = request.uow.labs.get_by_key(lab_id("algebra").key)
        lab.open_access, lab.capacity = True, 1
        request.uow.machines.get(service.machine.id).claimed_by = register(request, lab).id
    try:
        with opened(service, "colleague") as terminal:
            terminal.signed_in()
            assert terminal.run("printf %s claimed") == "claimed"
            _unclaim(service)
            assert terminal.ending()[0] == 4403
    finally:
        _unclaim(service)


def _unclaim(screens: Screens) -> None:
    with screens.installation.request() as request:
        request.uow.machines.get(screens.machine.id).claimed_by = None


def test_who_loses_the_right_does_not_go_on(service: Screens, ssh: SshServer) -> None:
    with service.given_role("colleague", "Contributor"), opened(service, "colleague") as terminal:
        terminal.signed_in()
        service.take_role("colleague", "Contributor")
        assert wait_hung_up(terminal.line)[0] == 4403


def test_a_machine_that_is_off_says_so(service: Screens) -> None:
    assert service.refusal(path=PATH) == (4409, "The machine is off. Start it, then open its terminal.")


def test_a_machine_whose_ssh_does_not_answer_says_so(service: Screens, ssh: SshServer) -> None:
    with service.installation.context.database() as uow:
        machine = uow.machines.get(service.machine.id)
        port, machine.ssh_port = machine.ssh_port, 1
        uow.commit()
    try:
        with opened(service) as terminal:
            assert terminal.sign_in().ending()[0] == 4503
    finally:
        with service.installation.context.database() as uow:
            uow.machines.get(service.machine.id).ssh_port = port
            uow.commit()


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", None])
def test_pages_of_others_are_refused(service: Screens, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as caught, opened(service, origin=origin):
        pass
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize(
    "first",
    [
        "hello",
        "[]",
        '{"user": "a", "password": "b"}',
        '{"user": "a", "password": "b", "columns": 0, "rows": 24}',
        '{"user": "a", "password": "b", "columns": 80, "rows": 24, "more": 1}',
        '{"user": "' + "a" * 101 + '", "password": "b", "columns": 80, "rows": 24}',
        '{"resume": "a", "seen": -1, "columns": 80, "rows": 24}',
        '{"user": "\\ud800", "password": "b", "columns": 80, "rows": 24}',
        b"bytes",
    ],
)
def test_what_is_no_first_message_is_not_taken(service: Screens, ssh: SshServer, first: str | bytes) -> None:
    with opened(service) as terminal:
        terminal.line.send(first)
        assert terminal.ending()[0] == 1003
    assert ssh.tried == []


def test_a_size_that_is_none_ends_the_line(service: Screens, ssh: SshServer) -> None:
    with opened(service) as terminal:
        terminal.signed_in()
        terminal.say(columns=10_000)
        assert terminal.ending()[0] == 1003


def test_wrong_passwords_are_slowed_down_for_that_person_address_and_machine(
    service: Screens, ssh: SshServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The last of this file: educator is slowed down from here on."""
    caplog.set_level(logging.INFO)  # as the server has it
    for number in range(WRONG):
        with opened(service) as terminal:
            assert terminal.sign_in(password=f"wrong-Horse-{number}").ending()[0] == 4411
    with opened(service) as terminal:
        code, told = terminal.sign_in().ending()
        assert (code, told["seconds"] in range(1, 11)) == (4429, True)
    assert len(ssh.tried) == WRONG, "the right one was not passed on"
    with opened(service, "admin") as other:
        other.signed_in()
        assert other.run("printf %s let") == "let"
    entries = _entries(service)
    assert [each.status for each in entries[: WRONG + 2]] == ["Succeeded", "Failed", *["Failed"] * WRONG]
    assert "too many" in entries[1].detail
    assert {(each.principal_name, each.scope) for each in entries[1 : WRONG + 2]} == {
        ("educator", f"{lab_id('algebra')}/virtualMachines/template".lower())
    }
    told_anywhere = caplog.text + "".join(f"{each.detail}" for each in entries)
    assert "wrong-Horse" not in told_anywhere
    assert PASSWORD not in told_anywhere
