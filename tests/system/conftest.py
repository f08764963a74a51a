"""A server for every test that asks, and images for it. Nothing of either is left on the host."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from galeria.adapters.engine import kvm_probe
from galeria.bootstrap.demo_host import build_demo_files
from galeria.interfaces.demo.people import DemoFiles
from tests.system.disks import write_bulky
from tests.system.server_process import ServerProcess, living, open_gallery

LOG = "galeria.log"  # in pytest's own folders, which stay for a while

NewBulky = Callable[[], Path]


@pytest.fixture(scope="session")
def workshop() -> Iterator[Path]:
    """Unlike pytest's own folders, one that QEMU's user may pass."""
    folder = Path(tempfile.mkdtemp(prefix="galeria-system-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def probed(workshop: Path) -> Path:
    memory = workshop / "acceleration.json"
    kvm_probe.find_acceleration(memory)
    return memory


@pytest.fixture(scope="session")
def material(workshop: Path) -> DemoFiles:
    return build_demo_files(workshop / "material")


@pytest.fixture(scope="session")
def linux(material: DemoFiles) -> Path:
    """The small Linux that all the material is made of, raw."""
    return material.qcow2.with_suffix(".raw")


@pytest.fixture
def new_bulky(linux: Path, tmp_path: Path) -> Iterator[NewBulky]:
    """Makes disks that take a while: the small Linux with 256 MiB behind its partitions that no store has seen."""

    made = tmp_path / "bulky.raw"

    def make() -> Path:
        return write_bulky(made, linux)

    yield make
    made.unlink(missing_ok=True)


@pytest.fixture
def folder(workshop: Path) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="server-", dir=workshop))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def unstarted_server(folder: Path, probed: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    """Not started yet, so that its settings can be written."""
    with living(folder, probed=probed, log=tmp_path / LOG) as server_process:
        yield server_process


@pytest.fixture
def server_process(unstarted_server: ServerProcess) -> ServerProcess:
    """Served, with a gallery attached to its lab account."""
    start_with_gallery(unstarted_server)
    return unstarted_server


@pytest.fixture(scope="module")
def campus(workshop: Path, probed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that the tests of one module share, as costs and machines of one do not disturb the others."""
    made = Path(tempfile.mkdtemp(prefix="server-", dir=workshop))
    made.chmod(0o755)
    with living(made, probed=probed, log=tmp_path_factory.mktemp("campus") / LOG) as server_process:
        start_with_gallery(server_process)
        yield server_process
    shutil.rmtree(made)


def start_with_gallery(server_process: ServerProcess, *options: str) -> None:
    server_process.start(*options)
    open_gallery(server_process.galeria)
