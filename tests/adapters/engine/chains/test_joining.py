"""Chains of layers stay short, whatever interrupts the joining: the disk is the same, and the next export reads the change."""

import json
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from galeria.adapters.engine import disks, layers
from galeria.adapters.engine.chains import joining
from galeria.adapters.engine.layout import Layout
from galeria.adapters.engine.mapped_chain import open_mapped
from galeria.ports.disks import Content
from galeria.ports.machines import Machine
from tests.adapters.engine.conftest import BOOT_SECONDS, FREE_OFFSET, LibvirtCase, tally
from tests.adapters.engine.random_layers import qemu_io
from tests.waiting import until

pytestmark = pytest.mark.system

MIB = 1 << 20
BLOCK = 64 * 1024


class Killed(BaseException):
    """Ends the joining where a SIGKILL would: nothing that comes after it is done."""


def chain_of(libvirt: LibvirtCase, machine: Machine) -> list[Path]:
    return [file.path for file in disks.chain(top_of(libvirt, machine))]


def top_of(libvirt: LibvirtCase, machine: Machine) -> Path:
    return layers.top_of(libvirt.engine.domain(machine))


def content_of(libvirt: LibvirtCase, machine: Machine) -> bytes:
    """What a guest reads behind the partitions."""
    with open_mapped(disks.chain(top_of(libvirt, machine)), own_files=1) as disk:
        return disk.reader().read(FREE_OFFSET, 40 * MIB)


def write_layers(libvirt: LibvirtCase, machine: Machine, numbers: range, *, seed: int = 1) -> None:
    """Write in every way, and seal, again and again."""
    made = random.Random(seed)
    for number in numbers:
        commands = []
        for _ in range(6):
            offset = FREE_OFFSET + made.randrange(32 * MIB // 512) * 512
            kind = made.choice([f"write -P {made.randrange(1, 256)}", "write -z", "write -z -u", "discard"])
            commands.append(f"{kind} {offset} {made.choice([512, BLOCK, 5 * BLOCK + 1024, MIB])}")
        qemu_io(top_of(libvirt, machine), *commands)
        libvirt.engine.seal_disk(machine, f"layer{number}")


def shorten(libvirt: LibvirtCase, machine: Machine, *needed: str, rate: int = 0, longest: int = 2) -> int:
    return libvirt.engine.shorten_chain(machine, longest=longest, needed=lambda: needed, rate=rate)


@pytest.fixture
def machine(libvirt: LibvirtCase) -> Machine:
    return libvirt.case.ensure()


def test_a_machine_sealed_a_hundred_times_has_the_chain_of_one_sealed_twice(
    libvirt: LibvirtCase, machine: Machine
) -> None:
    last = ""
    for number in range(100):
        write_layers(libvirt, machine, range(number, number + 1), seed=number)
        before = content_of(libvirt, machine) if number % 10 == 9 else b""
        last = f"layer{number}"
        libvirt.engine.shorten_chain(machine, longest=8, needed=lambda name=last: {name}, rate=0)  # type: ignore[misc]
        assert len(chain_of(libvirt, machine)) <= 9
        if before:
            assert content_of(libvirt, machine) == before
    shorten(libvirt, machine, last)
    qemu_io(top_of(libvirt, machine), f"write -P 7 {FREE_OFFSET} {BLOCK}")
    libvirt.engine.seal_disk(machine, "more")
    shorten(libvirt, machine, last, "more")

    layout = Layout(libvirt.data_dir)
    assert len(chain_of(libvirt, machine)) == 4  # the base, two layers, and what is written to
    files = {path.name for path in layout.machine(machine).glob("*.qcow2")}
    assert files == {"first.qcow2", f"after-{last}.qcow2", "after-more.qcow2"}
    with libvirt.engine.open_changes(machine, "more", since=last) as disk:
        assert tally(disk)[Content.DATA] == BLOCK


def test_what_lies_between_needed_layers_is_read_as_before(libvirt: LibvirtCase, machine: Machine) -> None:
    write_layers(libvirt, machine, range(9))

    def seen(layer: str, since: str | None) -> tuple[list[Any], bytes]:
        with libvirt.engine.open_changes(machine, layer, since=since) as disk:
            kinds = [(each.offset, each.length, each.content is Content.PARENT) for each in disk.extents()]
            joined: list[Any] = []
            for offset, length, is_parent in kinds:
                if joined and joined[-1][2] == is_parent:
                    joined[-1][1] += length
                else:
                    joined.append([offset, length, is_parent])
            return joined, disk.reader().read(FREE_OFFSET, 40 * MIB)

    before = [seen("layer3", None), seen("layer7", "layer3"), seen("layer8", "layer7")]
    assert shorten(libvirt, machine, "layer3", "layer7") == 6
    assert [seen("layer3", None), seen("layer7", "layer3"), seen("layer8", "layer7")] == before
    assert not libvirt.engine.has_layer(machine, "layer5")


def test_names_of_files_stay_relative_so_that_the_data_folder_can_be_moved(libvirt: LibvirtCase) -> None:
    machine = libvirt.case.ensure()
    write_layers(libvirt, machine, range(3))
    libvirt.case.boot(machine, ssh=False)
    libvirt.engine.seal_disk(machine, "live0")
    libvirt.engine.seal_disk(machine, "live1")
    assert shorten(libvirt, machine, "live1") == 4
    text = subprocess.run(
        ["qemu-img", "info", "-U", "--output=json", top_of(libvirt, machine)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert json.loads(text)["backing-filename"] == "first.qcow2"


STEPS: list[tuple[str, Any, bool]] = [
    (name, owner, after)
    for name, owner in (("write_whole", disks), ("_commit", joining), ("run", joining), ("_remove_joined", joining))
    for after in (False, True)
]


@pytest.mark.parametrize(("name", "owner", "after"), STEPS)
def test_a_joining_that_is_killed_at_any_step_loses_nothing(
    libvirt: LibvirtCase, machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str, owner: Any, *, after: bool
) -> None:
    write_layers(libvirt, machine, range(6))
    before, real = content_of(libvirt, machine), getattr(owner, name)
    calls = iter(range(99))

    def cut(*args: Any, **named: Any) -> Any:
        # The first call of `_remove_joined` finds nothing to be removed yet.
        if name == "_remove_joined" and next(calls) == 0:
            return real(*args, **named)
        if after:
            real(*args, **named)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, cut)
        with pytest.raises(Killed):
            shorten(libvirt, machine)
    assert content_of(libvirt, machine) == before

    for _ in range(2):
        shorten(libvirt, machine)
        assert content_of(libvirt, machine) == before
    layout = Layout(libvirt.data_dir)
    assert {path.name for path in layout.machine(machine).glob("*.qcow2")} == {"first.qcow2", "after-layer5.qcow2"}
    assert not layout.joined_files(machine).exists()
    assert not qemu_img_of(layout.machine(machine))


@pytest.fixture
def slow(libvirt: LibvirtCase, machine: Machine) -> Machine:
    """A machine whose layers take minutes to join at a rate of 64 KiB a second."""
    for number in range(4):
        qemu_io(top_of(libvirt, machine), f"write -P {number + 1} {FREE_OFFSET + number * MIB} {8 * MIB}")
        libvirt.engine.seal_disk(machine, f"layer{number}")
    return machine


def test_a_killed_process_takes_its_tool_along_and_the_next_one_goes_on(libvirt: LibvirtCase, slow: Machine) -> None:
    before, folder = content_of(libvirt, slow), Layout(libvirt.data_dir).machine(slow)
    script = (
        "import sys; from pathlib import Path; from galeria.ports.machines import Machine;"
        "from galeria.adapters.engine.libvirt_engine import LibvirtEngine;"
        "engine = LibvirtEngine(Path(sys.argv[1]), installation=sys.argv[2]);"
        "engine.shorten_chain(Machine(id=sys.argv[3], region=sys.argv[4]), longest=2, needed=set, rate=65536)"
    )
    installation = libvirt.engine.domain(slow).name().split("-")[1]
    words = [sys.executable, "-c", script, libvirt.data_dir, installation, slow.id, slow.region]
    with subprocess.Popen(words) as process:
        until(lambda: qemu_img_of(folder), "the layers are being joined", seconds=BOOT_SECONDS)
        process.kill()
    until(lambda: not qemu_img_of(folder), "nobody joins them any more", seconds=BOOT_SECONDS)
    assert content_of(libvirt, slow) == before
    assert shorten(libvirt, slow) == 3
    assert content_of(libvirt, slow) == before


def test_a_start_does_not_wait_for_a_joining(libvirt: LibvirtCase, slow: Machine) -> None:
    before, folder = content_of(libvirt, slow), Layout(libvirt.data_dir).machine(slow)
    gone: list[int] = []
    thread = threading.Thread(target=lambda: gone.append(shorten(libvirt, slow, rate=65536)))
    thread.start()
    until(lambda: qemu_img_of(folder), "the layers are being joined", seconds=BOOT_SECONDS)
    libvirt.engine.start(slow, ssh=False)
    thread.join()
    assert gone == [0]
    libvirt.case.wait(slow)

    def job() -> bool:
        return bool(libvirt.engine.domain(slow).blockJobInfo("vda"))

    # While it runs, a seal comes first as well.
    thread = threading.Thread(target=lambda: gone.append(shorten(libvirt, slow, rate=65536)))
    thread.start()
    until(job, "the running machine's layers are being joined", seconds=BOOT_SECONDS)
    libvirt.engine.seal_disk(slow, "sealed")
    thread.join()
    assert gone == [0, 0]
    assert not job()
    # A job that nobody waits for, as after a restart of the service.
    names = chain_of(libvirt, slow)
    libvirt.engine.domain(slow).blockCommit("vda", str(names[-2]), str(names[1]), 1, 0)
    assert shorten(libvirt, slow) == 0
    libvirt.engine.seal_disk(slow, "again")
    assert not job()
    assert shorten(libvirt, slow) == 5
    assert len(chain_of(libvirt, slow)) == 3
    libvirt.engine.stop(slow, seconds=60)
    assert content_of(libvirt, slow) == before


def qemu_img_of(folder: Path) -> list[str]:
    """The processes of qemu-img that work in the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:  # it ended in between
            continue
        if words.startswith(b"qemu-img") and bytes(folder) in words:
            found.append(path.parent.name)
    return found
