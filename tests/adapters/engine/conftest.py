"""Folders that QEMU's user can reach, a bootable guest image, and one case per engine for the contract."""

import asyncio
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncssh
import pytest

from galeria.adapters.engine import agent, kvm_probe
from galeria.adapters.engine.layout import Layout
from galeria.adapters.engine.libvirt_engine import LibvirtEngine
from galeria.adapters.fakes.engine import FakeEngine
from galeria.adapters.identity.secrets import ArgonSecretHasher
from galeria.adapters.inspection.disk_changer import ApplianceDiskChanger
from galeria.domain.labs.guest_network import NetworkSettings
from galeria.domain.labs.ways_in import WayIn
from galeria.domain.reach.relay import Service, service_address
from galeria.guests import GuestSources, build_guest, get_sources
from galeria.ports.disks import Content, DiskSource
from galeria.ports.machines import FirstBoot, Machine, MachineSpec, VmEngine
from tests.servers.ports import free_port

REGION = "brazilsouth"
DIGEST = "a" * 64
GUEST_MIB = 256
# Behind the guest's partitions, so that raw writes there disturb nobody.
FREE_OFFSET = 200 << 20
SCRATCH = Path.home() / ".cache" / "galeria" / "guests"

USER, PASSWORD = "alice", "Old-Secret-123"
BOOT_SECONDS = 120.0


@pytest.fixture
def regenerate(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--regenerate"))


@pytest.fixture
def work() -> Iterator[Path]:
    """Unlike pytest's own, a folder that every user may pass."""
    folder = Path(tempfile.mkdtemp(prefix="galeria-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def sources() -> GuestSources:
    return get_sources(SCRATCH)


@pytest.fixture(scope="session")
def guest_image(sources: GuestSources) -> Iterator[Path]:
    """A generalized Linux that boots in both generations."""
    folder = Path(tempfile.mkdtemp(prefix="galeria-test-guest-", dir="/var/tmp"))
    image = folder / "guest.raw"
    build_guest(image, sources=sources, disk_mib=GUEST_MIB)
    yield image
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def probed() -> Iterator[Path]:
    """What the probe of the acceleration found, found once: each engine would otherwise wait 6 s on a host like this."""
    with tempfile.TemporaryDirectory(prefix="galeria-test-probe-") as folder:
        memory = Path(folder) / "acceleration.json"
        kvm_probe.find_acceleration(memory)
        yield memory


def password_hash(password: str) -> str:
    """As Galeria's own: with passlib's number of rounds each sign-in would take an emulated guest seconds more."""
    return ArgonSecretHasher().unix_hash(password)


def first_boot() -> FirstBoot:
    return FirstBoot(
        instance_id=uuid.uuid4().hex,
        host_name="lab-one",
        user_name=USER,
        password_hash=password_hash(PASSWORD),
    )


def new_spec(generation: str = "V1") -> MachineSpec:
    return MachineSpec(
        machine=Machine(id=uuid.uuid4().hex, region=REGION),
        base=DIGEST,
        generation=generation,
        vcpus=1,
        memory_mib=256,
        ssh_port=free_port(),
        title="a test",
    )


def place_base(data_dir: Path, image: Path) -> Path:
    """Put an image into the cache as `ensure_base` would leave it."""
    layout = Layout(data_dir)
    layout.ensure_cache_folder(REGION)
    base = layout.base(REGION, DIGEST)
    subprocess.run(["cp", "--sparse=always", image, base], check=True)
    base.chmod(0o444)
    return base


@dataclass(frozen=True, kw_only=True)
class EngineCase:
    """An engine, a machine's specification and a hand inside the guest."""

    engine: VmEngine
    base: Path
    write: Callable[[Machine, int, bytes], None]
    made: list[Machine] = field(default_factory=list)

    def ensure(self, *, generation: str = "V1") -> Machine:
        return self.specified(generation=generation).machine

    def specified(self, *, generation: str = "V1") -> MachineSpec:
        spec = new_spec(generation)
        self.made.append(spec.machine)
        self.engine.ensure_machine(spec, first_boot())
        return spec

    def with_card(self, address: str) -> MachineSpec:
        spec = replace(new_spec(), card_address=address)
        self.made.append(spec.machine)
        self.engine.ensure_machine(spec, first_boot())
        return spec

    def running(self) -> Machine:
        machine = self.ensure()
        self.boot(machine, ssh=False)
        return machine

    def boot(self, machine: Machine, *, ssh: bool) -> None:
        self.engine.start(machine, ssh=ssh)
        self.wait(machine)

    def wait(self, machine: Machine, way: WayIn = WayIn.AGENT) -> None:
        self.engine.wait_ready(machine, way=way, seconds=BOOT_SECONDS)

    def clean(self) -> None:
        for machine in self.made:
            self.engine.remove_machine(machine)


def fake_case(work: Path) -> EngineCase:
    engine = FakeEngine(work)
    base = work / REGION / "cache" / f"{DIGEST}.raw"
    base.parent.mkdir(parents=True)
    with base.open("wb") as file:
        file.write(b"boot" * 50_000)
        file.truncate(GUEST_MIB << 20)
    return EngineCase(engine=engine, base=base, write=engine.write)


def libvirt_case(
    work: Path,
    image: Path,
    probed: Path,
    *,
    changer: ApplianceDiskChanger | None = None,
    network: NetworkSettings | None = None,
) -> tuple[EngineCase, LibvirtEngine]:
    base = place_base(work, image)
    if probed.exists():  # a host without KVM has nothing to remember
        shutil.copy(probed, Layout(work).probe())
    engine = LibvirtEngine(work, installation=f"test{uuid.uuid4().hex[:8]}", changer=changer, network=network)

    def write(machine: Machine, offset: int, data: bytes) -> None:
        script = 'dd of=/dev/vda bs=65536 seek="$1" conv=notrunc,fsync 2>/dev/null'
        assert offset % 65536 == 0
        agent.execute(engine.domain(machine), script, str(offset // 65536), stdin=data)

    return EngineCase(engine=engine, base=base, write=write), engine


@pytest.fixture(params=["fake", pytest.param("libvirt", marks=pytest.mark.system)])
def case(request: pytest.FixtureRequest, work: Path) -> Iterator[EngineCase]:
    if request.param == "fake":
        yield fake_case(work)
        return
    image, probed = request.getfixturevalue("guest_image"), request.getfixturevalue("probed")
    made, engine = libvirt_case(work, image, probed)
    yield made
    made.clean()
    engine.close()


@dataclass(frozen=True, kw_only=True)
class LibvirtCase:
    engine: LibvirtEngine
    case: EngineCase
    data_dir: Path


@pytest.fixture
def libvirt(work: Path, guest_image: Path, probed: Path) -> Iterator[LibvirtCase]:
    made, engine = libvirt_case(work, guest_image, probed)
    yield LibvirtCase(engine=engine, case=made, data_dir=work)
    made.clean()
    engine.close()


def tally(disk: DiskSource) -> dict[Content, int]:
    """Bytes of each kind; checks on the way that the extents cover the disk without gap or overlap."""
    counted = dict.fromkeys(Content, 0)
    reached = 0
    for extent in disk.extents():
        assert extent.offset == reached
        assert extent.length > 0
        reached += extent.length
        counted[extent.content] += extent.length
    assert reached == disk.size
    return counted


def apply_changes(disk: DiskSource, parent: Path, target: Path) -> None:
    """Write to `target` what the parent with the changes on it is."""
    subprocess.run(["cp", "--sparse=always", parent, target], check=True)
    target.chmod(0o644)
    reader = disk.reader()
    with target.open("r+b") as file:
        for extent in disk.extents():
            if extent.content is Content.PARENT:
                continue
            file.seek(extent.offset)
            is_data = extent.content is Content.DATA
            file.write(reader.read(extent.offset, extent.length) if is_data else bytes(extent.length))
    reader.close()


def place_of(engine: VmEngine, spec: MachineSpec) -> tuple[str, int]:
    """Where this host reaches the machine's SSH."""
    return service_address(engine.address(spec.machine), spec.ssh_port, Service.SSH)


def ssh(place: tuple[str, int], user: str, password: str, command: str, *, key: asyncssh.SSHKey | None = None) -> str:
    """Log in and run a command; a listener that is just starting or being restarted is tried again."""
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        try:
            return asyncio.run(_ssh(place, user, password, command, key))
        except (ConnectionResetError, asyncssh.ConnectionLost):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


async def _ssh(place: tuple[str, int], user: str, password: str, command: str, key: asyncssh.SSHKey | None) -> str:
    options = {
        "username": user,
        "password": password,
        "known_hosts": None,
        "client_keys": [key] if key else None,
        "config": None,
    }
    async with asyncssh.connect(*place, login_timeout=60, **options) as connection:
        done = await connection.run(command, check=True)
        return str(done.stdout)
