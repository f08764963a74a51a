"""Machines that start before their image is on the host: they wait where they must, and never read a wrong byte."""

import hashlib
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from galeria.adapters.bases.files import find_state
from galeria.adapters.bases.server_process import keep_running, stop_serving
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.engine import agent, domain_xml
from galeria.adapters.engine.layout import Layout
from galeria.adapters.engine.libvirt_engine import LibvirtEngine
from galeria.domain.labs.ways_in import WayIn
from galeria.ports.disks import Content
from galeria.ports.machines import MachineSpec
from tests.adapters.bases.conftest import REGION, Served, open_served
from tests.adapters.engine.conftest import (
    BOOT_SECONDS,
    FREE_OFFSET,
    PASSWORD,
    USER,
    apply_changes,
    first_boot,
    new_spec,
    place_of,
    ssh,
    tally,
)
from tests.waiting import until

pytestmark = pytest.mark.system

NEVER = 1000.0  # seconds
SECRET = b"never wrong " * 100_000


@dataclass(frozen=True, kw_only=True)
class Cold:
    """An image in the region's store and a machine made from it, while nothing of it is on the host."""

    engine: LibvirtEngine
    served: Served
    spec: MachineSpec

    def start(self) -> None:
        self.engine.start(self.spec.machine, ssh=True)

    def wait(self, way: WayIn = WayIn.SSH) -> None:
        """Wait as the workflow does, while the periodic jobs do their work."""

        def is_up() -> bool:
            self.look_after()
            return self.engine.is_reachable(self.spec.machine, way)

        until(is_up, f"the machine answers on its way in ({way})", seconds=BOOT_SECONDS, pause=0.1)

    def look_after(self) -> None:
        keep_running(self.served.data)
        if self.is_paused():
            self.engine.resume(self.spec.machine)

    def is_paused(self) -> bool:
        return self.spec.machine.id in self.engine.paused()

    def ask(self, command: str) -> str:
        """Run a command while the periodic jobs do their work: a read that fails then pauses the machine at any moment."""
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(ssh, place_of(self.engine, self.spec), USER, PASSWORD, command)
            while not answer.done():
                self.look_after()
                wait([answer], timeout=0.5)
            return answer.result()

    def source(self) -> str:
        return str(self.engine.domain(self.spec.machine).XMLDesc())


@pytest.fixture
def cold(guest_image: Path, probed: Path, tmp_path: Path) -> Iterator[Cold]:
    disk = tmp_path / "disk.raw"
    shutil.copy(guest_image, disk)
    with disk.open("r+b") as file:
        file.seek(FREE_OFFSET)
        file.write(SECRET)
    with open_raw_file(disk) as source, open_served(source, disk.read_bytes()) as served:
        if probed.exists():
            shutil.copy(probed, Layout(served.data).probe())
        served.data.chmod(0o755)
        engine = LibvirtEngine(served.data, installation=f"test{uuid.uuid4().hex[:8]}")
        spec = replace(new_spec(), base=served.digest)
        yield Cold(engine=engine, served=served, spec=spec)
        engine.remove_machine(spec.machine)
        engine.close()


def test_a_machine_starts_from_a_base_that_is_not_there_and_goes_on_from_the_file(cold: Cold) -> None:
    cold.served.ensure(quiet=NEVER)
    cold.engine.ensure_machine(cold.spec, first_boot())
    cold.start()
    cold.wait()
    assert cold.ask("echo kept > kept; sync; hostname") == "lab-one\n"
    assert "nbd" in cold.source()
    data = cold.served.cache.find_arrival(REGION, cold.served.digest)
    assert data is not None
    assert 0 < data.percent < 90

    # A layer that is closed meanwhile has what was written, and can be stored.
    cold.engine.seal_disk(cold.spec.machine, "one")
    whole = cold.served.data / "one.raw"
    original = cold.served.data / "original.raw"
    original.write_bytes(cold.served.content)
    with cold.engine.open_changes(cold.spec.machine, "one", since=None) as disk:
        assert tally(disk)[Content.DATA] > 0
        apply_changes(disk, original, whole)
    assert cold.engine.changed_pieces(cold.spec.machine, since=None, piece=256 << 10) > 0
    cold.ask("echo after > after; sync")

    cold.served.kill()
    cold.served.ensure_again(quiet=0.2)
    cold.served.until_whole()
    assert cold.served.base.read_bytes() == cold.served.content
    assert cold.ask("cat kept after") == "kept\nafter\n"

    cold.engine.stop(cold.spec.machine, seconds=60)
    stop_serving(cold.served.base)
    cold.start()
    cold.wait()
    assert cold.ask("cat kept after") == "kept\nafter\n"
    assert "nbd" not in cold.source()


def test_a_start_survives_a_killed_process_and_a_region_that_goes_away(cold: Cold) -> None:
    cold.served.ensure(quiet=NEVER)
    cold.engine.ensure_machine(cold.spec, first_boot())
    cold.start()
    until(lambda: find_state(cold.served.folder).served_bytes > 1 << 20, "the machine reads", seconds=60)
    cold.served.kill()
    until(cold.is_paused, "the machine is paused", seconds=60)
    cold.wait()
    domain = cold.engine.domain(cold.spec.machine)
    assert domain_xml.disk_of(domain.XMLDesc()).exists()
    cold.wait(WayIn.AGENT)  # which may come up after the SSH server, and is asked once the region is away

    with cold.served.away():
        place, count = FREE_OFFSET >> 12, len(SECRET) >> 12
        script = f"dd if=/dev/vda bs=4096 skip={place} count={count} | sha256sum > /tmp/sum; touch /tmp/done"
        agent.execute(domain, f"({script}) >/dev/null 2>&1 &")
        until(cold.is_paused, "the machine is paused", seconds=60)
        arrival = cold.served.cache.find_arrival(REGION, cold.served.digest)
        assert arrival is not None
        assert arrival.problem
        cold.engine.resume(cold.spec.machine)  # in vain
        until(cold.is_paused, "the machine is paused", seconds=60)
    until(lambda: "done" in cold.ask("ls /tmp"), "all is read", seconds=60, pause=0.2)
    expected = hashlib.sha256(SECRET[: count << 12]).hexdigest()
    assert expected in cold.ask("cat /tmp/sum")
