"""Two network namespaces and the cable between them: Galeria's own, and one in which every address of the world is served.

All that is made here vanishes with the processes, however they end.
"""

import os
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

GALERIA_4, GALERIA_6 = "185.199.108.1", "2606:2800::1"
"""Galeria's own addresses, which are public ones."""
_WORLD_4, _WORLD_6 = "185.199.108.254", "2606:2800::fe"
_FILES = {
    "/etc/resolv.conf": f"nameserver {_WORLD_4}\noptions timeout:2 attempts:1\n",
    "/etc/nsswitch.conf": "hosts: files dns\n",
    "/etc/hosts": f"127.0.0.1 localhost\n::1 localhost\n{GALERIA_4} galeria.example\n",
}
_NEW = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
_ALL_PACKETS = 0x0003
_OUTGOING = 4
_SYN, _ACK = 0x02, 0x10


def in_new_namespaces(module: str, *arguments: str) -> list[str]:
    """The command that runs a module in namespaces of its own, of which nothing is left when it or its caller ends."""
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    return [*_NEW[:1], *rights, *_NEW[1:], sys.executable, "-m", module, *arguments]


def become_the_world() -> None:
    """Serve every address that is not Galeria's. The other end of the cable waits to be moved."""
    _ip("link add world type veth peer name galeria")
    _ip("link set lo up")
    _ip(f"address add {_WORLD_4}/24 dev world")
    _ip(f"address add {_WORLD_6}/64 dev world nodad")
    _ip("link set world up")
    for family, everything in (("-4", "0.0.0.0/0"), ("-6", "::/0")):
        _ip(f"{family} route add local {everything} dev lo table main")


def give_cable(process: int) -> None:
    _ip(f"link set galeria netns {process}")


def become_galeria() -> None:
    """Use the cable, once it is there, and the world's name server instead of this computer's."""
    _ip("link set lo up")
    _ip(f"address add {GALERIA_4}/24 dev galeria")
    _ip(f"address add {GALERIA_6}/64 dev galeria nodad")
    _ip("link set galeria up")
    _ip(f"-4 route add default via {_WORLD_4}")
    _ip(f"-6 route add default via {_WORLD_6}")
    with tempfile.TemporaryDirectory() as folder:
        for name, content in _FILES.items():
            own = Path(folder, Path(name).name)
            own.write_text(content)
            own.chmod(0o644)
            subprocess.run(["mount", "--bind", str(own), name], check=True)


class Sniffer:
    """Notes where this namespace opens TCP connections, also where nobody answers."""

    def __init__(self) -> None:
        self._line = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL_PACKETS))
        self._line.setblocking(False)

    def seen(self) -> list[str]:
        """ADDRESS:PORT of each since the last time, without repetitions."""
        found: dict[str, None] = {}
        while True:
            try:
                packet, (_, protocol, direction, *_) = self._line.recvfrom(65_536)
            except BlockingIOError:
                return list(found)
            if direction == _OUTGOING and (place := _opened(packet, protocol)):
                found[place] = None


def _opened(packet: bytes, protocol: int) -> str:
    """Where the packet opens a connection to; empty where it does not."""
    if protocol == 0x0800 and packet[9] == socket.IPPROTO_TCP:
        segment, address = packet[(packet[0] & 0x0F) * 4 :], socket.inet_ntop(socket.AF_INET, packet[16:20])
    elif protocol == 0x86DD and packet[6] == socket.IPPROTO_TCP:
        segment, address = packet[40:], socket.inet_ntop(socket.AF_INET6, packet[24:40])
    else:
        return ""
    port: int = struct.unpack("!H", segment[2:4])[0]
    return f"{address}:{port}" if segment[13] & (_SYN | _ACK) == _SYN else ""


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True, stdin=subprocess.DEVNULL)
