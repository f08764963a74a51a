"""Two real guests: what a probe inside of one of them reaches, and what of its tricks is heard outside."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from galeria.adapters.engine import agent
from galeria.adapters.engine.libvirt_engine import LibvirtEngine
from galeria.adapters.engine.network.plan import Names
from galeria.domain.labs.guest_network import CLOSED, Internet, NetworkPolicy, NetworkSettings
from galeria.domain.labs.ways_in import WayIn
from galeria.ports.machines import Machine
from tests.adapters.engine.conftest import PASSWORD, USER, EngineCase, libvirt_case, ssh
from tests.adapters.engine.network.world import (
    HERE,
    INTERNET,
    METADATA,
    OTHER,
    PRIVATE,
    THERE,
    Space,
    ear,
    greets,
    hardware,
    host,
    own_address,
    serving,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

LISTED = NetworkPolicy(internet=Internet.NAMES, names=("allowed.example.org",))
MARK = b"\x00\x09"  # the port of the last frame that is sent
# As root of the machine: another's address, a stranger's, IPv6, a stranger's card, the gateway's address.
TRICKS = """
for address in {other} 8.8.4.4 {gateway}; do
    ip address add $address/32 dev eth0
    ping -c 1 -W 1 -I $address {gateway}
    arping -c 1 -w 1 -I eth0 -s $address {mate}
    arping -U -c 1 -w 1 -I eth0 -s $address $address
    ip address del $address/32 dev eth0
done
ip -6 address add fe80::1234/64 dev eth0
ping6 -c 1 -W 1 -I eth0 ff02::1
ip link set eth0 down; ip link set eth0 address 52:54:00:66:66:66; ip link set eth0 up
ip address add {mine}/16 dev eth0
arping -c 1 -w 1 -I eth0 {gateway}
ip link set eth0 down; ip link set eth0 address {mac}; ip link set eth0 up
ip address add {mine}/16 dev eth0; ip route add default via {gateway}
nc -w 2 {gateway} 9 < /dev/null
true
"""


@dataclass(frozen=True)
class Pair:
    engine: LibvirtEngine
    case: EngineCase
    first: Machine
    second: Machine
    data: Path

    def reaches(self, address: str, port: int = 8000) -> bool:
        """Whether a server answers the probe in the first machine."""
        script = 'nc -w 4 "$1" "$2" < /dev/null; true'
        return bool(agent.execute(self.engine.domain(self.first), script, address, str(port)).output)

    def inside(self, script: str) -> str:
        return agent.execute(self.engine.domain(self.first), script).output

    @property
    def address(self) -> str:
        return self.engine.address(self.first)

    @property
    def gateway(self) -> str:
        return ".".join([*self.address.split(".")[:2], "0", "1"])

    @property
    def bridge(self) -> str:
        return Names(self.engine._installation).bridge


@pytest.fixture
def pair(work: Path, guest_image: Path, probed: Path, outside: Space) -> Iterator[Pair]:
    case, engine = libvirt_case(work, guest_image, probed, network=NetworkSettings(resolvers=(INTERNET,)))
    first, second = case.ensure(), case.ensure()
    try:
        engine.start(first, ssh=False, policy=LISTED)
        engine.start(second, ssh=True)
        case.wait(first)
        case.wait(second, WayIn.SSH)
        case.wait(second)  # its agent is asked as well, and may come up after the SSH server
        yield Pair(engine=engine, case=case, first=first, second=second, data=work)
    finally:
        case.clean()
        engine.close()


def test_a_probe_inside_reaches_what_the_plan_lets_and_nothing_else(pair: Pair) -> None:
    other = pair.engine.address(pair.second)
    assert not pair.reaches(INTERNET)
    assert INTERNET in pair.inside("nslookup -type=a allowed.example.org; true")
    assert pair.reaches(INTERNET), "the permitted name"
    assert OTHER not in pair.inside("nslookup -type=a other.example.org; true")
    assert not pair.reaches(OTHER)
    for policy in (NetworkPolicy(), CLOSED, LISTED):
        pair.engine.follow_policies({pair.first: policy})
        assert pair.reaches(OTHER) is (policy == NetworkPolicy())
        with serving(None, "0.0.0.0", "::"):
            for address in (pair.gateway, own_address(), HERE, THERE, PRIVATE, METADATA):
                assert greets(address), "it is there to be reached"
                assert not pair.reaches(address), address
            assert not pair.reaches("127.0.0.1"), "its own loopback"
        assert ssh((other, 22), USER, PASSWORD, "true") == "", "its neighbour answers the host"
        assert not pair.reaches(other, 22)
    _try_loopback(pair)
    _play_tricks(pair, other)


def _try_loopback(pair: Pair) -> None:
    """127.0.0.1 of the host by way of the gateway, and IPv6 over the card."""
    pair.engine.follow_policies({pair.first: NetworkPolicy()})
    route = (
        f"ip route add 127.0.0.2/32 via {pair.gateway} dev eth0; echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet"
    )
    pair.inside(f"{route}; true")
    with serving(None, "127.0.0.2", "::"):
        assert greets("127.0.0.2"), "it is there to be reached"
        assert not pair.reaches("127.0.0.2")
        assert "inet6" not in host("ip", "-6", "address", "show", "dev", pair.bridge)


def _play_tricks(pair: Pair, other: str) -> None:
    mac = pair.inside("cat /sys/class/net/eth0/address").strip()
    said = {"other": other, "gateway": pair.gateway, "mine": pair.address, "mate": other, "mac": mac}
    with ear(pair.bridge) as heard:
        pair.inside(TRICKS.format(**said))
        assert heard.until(lambda frame: frame[36:38] == MARK)
    mine = hardware(mac), bytes(map(int, pair.address.split(".")))
    seen = {(frame[6:12], _source(frame)) for frame in heard.heard if frame[6:12] != hardware(_mac_of(pair, other))}
    assert seen == {mine}, "nothing but the machine's own addresses was heard"
    assert pair.reaches(OTHER), "and it goes on"


def _source(frame: bytes) -> bytes:
    return {b"\x08\x00": frame[26:30], b"\x08\x06": frame[28:32]}.get(frame[12:14], frame[12:14])


def _mac_of(pair: Pair, address: str) -> str:
    assert address
    return agent.execute(pair.engine.domain(pair.second), "cat /sys/class/net/eth0/address").output.strip()
