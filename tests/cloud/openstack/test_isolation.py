"""What machines in a real cloud reach, and who reaches them: asked by probes inside of them, and outside."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from galeria.adapters.openstack import isolation
from galeria.adapters.openstack.checks import check_cloud
from galeria.adapters.openstack.cloud import Cloud
from galeria.adapters.openstack.groups import SecurityGroups
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.guest_network import CLOSED, OPEN, Internet, NetworkPolicy
from galeria.domain.labs.ways_in import WayIn
from galeria.ports.machines import Machine
from tests.adapters.engine.network.world import (
    INTERNET,
    METADATA,
    PRIVATE,
    THERE,
    Space,
    ear,
    greets,
    internet,
    serving,
)
from tests.cloud.openstack.campus import REGION, Campus
from tests.cloud.servers.openstack import OpenStackCloud
from tests.cloud.servers.openstack_catalog import without_port_security
from tests.cloud.servers.openstack_settings import GATEWAY, WIRE
from tests.waiting import until

pytestmark = pytest.mark.timeout(1500)  # of the first one the start of the cloud is a part

BOOT_SECONDS = 600.0
CHANGE_SECONDS = 300.0
CUT_OFF_SECONDS = 12.0  # after which a sign-in that a change may have cut off is given up, and tried again
TRICKS = """
sudo ip address add 10.77.0.250/32 dev eth0
sudo ping -c 1 -W 1 -I 10.77.0.250 {gateway}
sudo arping -c 1 -w 1 -I eth0 -s 10.77.0.250 {gateway}
sudo ip address del 10.77.0.250/32 dev eth0
nc -w 4 {internet} 8000 < /dev/null
true
"""


@pytest.fixture
def outside() -> Iterator[Space]:
    with internet() as space:
        yield space


def test_a_machine_reaches_what_its_plan_lets_and_is_reached_from_here_alone(region: Campus, outside: Space) -> None:
    engine = region.engine
    first, second = region.made(), region.made()
    for machine in (first, second):
        engine.start(machine, ssh=True, policy=OPEN)
    for machine in (first, second):
        engine.wait_ready(machine, way=WayIn.SSH, seconds=BOOT_SECONDS)

    with serving(None, "0.0.0.0"):
        assert region.reaches(first, INTERNET)
        assert region.reaches(first, PRIVATE), "an exception of the settings"
        for address in (GATEWAY, METADATA):
            assert greets(address), "it is there to be reached"
            assert not region.reaches(first, address), address
    assert not region.reaches(first, engine.address(second), 22), "its neighbour"
    _is_reached_from_this_host_alone(region, first, outside)
    _cannot_say_it_is_another(region, first)
    _follow_their_plans(region, first, second)

    engine.remove_machine(first)
    assert region.groups().all()
    engine.remove_machine(second)
    assert region.groups().all() == []


def _follow_their_plans(region: Campus, first: Machine, second: Machine) -> None:
    """Both run with the whole internet. The first one is off at the end."""
    engine = region.engine
    engine.follow_policies({first: CLOSED, second: OPEN})
    until(
        lambda: _told(region, first, INTERNET) is False,
        "the change has reached the cloud's firewall",
        seconds=CHANGE_SECONDS,
    )
    assert region.reaches(first, PRIVATE)
    assert region.reaches(second, INTERNET)

    algebra = NetworkPolicy(internet=Internet.CLOSED, lab="algebra")
    engine.follow_policies({first: algebra, second: algebra})
    (lab,) = (each for each in region.groups().all() if each.name == "lab-algebra")
    ids = {region.server(machine) for machine in (first, second)}
    assert {port.server for port in region.groups().ports() if lab.id in port.groups} == ids
    place = engine.address(first)
    until(lambda: _told(region, second, place) is True, "machines of a lab reach each other", seconds=CHANGE_SECONDS)
    listed = NetworkPolicy(internet=Internet.NAMES, names=("allowed.example.org",))
    engine.follow_policies({first: listed, second: OPEN})
    until(lambda: _told(region, second, place) is False, "they have no lab in common", seconds=CHANGE_SECONDS)
    until(lambda: _told(region, first, INTERNET) is False, "it is closed", seconds=CHANGE_SECONDS)

    def without_lab() -> bool:
        engine.follow_policies({first: listed, second: OPEN})  # after the next look at the ports
        return {each.name for each in region.groups().all()} == {"machines", "internet"}

    until(without_lab, "the lab needs none any more", seconds=120)
    engine.stop(first, seconds=60)
    with pytest.raises(MachineFailed, match="only names on a list"):
        engine.start(first, ssh=True, policy=listed)


def _told(region: Campus, machine: Machine, address: str, port: int = 8000) -> bool | None:
    """As `reaches`, and None where nobody could ask: Neutron forgets a port's connections when its groups change."""
    try:
        return replace(region, silence=CUT_OFF_SECONDS).reaches(machine, address, port)
    except MachineFailed:
        return None


def _is_reached_from_this_host_alone(region: Campus, machine: Machine, outside: Space) -> None:
    address = region.engine.address(machine)
    ask = ["timeout", "5", "bash", "-c", f"exec 3<>/dev/tcp/{address}/22; head -c 4 <&3"]
    outside.run("ip", "route", "replace", "10.77.0.0/24", "via", "198.51.100.5")
    assert outside.run(*ask, check=False) == "", "somebody else"
    both = replace(region.access, reached_from=(f"{GATEWAY}/32", f"{THERE}/32"))
    isolation.Isolation(Cloud(both), region.groups()).apply({region.server(machine): OPEN})
    until(lambda: outside.run(*ask, check=False) == "SSH-", "somebody whom the settings name", seconds=120)
    region.engine.start(machine, ssh=True, policy=OPEN)
    until(lambda: outside.run(*ask, check=False) == "", "they do so no more", seconds=120)
    for port in (3389, 8000):
        region.inside(machine, f"setsid nc -ll -p {port} -e echo hello < /dev/null > /dev/null 2>&1 &")
        assert region.reaches(machine, address, port), "it is there to be reached"
    assert _hears(address, 3389)
    assert not _hears(address, 8000), "another port than those of its services"


def _hears(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), 5) as line:
            return line.recv(99) != b""
    except OSError:
        return False


def _cannot_say_it_is_another(region: Campus, machine: Machine) -> None:
    with ear(WIRE) as heard:
        region.inside(machine, TRICKS.format(gateway=GATEWAY, internet=INTERNET))
        assert heard.until(lambda frame: frame[36:38] == (8000).to_bytes(2))
    false = [10, 77, 0, 250]
    assert not [frame for frame in heard.heard if bytes(false) in frame[:42]]


def test_what_somebody_changes_in_the_cloud_is_put_right(region: Campus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "FRESH_SECONDS", 0.0)
    machine = region.made()
    region.engine.start(machine, ssh=True, policy=CLOSED)
    groups, server = region.groups(), region.server(machine)
    (port,) = groups.ports(server)
    (group,) = groups.all()
    assert group.name == "machines"
    assert port.groups == {group.id}
    cloud = Cloud(region.access)
    wide = {"security_group_id": group.id, "direction": "ingress", "remote_ip_prefix": "0.0.0.0/0"}
    cloud.network("POST", "/security-group-rules", json={"security_group_rule": wide})
    groups.give(port, [])
    region.engine.follow_policies({machine: CLOSED})
    (mended,) = groups.all()
    assert mended.rules.keys() == group.rules.keys()
    assert groups.ports(server) == [port]
    region.engine.follow_policies({machine: OPEN})
    (open_port,) = groups.ports(server)
    assert len(open_port.groups) == 2


def test_where_nothing_limits_machines_none_starts(campus: OpenStackCloud, region: Campus) -> None:
    machine = region.made()
    with without_port_security(campus.layout):
        with pytest.raises(MachineFailed, match="Port security is switched off") as told:
            region.engine.start(machine, ssh=True, policy=OPEN)
        (said,) = [each for each in check_cloud(REGION, region.access, []) if each.name.endswith("isolation")]
    assert "--enable-port-security" in str(told.value.hint)
    assert (said.ok, said.required) == (False, True)
    (said,) = [each for each in check_cloud(REGION, region.access, []) if each.name.endswith("isolation")]
    assert (said.ok, said.found) == (True, f"machines are reached from {GATEWAY}/32 alone")
    assert region.engine.running() == set()


def test_hosts_that_settings_name_are_those_that_reach_machines(region: Campus) -> None:
    access = replace(region.access, reached_from=("10.3.0.20/32", "10.3.1.0/24"))
    groups = SecurityGroups(Cloud(access), installation=region.installation, region=REGION)
    rules = isolation.Isolation(Cloud(access), groups)
    with ExitStack() as undo:
        undo.callback(rules.remove)
        (id,) = rules.groups_of_new(CLOSED)
        assert rules.groups_of_new(CLOSED) == [id]
        (made,) = groups.all()
        ways = {(rule.direction, rule.peer, rule.port) for rule in made.rules}
        assert ways == {("ingress", peer, port) for peer in access.reached_from for port in (22, 3389)}
    assert groups.all() == []
