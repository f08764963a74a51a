"""Where a host has no bridge for machines each has a network of its own, without a way out; and how it gets into the other."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from galeria.adapters.engine import agent
from galeria.adapters.engine.libvirt_engine import LibvirtEngine
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.guest_network import NetworkSettings
from galeria.ports.machines import MachineSpec, Power
from tests.adapters.engine.conftest import PASSWORD, USER, EngineCase, libvirt_case, place_of, ssh
from tests.adapters.engine.network.world import INTERNET, Space, greets, own_address, serving

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]


@pytest.fixture
def alone(work: Path, guest_image: Path, probed: Path) -> Iterator[tuple[EngineCase, LibvirtEngine]]:
    case, engine = libvirt_case(work, guest_image, probed, network=NetworkSettings(is_bridged=False))
    yield case, engine
    case.clean()
    engine.close()


def reaches(engine: LibvirtEngine, spec: MachineSpec, address: str, port: int = 8000) -> bool:
    script = 'nc -w 4 "$1" "$2" < /dev/null; true'
    return bool(agent.execute(engine.domain(spec.machine), script, address, str(port)).output)


def card(engine: LibvirtEngine, spec: MachineSpec) -> str:
    """How the guest sees its card: name, place in the machine, hardware address."""
    script = "cd /sys/class/net/eth0; readlink device; cat address; cat device/vendor device/device"
    return agent.execute(engine.domain(spec.machine), script).output


def test_a_machine_alone_reaches_nothing_and_changes_to_the_bridge_at_its_next_start(
    work: Path, alone: tuple[EngineCase, LibvirtEngine], outside: Space
) -> None:
    case, engine = alone
    spec = case.specified()
    case.boot(spec.machine, ssh=True)
    assert place_of(engine, spec) == ("127.0.0.1", spec.ssh_port)
    assert ssh(place_of(engine, spec), USER, PASSWORD, "hostname") == "lab-one\n"
    agent.execute(engine.domain(spec.machine), "ip -6 address add fec0::5/64 dev eth0; true")
    with serving(None, "0.0.0.0", "::"):
        for address in ("10.0.2.2", own_address(), INTERNET, "fec0::2"):
            assert address.startswith(("10.0.2", "fec0")) or greets(address), "it is there to be reached"
            assert not reaches(engine, spec, address), address
    before = card(engine, spec)

    bridged = LibvirtEngine(work, installation=_installation(engine))
    bridged.open_ssh(spec.machine)  # it runs since before an upgrade
    assert place_of(bridged, spec) == ("127.0.0.1", spec.ssh_port)
    bridged.stop(spec.machine, seconds=60)
    bridged.start(spec.machine, ssh=True)
    case.wait(spec.machine)
    assert place_of(bridged, spec)[0].startswith("100.")
    assert ssh(place_of(bridged, spec), USER, PASSWORD, "hostname") == "lab-one\n"
    assert card(bridged, spec) == before
    assert reaches(bridged, spec, INTERNET)
    bridged.close()


def test_a_taken_port_is_reported_and_the_start_can_be_repeated(alone: tuple[EngineCase, LibvirtEngine]) -> None:
    case, engine = alone
    spec = case.specified()
    told = pytest.raises(MachineFailed, match=str(spec.ssh_port))
    with socket.create_server(("127.0.0.1", spec.ssh_port)), told:
        engine.start(spec.machine, ssh=True)
    engine.start(spec.machine, ssh=True)
    assert engine.power(spec.machine) is Power.RUNNING


def test_a_second_machine_with_the_same_cards_address_gets_a_network_of_its_own(
    work: Path, guest_image: Path, probed: Path
) -> None:
    """Images exist whose network settings are for one address only; every machine of theirs gets that address."""
    case, engine = libvirt_case(work, guest_image, probed)
    try:
        specs = [case.with_card("52:54:00:0a:0b:0c") for _ in range(2)]
        for spec in specs:
            engine.start(spec.machine, ssh=True)
        first, second = (engine.address(spec.machine) for spec in specs)
        assert first
        assert not second
        engine.stop(specs[0].machine, seconds=0)
        engine.stop(specs[1].machine, seconds=0)
        engine.start(specs[1].machine, ssh=True)
        assert engine.address(specs[1].machine)
    finally:
        case.clean()
        engine.close()


def _installation(engine: LibvirtEngine) -> str:
    found = re.fullmatch(r"galeria-(.*)-", engine._prefix())
    assert found
    return found[1]
