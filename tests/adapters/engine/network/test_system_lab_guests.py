"""Real guests: two of one lab that have a network in common, and one of another lab, whose plan gives the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from galeria.adapters.engine import agent
from galeria.adapters.engine.libvirt_engine import LibvirtEngine
from galeria.domain.labs.guest_network import CLOSED, NetworkPolicy
from galeria.ports.machines import Machine
from tests.adapters.engine.conftest import PASSWORD, USER, EngineCase, libvirt_case, ssh
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

ALGEBRA, DRAWING = NetworkPolicy(lab="algebra"), NetworkPolicy(lab="drawing")


@dataclass(frozen=True)
class Labs:
    engine: LibvirtEngine
    case: EngineCase
    first: Machine
    second: Machine
    stranger: Machine

    def greets(self, source: Machine, target: Machine) -> bool:
        """Whether the SSH server of one guest greets another one."""
        script = 'nc -w 4 "$1" 22 < /dev/null; true'
        address = self.engine.address(target)
        return "SSH-" in agent.execute(self.engine.domain(source), script, address).output


@pytest.fixture
def labs(work: Path, guest_image: Path, probed: Path) -> Iterator[Labs]:
    case, engine = libvirt_case(work, guest_image, probed)
    machines = [case.ensure() for _ in range(3)]
    try:
        for machine, policy in zip(machines, (ALGEBRA, ALGEBRA, DRAWING), strict=True):
            engine.start(machine, ssh=True, policy=policy)
        for machine in machines:
            case.wait(machine)
        yield Labs(engine, case, *machines)
    finally:
        case.clean()
        engine.close()


def test_guests_of_a_lab_reach_each_other_and_a_guest_of_another_lab_reaches_neither(labs: Labs) -> None:
    first, second, stranger = labs.first, labs.second, labs.stranger
    for machine in (first, second, stranger):
        place = (labs.engine.address(machine), 22)
        assert ssh(place, USER, PASSWORD, "true") == "", "its server answers this host"
    for source, target in ((first, second), (second, first)):
        until(lambda a=source, b=target: labs.greets(a, b), "they reach each other", seconds=60)  # type: ignore[misc]
    for mate in (first, second):
        assert not labs.greets(stranger, mate)
        assert not labs.greets(mate, stranger)
    gateway = ".".join([*labs.engine.address(first).split(".")[:2], "0", "1"])
    assert not agent.execute(labs.engine.domain(first), f"nc -w 4 {gateway} 22 < /dev/null; true").output
    labs.engine.follow_policies({first: CLOSED})
    assert not labs.greets(first, second)
    assert not labs.greets(second, first)
