"""An OpenStack that runs once for all tests here, and what they bring into it."""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.openstack.machines import open_cloud
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.domain.labs.guest_network import NetworkException
from galeria.domain.regions import CloudAccess
from galeria.guests import build_guest, get_sources
from galeria.ports.machines import VmEngine
from galeria.ports.progress import unheard
from tests.adapters.engine.network.world import PRIVATE
from tests.adapters.store.conftest import sqlite as sqlite
from tests.adapters.store.fixtures import StoreFixture
from tests.cloud.openstack.campus import REGION, Campus
from tests.cloud.openstack.installation import CAMPUS, PATIENCE, SETTINGS, installation_of
from tests.cloud.servers.openstack import OpenStackCloud, running_openstack
from tests.system import server_process
from tests.system.server_process import ServerProcess, open_gallery


@pytest.fixture(scope="session")
def campus() -> Iterator[OpenStackCloud]:
    """Unlike in pytest's own folders, QEMU's user may pass through its folder."""
    folder = Path(tempfile.mkdtemp(prefix="galeria-openstack-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        with running_openstack(folder) as cloud:
            yield cloud
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def access(campus: OpenStackCloud) -> CloudAccess:
    return CloudAccess(name=campus.cloud, network="campus", file=str(campus.clouds))


@pytest.fixture
def region(access: CloudAccess, tmp_path: Path, sqlite: sa.Engine, linux: Path) -> Iterator[Campus]:
    """What no machine of the installation leaves in the cloud. Its machines may reach one private address."""
    installation = uuid.uuid4().hex[:12]
    licences = NetworkException(network=IPv4Network(f"{PRIVATE}/32"), protocol="tcp", port=8000)
    engine, cache = open_cloud(
        REGION, access, installation=installation, data=tmp_path / "data", exceptions=(licences,)
    )
    store = StoreFixture(tmp_path, DatabaseChunkIndex(sqlite)).store(REGION, scale=16)
    with open_image(linux, "raw") as disk:
        base = store.capture(disk, parent=None, pin=lambda _: None, progress=unheard).digest
    cache.ensure_base(REGION, base, store, progress=unheard)
    yield Campus(engine=engine, cache=cache, access=access, installation=installation, base=base)
    for machine in engine.machines():
        engine.remove_machine(machine)
    cache.remove_base(REGION, base)


@pytest.fixture(scope="session")
def linux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Linux, generalized, raw."""
    made = tmp_path_factory.mktemp("guest") / "linux.raw"
    build_guest(made, sources=get_sources(Path.home() / ".cache" / "galeria" / "guests"))
    return made


@pytest.fixture
def server(campus: OpenStackCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerProcess]:
    """Served, with a gallery."""
    monkeypatch.setattr(server_process, "WORK_SECONDS", PATIENCE)
    folder = Path(tempfile.mkdtemp(prefix="galeria-chain-", dir="/var/tmp"))
    folder.chmod(0o755)
    process = ServerProcess(folder, probed=folder / "none", log=folder / "server.log")
    try:
        shutil.copy(campus.clouds, process.data / "clouds.yaml")
        process.settle(SETTINGS.format(cloud=campus.cloud))
        process.start()
        open_gallery(process.galeria)
        yield process
        process.leave()
    finally:
        process.sweep()
        shutil.rmtree(folder)


@pytest.fixture
def cloud_machines(server: ServerProcess, access: CloudAccess) -> VmEngine:
    """To look at the installation's machines in the cloud from outside."""
    return open_cloud(CAMPUS, access, installation=installation_of(server), data=server.data)[0]
