"""The real bridge, packet filter, address server and name server, with namespaces in the places of machines."""

import os
import signal
import socket
import subprocess
import sys
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from galeria.adapters.engine.network import guest_network
from galeria.adapters.engine.network.guard_process import GuardProcess
from galeria.adapters.engine.network.nft import PacketFilter
from galeria.adapters.engine.network.plan import candidates, gateway
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.guest_network import CLOSED, Internet, NetworkException, NetworkPolicy, NetworkSettings
from tests.adapters.engine.network.conftest import Campus, NewCampus, rules
from tests.adapters.engine.network.world import (
    EVERYBODY,
    HERE,
    INTERNET,
    METADATA,
    OTHER,
    PRIVATE,
    THERE,
    Space,
    StandIn,
    arp,
    ear,
    ethernet,
    greets,
    hardware,
    own_address,
    serving,
    udp,
)
from tests.waiting import until

pytestmark = pytest.mark.system

IPV4 = b"\x08\x00"
_LISTEN = """
import socket
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
line.bind(("eth0", 0))
print("up", flush=True)
while True:
    frame, came = line.recvfrom(2000)
    if came[2] != socket.PACKET_OUTGOING:
        print(frame.hex(), flush=True)
"""
LISTED = NetworkPolicy(internet=Internet.NAMES, names=("allowed.example.org", "*.debian.org"))


def looked_up(machine: StandIn, name: str) -> str:
    """What the machine hears when it asks for a name's address, by the name server it is given."""
    code = (
        "import socket,sys,struct; name,server=sys.argv[1:]; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); "
        "s.settimeout(5); s.connect((server,53)); q=b''.join(bytes([len(p)])+p.encode() for p in name.split('.'))+b'\\0'; "
        "s.send(struct.pack('!6H',7,0x100,1,0,0,0)+q+struct.pack('!HH',1,1)); m=s.recv(999); "
        "print(m[3]&15, '.'.join(map(str,m[-4:])) if m[7] else '')"
    )
    return machine.space.run(sys.executable, "-c", code, name, machine.gateway, check=False).strip()


def _first_bytes(address: str, port: int) -> bytes:
    with socket.create_connection((address, port), timeout=10) as line:
        return line.recv(64)


def _mac_of(campus: Campus) -> str:
    return Path(f"/sys/class/net/{campus.names.bridge}/address").read_text(encoding="ascii").strip()


def test_the_internet_is_reached_and_nothing_else(outside: Space, campus: Campus) -> None:
    machine, other = campus.enter(), campus.enter()
    with serving(None, "0.0.0.0"), serving(other.space, other.address):
        assert greets(INTERNET, source=machine.space)
        assert greets(other.address, source=other.space)
        for address in (machine.gateway, HERE, THERE, PRIVATE, METADATA, other.address, own_address()):
            assert greets(address) or address == other.address, "it is there to be reached"
            assert not greets(address, source=machine.space), address


def test_a_closed_plan_and_a_change_of_it(outside: Space, campus: Campus) -> None:
    machine = campus.enter(CLOSED)
    assert not greets(INTERNET, source=machine.space)
    assert looked_up(machine, "allowed.example.org") == ""
    campus.network.follow({"machine21000": NetworkPolicy()}, {"machine21000"})
    assert greets(INTERNET, source=machine.space)
    assert looked_up(machine, "allowed.example.org") == f"0 {INTERNET}"
    campus.network.follow({"machine21000": CLOSED}, {"machine21000"})
    assert not greets(INTERNET, source=machine.space)


def test_names_on_a_list_are_reached_once_they_were_looked_up(outside: Space, campus: Campus) -> None:
    machine, other = campus.enter(LISTED), campus.enter(LISTED)
    assert not greets(INTERNET, source=machine.space)
    assert looked_up(machine, "allowed.example.org") == f"0 {INTERNET}"
    assert greets(INTERNET, source=machine.space)
    assert not greets(INTERNET, source=other.space), "who did not ask is not let"
    assert looked_up(machine, "other.example.org").split()[0] == "5", "refused"
    assert not greets(OTHER, source=machine.space)
    campus.enter(LISTED)  # the rules are loaded anew
    assert greets(INTERNET, source=machine.space)


def test_an_exception_is_reached_and_nothing_beside_it(outside: Space, new_campus: NewCampus) -> None:
    private = IPv4Network(PRIVATE)
    exceptions = (
        NetworkException(network=private, protocol="tcp", port=8000),
        NetworkException(network=IPv4Network(HERE)),
    )
    campus = new_campus(NetworkSettings(exceptions=exceptions))
    machine = campus.enter(CLOSED)
    with serving(None, HERE):
        assert greets(PRIVATE, source=machine.space)
        assert greets(HERE, source=machine.space)
        assert not greets(METADATA, source=machine.space)
        assert not greets(INTERNET, source=machine.space)


def test_a_machines_services_are_reached_once_they_are_opened(campus: Campus) -> None:
    machine = campus.enter()
    code = (
        "import socket; s=socket.create_server(('0.0.0.0',22)); print('up',flush=True); s.accept()[0].sendall(b'SSH-')"
    )
    with machine.space.start(sys.executable, "-c", code) as server:
        assert server.stdout
        assert server.stdout.readline() == "up\n"
        with pytest.raises(ConnectionRefusedError):
            _first_bytes(machine.address, 22)
        campus.network.open("machine21000")
        assert _first_bytes(machine.address, 22) == b"SSH-"


def test_a_machine_speaks_with_its_own_addresses_only(campus: Campus) -> None:
    machine, other = campus.enter(), campus.enter()
    good: dict[str, Any] = {
        "mac": machine.mac,
        "source": machine.address,
        "target": machine.gateway,
        "ports": (1, 2),
        "to": _mac_of(campus),
    }
    last = udp(**good)
    with ear(campus.names.bridge) as heard:
        machine.sends(
            udp(**good | {"source": other.address}),
            udp(**good | {"source": "8.8.4.4"}),
            udp(**good | {"mac": other.mac}),
            udp(**good | {"mac": "52:54:00:66:66:66"}),
            arp(mac=machine.mac, address=machine.gateway, asked=other.address, reply=True),
            arp(mac=machine.mac, address=other.address, asked=machine.gateway),
            arp(mac=other.mac, address=machine.address, asked=machine.gateway, frame_source=machine.mac),
            udp(**good | {"ports": (67, 68), "target": "255.255.255.255", "to": EVERYBODY}),  # a DHCP server's offer
            ethernet(source=machine.mac, kind=0x86DD, load=bytes(40), target="33:33:00:00:00:01"),
            ethernet(source=machine.mac, kind=0x8100, load=bytes(40)),  # VLAN
            ethernet(source=machine.mac, kind=0x88CC, load=bytes(40)),
            last,
        )
        assert heard.until(lambda frame: frame == last)
    # The namespace's own kernel may ask for the gateway besides, with addresses that are its own.
    own = arp(mac=machine.mac, address=machine.address, asked=machine.gateway)
    assert {frame[:42] for frame in heard.heard} - {own[:42]} == {last[:42]}


def test_frames_do_not_pass_from_one_machine_to_another(campus: Campus) -> None:
    machine, other = campus.enter(), campus.enter()
    campus.network.open("machine21001")
    with other.space.start(sys.executable, "-c", _LISTEN) as ears:
        assert ears.stdout
        assert ears.stdout.readline() == "up\n"
        machine.sends(
            arp(mac=machine.mac, address=machine.address, asked=other.address),
            udp(mac=machine.mac, source=machine.address, target=other.address, ports=(5, 6), to=other.mac),
        )
        with pytest.raises(ConnectionRefusedError):
            _first_bytes(other.address, 22)
        frames: list[bytes] = []
        while not frames or frames[-1][12:14] != IPV4:  # the host's: everything that was sent before has come
            frames.append(bytes.fromhex(ears.stdout.readline()))
        ears.kill()
    assert not [each for each in frames if each[6:12] == hardware(machine.mac)]


def test_a_flood_is_cut_short(campus: Campus) -> None:
    machine = campus.enter()
    last = udp(mac=machine.mac, source=machine.address, target=machine.gateway, ports=(1, 2), to=_mac_of(campus))
    with ear(campus.names.bridge) as heard:
        asked = [arp(mac=machine.mac, address=machine.address, asked="100.64.0.9")] * 2000
        machine.sends(*asked, last)  # at once: fifty more are let through in each second
        assert heard.until(lambda frame: frame == last)
    assert 50 < len([frame for frame in heard.heard if frame[12:14] == b"\x08\x06"]) < 500


def test_rules_that_another_program_removed_come_back(outside: Space, campus: Campus) -> None:
    machine = campus.enter(CLOSED)
    names = campus.names
    for family in ("inet", "bridge"):  # what `nft flush ruleset` does to this installation
        subprocess.run(["nft", "delete", "table", family, names.table], check=True)
    assert not greets(INTERNET, source=machine.space), "the copy that the guard holds is there"
    held = ["nft", "delete", "table", "inet", names.held_table]
    assert subprocess.run(held, check=False, capture_output=True).returncode != 0
    campus.network.follow({}, {"machine21000"})
    assert f"table inet {names.table} " in rules()


def test_a_guard_that_was_killed_leaves_the_rules_and_comes_back(outside: Space, campus: Campus) -> None:
    machine = campus.enter(CLOSED)
    pid = int((campus.network.folder / "lock").read_text(encoding="ascii"))
    os.kill(pid, signal.SIGKILL)
    until(lambda: not GuardProcess(campus.network.folder).is_running(), "the guard is gone")
    assert not greets(INTERNET, source=machine.space)
    campus.network.follow({}, {"machine21000"})
    assert f"table inet {campus.names.held_table} " in rules()
    assert not greets(INTERNET, source=machine.space)


def test_nothing_starts_where_the_rules_do_not_hold(campus: Campus) -> None:
    """Another program has a table of that name, and nobody else may change it."""
    other = PacketFilter()
    other.run(f"add table inet {campus.names.table} {{ flags owner; }}")
    with pytest.raises(MachineFailed, match="rules around the machines"):
        campus.enter()
    other.close()
    campus.enter()


def test_nothing_is_left(campus: Campus) -> None:
    campus.enter()
    campus.undo.close()
    assert campus.names.table not in rules()
    assert campus.names.bridge not in subprocess.run(["ip", "link"], check=True, capture_output=True, text=True).stdout


def test_a_machine_that_is_just_being_started_is_not_taken_for_one_that_went_off(
    outside: Space, campus: Campus
) -> None:
    machine, _ = campus.enter(), campus.enter()
    campus.network.follow({}, set())
    assert greets(INTERNET, source=machine.space)
    with campus.at_later(seconds=guest_network.START_SECONDS + 1):
        campus.network.follow({}, {"machine21001"})
    assert campus.network.address("machine21000") == ""
    assert campus.network.address("machine21001")
    assert not greets(INTERNET, source=machine.space)


def test_the_network_stays_while_there_is_another_machine(campus: Campus) -> None:
    campus.enter()
    campus.network.remove(unless=lambda: True)
    assert campus.names.table in rules()


def test_a_taken_port_for_names_holds_up_no_machine_and_is_used_once_it_is_free(
    outside: Space, new_campus: NewCampus
) -> None:
    campus = new_campus(NetworkSettings(resolvers=(INTERNET,)))
    own = str(gateway(candidates(campus.names)[0]))
    with socket.socket() as other:
        other.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND of ip(7): the network is not there yet
        other.bind((own, 53))
        other.listen()
        machine = campus.enter()
        assert machine.gateway == own
        assert greets(INTERNET, source=machine.space)
        assert looked_up(machine, "allowed.example.org") == ""
    until(lambda: looked_up(machine, "allowed.example.org") == f"0 {INTERNET}", "it answers", seconds=60)
