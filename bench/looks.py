"""Measure a look into a system's disk of 4 GiB, as an import does it, out of a region's store; and a change of such disks."""

from pathlib import Path

from bench.regions import regions
from bench.rows import Row, Spent, Task, at_most, mebibytes, not_measured, timed
from bench.systems import LAYOUTS, VERSION, make_tree, write_system
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.inspection.disk_changer import ApplianceDiskChanger
from galeria.adapters.inspection.inspector import ApplianceInspector
from galeria.adapters.inspection.saved_state import save_state
from galeria.domain.errors import ToolFailed
from galeria.domain.images.findings import Look
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.messages import Message
from galeria.guests.appliance import INITRAMFS, build_appliance
from galeria.guests.sources import get_sources
from galeria.ports.progress import unheard

SECONDS = 5.0  # what a look may take, and a change
CLEAN_EXT4_SECONDS = 1.0  # what a change may take on an ext4 disk that was switched off in order
CHANGES = DiskChanges(
    user_name="ana",
    password_hash="$6$salt$hash",
    close_others=True,
    host_name="lab-one",
    new_identity=True,
    data_sources=("NoCloud", "Azure", "None"),
)


def measure(task: Task) -> list[Row]:
    appliance, tree = task.directory / "appliance", task.directory / "tree"
    sources = get_sources(Path.home() / ".cache" / "galeria" / "guests")
    build_appliance(appliance, sources)
    save_state(appliance)
    make_tree(tree, (appliance / INITRAMFS).read_bytes())
    rows = []
    for name, layout in LAYOUTS.items():
        if task.is_quick and layout != "ext4":
            rows.append(not_measured(_change_of(name), at_most(1), "not measured in a quick run"))
            continue
        disk = task.directory / f"{layout}.raw"
        write_system(disk, tree, layout, sources)
        if layout == "ext4":
            rows.append(_look(task, disk, appliance, tree / "boot" / f"initrd.img-{VERSION}"))
        rows.append(_change(task, disk, appliance, name))
    return rows


def _look(task: Task, disk: Path, appliance: Path, initramfs: Path) -> Row:
    inspector, looks = ApplianceInspector(appliance=appliance), list[Look]()
    with regions(task.directory) as (store, _):
        with open_raw_file(disk) as source:
            digest = store.capture(source, parent=None, pin=lambda _: None, progress=unheard).digest

        def look() -> None:
            with store.open(digest) as source:
                looks.append(inspector.look(source))

        best = min((timed(look) for _ in range(task.rounds)), key=lambda spent: spent.seconds)
    if not all(each.findings and each.findings.drivers for each in looks):
        raise ToolFailed(
            looks[0].obstacle or Message("The look found no drivers."), hint=Message("Run 'galeria doctor'.")
        )
    size = mebibytes(initramfs.stat().st_size)
    return _row(f"a look into a system's ext4 disk of 4 GiB, its initramfs of {size} included", best, SECONDS)


def _change(task: Task, disk: Path, appliance: Path, name: str) -> Row:
    changer = ApplianceDiskChanger(appliance=appliance)

    def change() -> None:
        with open_raw_file(disk) as source:
            changer.work_out(source, CHANGES)

    best = min((timed(change) for _ in range(task.rounds)), key=lambda spent: spent.seconds)
    limit = CLEAN_EXT4_SECONDS if name == "ext4" else SECONDS
    return _row(_change_of(name), best, limit)


def _change_of(name: str) -> str:
    return f"a change of a disk of 4 GiB, {name}, in memory: an account, a new identity, all others closed"


def _row(name: str, spent: Spent, limit: float) -> Row:
    return Row(name=name, ours=str(spent), limit=f"{limit:.0f} s", ratio=spent.seconds / limit, goal=at_most(1))
