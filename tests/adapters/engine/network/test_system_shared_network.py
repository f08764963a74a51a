"""Machines of one lab that have a network in common, on the real bridge, with namespaces in the places of machines."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from galeria.domain.labs.guest_network import CLOSED, OPEN, NetworkPolicy
from tests.adapters.engine.network.conftest import Campus
from tests.adapters.engine.network.world import (
    EVERYBODY,
    INTERNET,
    Space,
    StandIn,
    arp,
    ethernet,
    greets,
    hardware,
    serving,
    udp,
)
from tests.waiting import until

pytestmark = pytest.mark.system

ALGEBRA, DRAWING = NetworkPolicy(lab="algebra"), NetworkPolicy(lab="drawing")
_HEAR = """
import socket, sys
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
line.bind(("eth0", 0))
print("up", flush=True)
while True:
    frame, came = line.recvfrom(2000)
    if came[2] != socket.PACKET_OUTGOING:
        print(frame.hex(), flush=True)
"""


@contextmanager
def opened(campus: Campus, *machines: StandIn) -> Iterator[None]:
    """While servers greet in all of the machines, whose ports the guard has seen to."""
    with serving(machines[0].space, machines[0].address):
        if len(machines) == 1:
            yield
        else:
            with opened(campus, *machines[1:]):
                yield


def reaches(first: StandIn, second: StandIn) -> bool:
    return greets(second.address, source=first.space)


def isolated(campus: Campus, machine: str) -> str:
    return Path(f"/sys/class/net/{campus.names.tap(machine)}/brport/isolated").read_text(encoding="ascii").strip()


def test_machines_of_one_lab_reach_each_other_and_no_machine_beside_them(campus: Campus) -> None:
    first, second, drawing, alone = (campus.enter(each) for each in (ALGEBRA, ALGEBRA, DRAWING, OPEN))
    with opened(campus, first, second, drawing, alone):
        for source, target in ((first, second), (second, first)):
            until(lambda a=source, b=target: reaches(a, b), "they reach each other", seconds=30)  # type: ignore[misc]
        for other in (drawing, alone):
            assert reaches(other, other), "it is there to be reached"
            for each in (first, second):
                assert not reaches(each, other)
                assert not reaches(other, each)
        assert not reaches(drawing, alone)
        assert not reaches(alone, drawing)


def test_a_change_of_the_plan_reaches_machines_that_are_on(outside: Space, campus: Campus) -> None:
    first, second = campus.enter(CLOSED), campus.enter(CLOSED)
    names = ("machine21000", "machine21001")
    with opened(campus, second):
        assert not reaches(first, second)
        campus.network.follow(dict.fromkeys(names, ALGEBRA), set(names))
        until(lambda: reaches(first, second), "they reach each other", seconds=30)
        assert greets(INTERNET, source=first.space), "and the internet, as the plan lets"
        assert isolated(campus, "machine21000") == "0"
        campus.network.follow(dict.fromkeys(names, CLOSED), set(names))
        assert not reaches(first, second)
        assert isolated(campus, "machine21000") == "1"


def test_nobody_takes_anothers_address_or_answers_for_dhcp_in_a_lab_either(campus: Campus) -> None:
    first, second, third = campus.enter(ALGEBRA), campus.enter(ALGEBRA), campus.enter(ALGEBRA)
    good: dict[str, Any] = {
        "mac": first.mac,
        "source": first.address,
        "target": second.address,
        "ports": (1, 2),
        "to": second.mac,
    }
    last = udp(**good)
    with opened(campus, second):
        until(lambda: reaches(first, second), "they reach each other", seconds=30)
    heard = _heard(
        first,
        second,
        last,
        udp(**good | {"source": third.address}),
        udp(**good | {"mac": third.mac}),
        arp(mac=first.mac, address=first.gateway, asked=second.address, reply=True),
        arp(mac=first.mac, address=third.address, asked=second.address),
        udp(**good | {"ports": (67, 68), "target": "255.255.255.255", "to": EVERYBODY}),
        ethernet(source=first.mac, kind=0x86DD, load=bytes(40), target="33:33:00:00:00:01"),
        *([arp(mac=first.mac, address=first.address, asked="100.64.0.9")] * 1500),
    )
    asked = [frame for frame in heard if frame[12:14] == b"\x08\x06" and frame[38:42] == bytes((100, 64, 0, 9))]
    assert 50 < len(asked) < 500, "a flood is cut short"
    # The third one's kernel, and this host's at the end of the line that stands in for QEMU, may speak besides.
    host_end = Path(f"/sys/class/net/{campus.names.tap('machine21001')}/address").read_text(encoding="ascii").strip()
    seen = {(frame[6:12], _source(frame)) for frame in heard if frame[6:12] != hardware(host_end)}
    assert seen - {_own(third)} == {_own(first)}


def _heard(first: StandIn, second: StandIn, last: bytes, *frames: bytes) -> list[bytes]:
    """What the second machine hears of the frames that the first one sends, up to the last one."""
    heard: list[bytes] = []
    with second.space.start(sys.executable, "-c", _HEAR) as ears:
        assert ears.stdout
        assert ears.stdout.readline() == "up\n"
        first.sends(*frames)  # at once: fifty more of a flood are let through in each second
        first.sends(last)
        while not heard or heard[-1] != last:
            line = ears.stdout.readline()
            assert line, "the listener ended"
            heard.append(bytes.fromhex(line))
        ears.kill()
    return heard


def _own(machine: StandIn) -> tuple[bytes, bytes]:
    return hardware(machine.mac), bytes(map(int, machine.address.split(".")))


def _source(frame: bytes) -> bytes:
    return {b"\x08\x00": frame[26:30], b"\x08\x06": frame[28:32]}.get(frame[12:14], frame[12:14])
