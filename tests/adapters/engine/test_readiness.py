"""Whether a server greets, as its clients hear it, and what a console shows of a machine."""

import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

import libvirt
import libvirt_qemu
import pytest

from galeria.adapters.engine import console
from galeria.adapters.engine.readiness import greetings, wait
from galeria.adapters.engine.readiness.greetings import PortAnswer, ask_server, patient_client
from galeria.adapters.engine.readiness.wait import StartedMachine
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.ways_in import WayIn
from tests.waiting import until

RDP_CONFIRM = bytes.fromhex("030000130ed000001234000209080002000000")


def say(text: bytes) -> Callable[[socket.socket], None]:
    return lambda guest: guest.sendall(text)


def confirm_after_request(guest: socket.socket) -> None:
    if guest.recv(64)[:6] == bytes.fromhex("030000130ee0"):
        guest.sendall(RDP_CONFIRM)


@contextmanager
def served(speak: Callable[[socket.socket], None], *, closes: bool = True, port: int = 0) -> Iterator[int]:
    """A port on which every caller is told the same."""
    done = threading.Event()

    def serve() -> None:
        with suppress(OSError):  # nobody is awaited any more
            while True:
                with listener.accept()[0] as guest:
                    speak(guest)
                    if not closes:
                        done.wait(60)

    with socket.create_server(("127.0.0.1", port)) as listener:
        server = threading.Thread(target=serve)
        server.start()
        yield listener.getsockname()[1]
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        server.join()


@pytest.mark.parametrize(
    ("way", "speak", "expected"),
    [
        (WayIn.SSH, say(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), PortAnswer.GREETS),
        (WayIn.SSH, say(b"Welcome to the lab.\r\nSSH-2.0-dropbear\r\n"), PortAnswer.GREETS),
        (WayIn.SSH, say(b""), PortAnswer.REFUSES),
        (WayIn.SSH, say(b"220 not SSH-2.0 at all\r\n"), PortAnswer.REFUSES),
        (WayIn.SSH, say(b"x" * 9000), PortAnswer.REFUSES),
        (WayIn.RDP, confirm_after_request, PortAnswer.GREETS),
        (WayIn.RDP, say(b"SSH-2.0-OpenSSH_9.2p1\r\n"), PortAnswer.REFUSES),
        (WayIn.RDP, say(b"\x03\x00"), PortAnswer.REFUSES),
    ],
)
def test_a_server_is_known_by_its_greeting(
    way: WayIn, speak: Callable[[socket.socket], None], expected: PortAnswer
) -> None:
    with served(speak) as port:
        assert ask_server(port, way) is expected


def test_a_port_that_accepts_and_says_nothing_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greetings, "ANSWER_SECONDS", 0.3)
    with served(say(b""), closes=False) as port:
        assert ask_server(port, WayIn.SSH) is PortAnswer.SILENT
    with served(say(b"no"), closes=False) as port:
        assert ask_server(port, WayIn.SSH) is PortAnswer.SILENT


def test_a_server_that_speaks_one_letter_at_a_time_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greetings, "ANSWER_SECONDS", 0.3)
    until = threading.Event()

    def drip(guest: socket.socket) -> None:
        while not until.wait(0.05):
            try:
                guest.sendall(b"x")
            except OSError:
                return

    with served(drip) as port:
        assert ask_server(port, WayIn.SSH) is PortAnswer.SILENT
        until.set()


def test_a_server_that_needs_long_for_its_greeting_is_heard_and_not_overrun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each connection that is given up has to be got rid of by the server before it answers the next one."""
    monkeypatch.setattr(greetings, "ANSWER_SECONDS", 0.0)
    with (
        socket.create_server(("127.0.0.1", 0), backlog=50) as listener,
        patient_client(listener.getsockname()[1], WayIn.SSH) as client,
    ):
        listener.settimeout(0.2)
        for _ in range(50):
            assert client.listen(0.0) is PortAnswer.SILENT
        callers = [listener.accept()[0] for _ in range(greetings.MOST_LINES)]
        with pytest.raises(TimeoutError):
            listener.accept()
        callers[0].sendall(b"SSH-2.0-slow\r\n")
        assert client.listen(60.0) is PortAnswer.GREETS
        client.close()
        for caller in callers:
            assert caller.recv(1) == b""
            caller.close()


def test_a_line_that_was_refused_is_followed_by_another() -> None:
    port = unused_port()
    with patient_client(port, WayIn.SSH) as client:
        assert client.listen(60.0) is PortAnswer.REFUSES
        assert client.listen(60.0) is PortAnswer.REFUSES
        with served(say(b"SSH-2.0-there\r\n"), port=port):
            until(lambda: client.listen(0.1) is PortAnswer.GREETS, "it greets")


def test_a_line_that_is_silent_for_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greetings, "PATIENT_SECONDS", 0.0)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        patient_client(listener.getsockname()[1], WayIn.SSH) as client,
    ):
        for _ in range(3):
            assert client.listen(0.0) is PortAnswer.SILENT
        first, second = listener.accept()[0], listener.accept()[0]
        with first, second:
            assert (first.recv(1), second.recv(1)) == (b"", b"")
        assert len(client.lines) == 1


def test_a_port_without_a_server_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert ask_server(port, WayIn.SSH) is PortAnswer.REFUSES


@pytest.mark.parametrize("said", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT])
def test_an_address_at_which_there_is_no_machine_yet_is_silent(said: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the machines' network the host itself says so; a machine that is there and has no server refuses."""

    class Unreachable(socket.socket):
        def sendall(self, *_data: object) -> None:
            raise OSError(said, "nobody answers")

        def connect_ex(self, _place: object) -> int:
            return said

    monkeypatch.setattr(greetings, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(socket, "socket", Unreachable)
    assert ask_server(22, WayIn.SSH) is PortAnswer.SILENT


def test_a_consoles_end_keeps_its_lines_and_nothing_that_steers_a_terminal(tmp_path: Path) -> None:
    serial = tmp_path / "serial.log"
    said = [f"\x1b[1;31mline {number}\x1b[0m\x07\r" for number in range(60)]
    serial.write_text("\n".join([*said, "\u202eturned\x1b]0;title\x07", "\x1b[07;01HShell> "]), encoding="utf-8")
    lines = console.last_lines(serial).splitlines()
    assert lines[:38] == [f"line {number}" for number in range(22, 60)]
    assert lines[38:] == ["turned0;title", "Shell>"]
    assert console.last_lines(tmp_path / "absent") == ""


def test_a_consoles_end_is_not_filled_with_public_keys() -> None:
    said = b"""\
[FAILED] Failed to start Initial cloud-init job.
<14>Nov 29 10:11:12 cloud-init: #############################################################
-----BEGIN SSH HOST KEY FINGERPRINTS-----
256 SHA256:xq1pZpYxYpUeJm root@vm (ED25519)
-----END SSH HOST KEY FINGERPRINTS-----
ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY= root@vm
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ root@vm
ci-info: +++++++++++++++++++++++++++Net device info+++++++
ci-info: | eth0 | True | 10.0.2.15 | 255.255.255.0 | global |
vm login: """
    assert console.readable_lines(said) == "[FAILED] Failed to start Initial cloud-init job.\nvm login:"


def test_a_line_of_any_length_is_cut() -> None:
    assert len(console.readable_lines(b"\xff" * 100_000)) <= console.LONGEST_LINE


def test_text_is_read_off_a_screen_in_text_mode_only() -> None:
    screen = bytearray(b" \x07" * 2000)
    for row, text in ((0, b"Booting from Hard Disk..."), (2, b"No bootable device.")):
        screen[row * 160 : row * 160 + 2 * len(text) : 2] = text
    assert console.screen_text(bytes(screen)) == "Booting from Hard Disk...\nNo bootable device."
    assert console.screen_text(b"\xff" * 4000) == ""
    assert console.screen_text(b"\0" * 4000) == ""
    assert console.screen_text(bytes(range(256)) * 16) == ""
    assert console.screen_text(b"") == ""


class StartingDomain:
    """A machine that is on, and writes a line to its console whenever its screen is looked at, if it has something to say."""

    def __init__(self, serial: Path, lines: Iterator[str]) -> None:
        self._serial, self._lines = serial, lines
        self.reads: Iterator[int] = iter(())

    def isActive(self) -> bool:  # libvirt's name
        return True

    def blockStats(self, _disk: str) -> tuple[int, ...]:  # libvirt's name
        return (0, next(self.reads, 0), 0, 0, 0)

    def memoryPeek(self, *_place: int) -> bytes:  # libvirt's name
        with self._serial.open("a", encoding="utf-8") as file:
            file.write(next(self._lines, ""))
        return b""


def starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: Iterator[str], port: int) -> StartedMachine:
    for name in ("LOOK_SECONDS", "POLL_SECONDS", "QUIET_SECONDS"):
        monkeypatch.setattr(wait, name, 0.0)
    monkeypatch.setattr(libvirt_qemu, "qemuAgentCommand", no_agent)
    serial = tmp_path / "serial.log"
    serial.write_text("Loading Linux\n", encoding="utf-8")
    return StartedMachine(domain=StartingDomain(serial, lines), address="", port=port, serial=serial)


def no_agent(*_question: object) -> str:
    raise libvirt.libvirtError("no agent is connected")


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_a_console_that_goes_on_prolongs_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server comes with the hundredth line, long after the time was up."""
    port, servers = unused_port(), ExitStack()

    def lines() -> Iterator[str]:
        for number in range(100):
            yield f"line {number}\n"
        servers.enter_context(served(say(b"SSH-2.0-late\r\n"), port=port))
        yield "the server is up\n"

    monkeypatch.setattr(wait, "LONGEST", 1 << 40)
    with servers:
        wait.wait_ready(starting(tmp_path, monkeypatch, lines(), port), WayIn.SSH, 1e-6)
    assert "line 99" in console.last_lines(tmp_path / "serial.log")


def test_a_disk_that_is_read_prolongs_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel with `quiet` says nothing for a long time on a busy host."""
    port, servers = unused_port(), ExitStack()

    def reads() -> Iterator[int]:
        yield from range(1, 100)
        servers.enter_context(served(say(b"SSH-2.0-late\r\n"), port=port))
        yield 100

    monkeypatch.setattr(wait, "LONGEST", 1 << 40)
    machine = starting(tmp_path, monkeypatch, iter(()), port)
    machine.domain.reads = reads()
    with servers:
        wait.wait_ready(machine, WayIn.SSH, 1e-6)
    assert next(machine.domain.reads, None) is None


def test_a_console_that_goes_on_for_ever_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = starting(tmp_path, monkeypatch, (f"line {number}\n" for number in count()), unused_port())
    with pytest.raises(MachineFailed, match="greeted within"):
        wait.wait_ready(machine, WayIn.SSH, 0.2)


def test_a_known_end_ends_the_wait_unless_something_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a panic a machine may start anew by itself."""
    lines = iter(["Kernel panic - not syncing: a\n", "\n" * 1000 + "Starting again\n", "(initramfs) "])
    machine = starting(tmp_path, monkeypatch, lines, unused_port())
    with pytest.raises(MachineFailed) as caught:
        wait.wait_ready(machine, WayIn.SSH, 3600)
    assert caught.value.message == "The machine did not come up. Its kernel started, but found no disk with its system."


def test_an_agent_is_not_waited_for_long_once_a_login_is_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = starting(tmp_path, monkeypatch, iter(["lab login: "]), unused_port())
    with pytest.raises(MachineFailed, match="agent did not answer") as caught:
        wait.wait_ready(machine, WayIn.AGENT, 3600)
    assert "It has booted" in caught.value.message
    assert "qemu-guest-agent" in caught.value.hint
