"""Network namespaces: an internet with a private network behind it, and stand-ins for machines on the real bridge.

Everything in one vanishes with its first process.
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.adapters.engine.network import outside

INTERNET, OTHER, PRIVATE, METADATA = "198.51.100.129", "198.51.100.130", "10.66.0.1", "169.254.169.254"
HERE, THERE = "198.51.100.5", "198.51.100.6"
EVERYBODY = "ff:ff:ff:ff:ff:ff"
_SCRIPT = str(Path(outside.__file__).resolve())


@dataclass(frozen=True)
class Space:
    """A network namespace, by its first process."""

    process: int

    def run(self, *words: str, check: bool = True) -> str:
        done = subprocess.run([*self.inside, *words], capture_output=True, text=True, check=False, timeout=60)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*self.inside, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ}
        )

    @property
    def inside(self) -> list[str]:
        """The words before a command that runs in it."""
        return ["nsenter", f"--target={self.process}", "--net"]


@contextmanager
def new_space() -> Iterator[Space]:
    command = ["unshare", "--net", "sh", "-c", "echo ready; exec cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdin
        assert first.stdout
        first.stdout.readline()
        space = Space(first.pid)
        space.run("ip", "link", "set", "lo", "up")
        try:
            yield space
        finally:
            first.stdin.close()


@contextmanager
def serving(space: Space | None, *addresses: str) -> Iterator[None]:
    """Servers that greet at the addresses, in a namespace or on this host."""
    words = [sys.executable, _SCRIPT, "serve", *addresses]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    starting = space.start(*words) if space else subprocess.Popen(words, **pipes)  # type: ignore[call-overload]
    with starting as server:
        assert server.stdin
        assert server.stdout
        assert server.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            server.stdin.close()


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """One process of the tests has what this folder stands for at a time: its addresses are always the same."""
    folder = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


@contextmanager
def internet() -> Iterator[Space]:
    """The internet of the tests, with two servers, a name server, and a private network that it leads to as well."""
    cable = f"gnet{os.getpid()}"[:15]
    with alone(Path(__file__).parent), new_space() as space, ExitStack() as undo:
        host("ip", "link", "add", cable, "type", "veth", "peer", "name", "net", "netns", str(space.process))
        # The kernel takes its time to remove what is in a namespace that ended, and the next one has the same name.
        undo.callback(subprocess.run, ["ip", "link", "del", cable], check=False)
        host("ip", "address", "add", f"{HERE}/30", "dev", cable)
        host("ip", "link", "set", cable, "up")
        for address in (f"{THERE}/30", f"{INTERNET}/32", f"{OTHER}/32", f"{PRIVATE}/32", f"{METADATA}/32"):
            space.run("ip", "address", "add", address, "dev", "net")
        space.run("ip", "link", "set", "net", "up")
        space.run("ip", "route", "add", "default", "via", HERE)
        for address in (INTERNET, OTHER, PRIVATE, METADATA):
            host("ip", "route", "replace", address, "via", THERE)
            undo.callback(subprocess.run, ["ip", "route", "del", address, "via", THERE], check=False)
        with serving(space, INTERNET, OTHER, PRIVATE, METADATA, THERE):
            yield space


def host(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout


def greets(address: str, *, source: Space | None = None) -> bool:
    """Whether a server greets, asked from this host or from a namespace."""
    code = "import socket,sys; s=socket.create_connection((sys.argv[1],8000),4); print(s.recv(99).decode())"
    words = [sys.executable, "-c", code, address]
    said = source.run(*words, check=False) if source else subprocess.run(words, capture_output=True, text=True).stdout
    return "hello from outside" in said


def own_address() -> str:
    """The address of this host by which it reaches the internet for real."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(("192.0.2.1", 9))
        return str(line.getsockname()[0])


@dataclass(frozen=True)
class StandIn:
    """A machine's place in the network, with a namespace in it instead of a guest: it sends any frame, and hears."""

    space: Space
    mac: str
    address: str
    gateway: str

    def sends(self, *frames: bytes) -> None:
        self.space.run(sys.executable, _SCRIPT, "send", "eth0", *(frame.hex() for frame in frames))


@contextmanager
def stand_in(*, bridge: str, tap: str, mac: str, address: str, gateway: str) -> Iterator[StandIn]:
    with new_space() as space:
        host("ip", "link", "add", tap, "type", "veth", "peer", "name", "eth0", "netns", str(space.process))
        host("ip", "link", "set", tap, "master", bridge)
        host("bridge", "link", "set", "dev", tap, "isolated", "on")
        host("ip", "link", "set", tap, "up")
        space.run("ip", "link", "set", "eth0", "address", mac)
        space.run("ip", "link", "set", "eth0", "up")
        space.run("ip", "address", "add", f"{address}/16", "dev", "eth0")
        space.run("ip", "route", "add", "default", "via", gateway)
        yield StandIn(space=space, mac=mac, address=address, gateway=gateway)


class Ear:
    """Hears the frames that come through an interface of this host, or of a namespace, from now on."""

    def __init__(self, interface: str) -> None:
        self._line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._line.bind((interface, 0))
        self._line.settimeout(0.1)
        self.heard: list[bytes] = []

    def until(self, is_it: Callable[[bytes], bool], *, seconds: float = 20) -> bool:
        """Whether a frame of the kind came; all frames up to it are kept."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                frame, came = self._line.recvfrom(2048)
            except TimeoutError:
                continue
            if came[2] != socket.PACKET_OUTGOING:
                self.heard.append(frame)
                if is_it(frame):
                    return True
        return False

    def close(self) -> None:
        self._line.close()


@contextmanager
def ear(interface: str) -> Iterator[Ear]:
    made = Ear(interface)
    try:
        yield made
    finally:
        made.close()


def ethernet(*, source: str, kind: int, load: bytes, target: str = EVERYBODY) -> bytes:
    return hardware(target) + hardware(source) + struct.pack("!H", kind) + load


def arp(*, mac: str, address: str, asked: str, reply: bool = False, frame_source: str = "") -> bytes:
    load = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2 if reply else 1)
    load += hardware(mac) + socket.inet_aton(address) + bytes(6) + socket.inet_aton(asked)
    return ethernet(source=frame_source or mac, kind=0x0806, load=load)


def udp(
    *, mac: str, source: str, target: str, ports: tuple[int, int], load: bytes = b"x", to: str = EVERYBODY
) -> bytes:
    inner = struct.pack("!4H", *ports, 8 + len(load), 0) + load
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(inner), 1, 0, 64, 17, 0, _ip(source), _ip(target))
    return ethernet(source=mac, kind=0x0800, load=_summed(header) + inner, target=to)


def _summed(header: bytes) -> bytes:
    total = sum(struct.unpack("!10H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return header[:10] + struct.pack("!H", total ^ 0xFFFF) + header[12:]


def hardware(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _ip(text: str) -> bytes:
    return socket.inet_aton(text)
