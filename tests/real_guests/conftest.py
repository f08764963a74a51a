"""One installation for every test that asks, the disks of all variants, and how long the steps took."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from galeria.adapters.engine import kvm_probe
from tests.real_guests.guest_disks import GuestDisks
from tests.real_guests.guest_walk import WORK_SECONDS
from tests.real_guests.timeline import Timeline
from tests.rules.sources import ROOT
from tests.system.server_process import ServerProcess, living, open_gallery

# Each process gives its machines other ports than the other one, and than other tests that run on this computer.
FIRST_PORT, PORTS = 53000, 500

TIMELINES = pytest.StashKey[list[Timeline]]()


@pytest.fixture(scope="session")
def disks() -> GuestDisks:
    found = GuestDisks(ROOT / ".cache" / "real-guests")
    found.remove_others()
    return found


@pytest.fixture(scope="session")
def workshop() -> Iterator[Path]:
    """Unlike pytest's own folders, one that QEMU's user may pass."""
    folder = Path(tempfile.mkdtemp(prefix="galeria-guests-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def probed(workshop: Path) -> Path:
    memory = workshop / "acceleration.json"
    kvm_probe.find_acceleration(memory)
    return memory


@pytest.fixture
def server_process(workshop: Path, probed: Path, tmp_path: Path, worker_id: str) -> Iterator[ServerProcess]:
    """Served, with two regions and a gallery."""
    folder = Path(tempfile.mkdtemp(prefix="server-", dir=workshop))
    folder.chmod(0o755)
    number = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    first = FIRST_PORT + number * PORTS
    with living(folder, probed=probed, log=tmp_path / "galeria.log") as server_process:
        server_process.settle(
            f"[machines]\nfirst_ssh_port = {first}\nlast_ssh_port = {first + PORTS - 1}\nboot_seconds = 1200\n"
        )
        server_process.start()
        open_gallery(server_process.galeria)
        yield server_process
        _keep_consoles(server_process, tmp_path)
        for lab in server_process.galeria.labs.list():
            server_process.galeria.wait(server_process.galeria.labs.delete(lab["id"]), seconds=WORK_SECONDS)
    shutil.rmtree(folder)


@pytest.fixture
def new_timeline(pytestconfig: pytest.Config) -> Callable[[str], Timeline]:
    def make(name: str) -> Timeline:
        timeline = Timeline(name)
        pytestconfig.stash.setdefault(TIMELINES, []).append(timeline)
        return timeline

    return make


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Of the processes that test side by side, none writes to the terminal itself: see `tests/conftest.py`."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["told"] = [*output.get("told", ()), *_lines(session.config)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in _lines(config):
        terminalreporter.write_line(line)


def _keep_consoles(server_process: ServerProcess, folder: Path) -> None:
    """What the machines said, in pytest's own folder, which stays where a test failed."""
    for number, console in enumerate(sorted(server_process.data.glob("regions/*/machines/*/serial.log"))):
        shutil.copyfile(console, folder / f"{number}-{console.parents[2].name}-{console.name}")


def _lines(config: pytest.Config) -> list[str]:
    return [str(each) for each in config.stash.get(TIMELINES, [])]
