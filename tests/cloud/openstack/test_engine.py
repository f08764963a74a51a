"""Machines of a region in a real OpenStack, through the ports."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.openstack.machines import open_cloud
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.errors import Conflict, MachineFailed, RootDiskNotFound
from galeria.domain.labs.guest_network import Internet, NetworkPolicy
from galeria.domain.labs.hardware import DiskBus, Hardware
from galeria.domain.labs.ways_in import WayIn
from galeria.domain.regions import CloudAccess
from galeria.guests import build_guest, get_sources
from galeria.interfaces.demo.shell import SshShell
from galeria.ports.images import Captured, Digest
from galeria.ports.machines import FirstBoot, ImageCache, Machine, MachineSpec, Power, VmEngine
from galeria.ports.progress import unheard
from tests.adapters.engine.conftest import password_hash
from tests.adapters.store.conftest import sqlite as sqlite
from tests.adapters.store.fixtures import StoreFixture
from tests.cloud.servers.openstack import OpenStackCloud
from tests.cloud.servers.openstack_catalog import quota_of
from tests.rfb import Viewer

pytestmark = pytest.mark.timeout(900)  # of the first one the start of the cloud is a part

REGION, USER, PASSWORD = "campus", "ana", "Course-Work-2026"
BOOT_SECONDS = 600.0
LISTED = NetworkPolicy(internet=Internet.NAMES, names=("allowed.example.org",))
Machines = tuple[VmEngine, ImageCache]


@pytest.fixture
def store(tmp_path: Path, sqlite: sa.Engine) -> RegionStore:
    return StoreFixture(tmp_path, DatabaseChunkIndex(sqlite)).store(REGION, scale=16)


@pytest.fixture
def machines(access: CloudAccess, tmp_path: Path) -> Iterator[Machines]:
    """What no machine of the installation leaves in the cloud."""
    engine, cache = open_cloud(REGION, access, installation=uuid.uuid4().hex[:12], data=tmp_path / "data")
    yield engine, cache
    for machine in engine.machines():
        engine.remove_machine(machine)
    for digest in cache.bases(REGION):
        cache.remove_base(REGION, digest)


@pytest.fixture
def base(machines: Machines, store: RegionStore, linux: Path) -> Digest:
    return brought(machines[1], store, linux)


def brought(cache: ImageCache, store: RegionStore, file: Path) -> Digest:
    """The disk's content, which machines can then be made of."""
    with open_image(file, "raw") as disk:
        digest = store.capture(disk, parent=None, pin=lambda _: None, progress=unheard).digest
    cache.ensure_base(REGION, digest, store, progress=unheard)
    return digest


def new_spec(base: Digest, *, vcpus: int = 1) -> MachineSpec:
    machine = Machine(id=uuid.uuid4().hex, region=REGION)
    return MachineSpec(
        machine=machine, base=base, generation="V1", vcpus=vcpus, memory_mib=256, ssh_port=0, title="lab/t"
    )


def first_boot(spec: MachineSpec) -> FirstBoot:
    return FirstBoot(
        instance_id=spec.machine.id,
        host_name="workbench",
        user_name=USER,
        password_hash=password_hash(PASSWORD),
    )


def started(engine: VmEngine, base: Digest) -> Machine:
    spec = new_spec(base)
    engine.ensure_machine(spec, first_boot(spec))
    engine.start(spec.machine, ssh=True)
    engine.wait_ready(spec.machine, way=WayIn.SSH, seconds=BOOT_SECONDS)
    return spec.machine


def shell_of(engine: VmEngine, machine: Machine) -> SshShell:
    return SshShell(host=engine.address(machine), port=22, user=USER, password=PASSWORD)


def test_a_machine_is_nothing_but_a_plan_until_its_first_start(machines: Machines, base: Digest) -> None:
    engine, cache = machines
    spec = new_spec(base)
    engine.ensure_machine(spec, first_boot(spec))
    engine.ensure_machine(spec, first_boot(spec))
    assert (engine.power(spec.machine), engine.machines()) == (Power.STOPPED, [spec.machine])
    assert engine.running() == set()
    with pytest.raises(Conflict, match="The machine is off"):
        engine.open_console(spec.machine)
    for _ in range(2):
        engine.seal_disk(spec.machine, "first")  # it has what its image has
    assert engine.has_layer(spec.machine, "first")
    engine.remove_machine(spec.machine)
    engine.remove_machine(spec.machine)
    assert (engine.power(spec.machine), engine.machines()) == (Power.ABSENT, [])
    assert cache.bases(REGION) == [base]
    cache.remove_base(REGION, base)
    assert not cache.has_base(REGION, base)


def test_what_the_cloud_has_not_is_said(machines: Machines, base: Digest) -> None:
    engine, _ = machines
    huge = new_spec(base, vcpus=64)
    engine.ensure_machine(huge, first_boot(huge))
    with pytest.raises(MachineFailed, match="no flavor with 64 vCPUs"):
        engine.start(huge.machine, ssh=True)
    with pytest.raises(MachineFailed, match="only names on a list"):
        engine.start(huge.machine, ssh=True, policy=LISTED)


def test_a_quota_that_is_used_up_is_told(campus: OpenStackCloud, machines: Machines, base: Digest) -> None:
    engine, _ = machines
    spec = new_spec(base)
    engine.ensure_machine(spec, first_boot(spec))
    with quota_of(campus.layout, instances=0), pytest.raises(MachineFailed, match="is used up") as told:
        engine.start(spec.machine, ssh=True)
    assert told.value.code == "QuotaExceeded"
    assert (engine.power(spec.machine), engine.running()) == (Power.STOPPED, set())


def test_a_cloud_without_room_is_told_and_asked_anew(machines: Machines, base: Digest) -> None:
    engine, _ = machines
    spec = new_spec(base, vcpus=7)
    engine.ensure_machine(spec, first_boot(spec))
    for _ in range(2):
        with pytest.raises(MachineFailed, match="no computer with room"):
            engine.start(spec.machine, ssh=True)
        assert (engine.power(spec.machine), engine.running()) == (Power.STOPPED, set())
    assert engine.machines() == [spec.machine]


@pytest.mark.timeout(BOOT_SECONDS * 4)
def test_a_machine_starts_is_used_exported_and_removed(machines: Machines, base: Digest, store: RegionStore) -> None:
    engine, _ = machines
    machine = started(engine, base)
    assert engine.running() == {machine.id}
    shell = shell_of(engine, machine)
    assert shell.run("hostname").strip() == "workbench"
    shell.run("echo kept > note; sync")
    assert "galeria-guest: personalised" in engine.observe(machine).console
    with engine.open_console(machine) as wire:
        wire.settimeout(60)
        assert Viewer(wire).look().width > 0

    first = exported(engine, machine, "first", store, parent=base)
    of_image = store.get_manifest(base)
    assert first.size >= of_image.size
    assert 0 < first.new_chunks < of_image.chunks / 4, "what the image has already is not stored again"

    engine.stop(machine, seconds=60)
    assert engine.power(machine) is Power.STOPPED
    engine.start(machine, ssh=True)
    engine.wait_ready(machine, way=WayIn.SSH, seconds=BOOT_SECONDS)
    assert shell_of(engine, machine).run("cat note").strip() == "kept"

    second = exported(engine, machine, "second", store, parent=first.digest, since="first")
    assert 0 < second.new_chunks < of_image.chunks / 4
    assert engine.shorten_chain(machine, longest=8, needed=lambda: {"second"}, rate=0) == 1
    assert (engine.has_layer(machine, "first"), engine.has_layer(machine, "second")) == (False, True)

    kept = Machine(id=uuid.uuid4().hex, region=REGION)
    engine.set_aside(machine, kept)
    assert (engine.power(machine), engine.power(kept)) == (Power.ABSENT, Power.STOPPED)
    engine.bring_back(replace(new_spec(base), machine=machine), kept)
    assert (engine.power(machine), engine.machines()) == (Power.STOPPED, [machine])
    engine.remove_machine(machine)
    assert (engine.power(machine), engine.machines()) == (Power.ABSENT, [])


def exported(
    engine: VmEngine, machine: Machine, layer: str, store: RegionStore, *, parent: Digest, since: str | None = None
) -> Captured:
    engine.seal_disk(machine, layer)
    engine.seal_disk(machine, layer)
    with engine.open_changes(machine, layer, since=since) as disk:
        return store.capture(disk, parent=parent, pin=lambda _: None, progress=unheard)


@pytest.mark.long
@pytest.mark.timeout(BOOT_SECONDS * 4)
def test_a_guest_without_drivers_for_its_bus_is_noticed_and_starts_from_another(
    machines: Machines, store: RegionStore, tmp_path: Path
) -> None:
    engine, cache = machines
    disk = tmp_path / "ide.raw"
    build_guest(
        disk, sources=get_sources(Path.home() / ".cache" / "galeria" / "guests"), drivers=("ata_piix", "sd_mod")
    )
    spec = new_spec(brought(cache, store, disk))
    engine.ensure_machine(spec, first_boot(spec))
    engine.start(spec.machine, ssh=True)
    with pytest.raises(RootDiskNotFound, match="no disk with its system"):
        engine.wait_ready(spec.machine, way=WayIn.SSH, seconds=BOOT_SECONDS)
    other = replace(spec, hardware=Hardware(disk_bus=DiskBus.IDE))
    with pytest.raises(MachineFailed, match="while it runs"):
        engine.change_hardware(other)
    engine.stop(spec.machine, seconds=0)

    engine.change_hardware(other)
    engine.change_hardware(other)
    engine.start(spec.machine, ssh=True)
    engine.wait_ready(spec.machine, way=WayIn.SSH, seconds=BOOT_SECONDS)
    said = shell_of(engine, spec.machine).run("hostname; grep -o '^/dev/sda' /proc/mounts")
    assert said.split() == ["workbench", "/dev/sda"], "what it gets at its first boot was still there"
