"""Measure a look into a system's disk of 4 GiB, as an import does it, out of a region's store; and a change of that disk."""

import subprocess
from pathlib import Path

import zstandard

from bench.regions import regions
from bench.rows import GIB, MIB, Row, Spent, Task, at_most, mebibytes, timed
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.inspection.disk_changer import ApplianceDiskChanger
from galeria.adapters.inspection.inspector import ApplianceInspector
from galeria.domain.errors import ToolFailed
from galeria.domain.images.findings import Look
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.messages import Message
from galeria.guests.appliance import INITRAMFS, build_appliance
from galeria.guests.partitions import SECTOR, SECTORS_PER_MIB, TYPE_LINUX, Partition, master_boot_record
from galeria.guests.sources import get_sources
from galeria.ports.progress import unheard

SIZE = 4 * GIB
SECONDS = 5.0  # what a look may take, and a change
CHANGES = DiskChanges(
    user_name="ana",
    password_hash="$6$salt$hash",
    close_others=True,
    host_name="lab-one",
    new_identity=True,
    data_sources=("NoCloud", "Azure", "None"),
)
VERSION = "6.1.0-0-cloud-amd64"


def measure(task: Task) -> list[Row]:
    appliance, disk = task.directory / "appliance", task.directory / "system.raw"
    build_appliance(appliance, get_sources(Path.home() / ".cache" / "galeria" / "guests"))
    _write_system(disk, task.directory / "tree", (appliance / INITRAMFS).read_bytes())
    inspector, looks = ApplianceInspector(appliance=appliance), list[Look]()
    with regions(task.directory) as (store, _):
        with open_raw_file(disk) as source:
            digest = store.capture(source, parent=None, pin=lambda _: None, progress=unheard).digest

        def look() -> None:
            with store.open(digest) as source:
                looks.append(inspector.look(source))

        best = min((timed(look) for _ in range(task.rounds)), key=lambda spent: spent.seconds)
    changer = ApplianceDiskChanger(appliance=appliance)

    def change() -> None:
        with open_raw_file(disk) as source:
            changer.work_out(source, CHANGES)

    changing = min((timed(change) for _ in range(task.rounds)), key=lambda spent: spent.seconds)
    if not all(each.findings and each.findings.drivers for each in looks):
        raise ToolFailed(
            looks[0].obstacle or Message("The look found no drivers."), hint=Message("Run 'galeria doctor'.")
        )
    initramfs = (task.directory / "tree/boot" / f"initrd.img-{VERSION}").stat().st_size
    return [
        _row(f"a look into a system's ext4 disk of 4 GiB, its initramfs of {mebibytes(initramfs)} included", best),
        _row("a change of that disk, in memory: an account, a new identity, all others closed", changing),
    ]


def _row(name: str, spent: Spent) -> Row:
    limit = f"{SECONDS:.0f} s"
    return Row(name=name, ours=str(spent), limit=limit, ratio=spent.seconds / SECONDS, goal=at_most(1))


def _write_system(disk: Path, tree: Path, initramfs: bytes) -> None:
    """Write a disk with one ext4 file system that holds what a look asks for, and nothing more of a system."""
    for folder in ("etc", "proc", "boot", "usr/sbin"):
        (tree / folder).mkdir(parents=True)
    (tree / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\nprof:x:1000:1000::/home/prof:/bin/bash\n")
    (tree / "etc/shadow").write_text("root:*:1:::::::\nprof:$6$a$b:1:::::::\n")
    (tree / "etc/group").write_text("root:x:0:\nsudo:x:27:prof\n")
    (tree / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    (tree / "usr/sbin/qemu-ga").write_bytes(b"")
    (tree / "boot" / f"initrd.img-{VERSION}").write_bytes(zstandard.compress(initramfs))
    partition = Partition(start=SECTORS_PER_MIB, length=SIZE // SECTOR - SECTORS_PER_MIB, kind=TYPE_LINUX)
    with disk.open("wb") as file:
        file.truncate(SIZE)
        file.write(master_boot_record(b"", (partition,), disk_signature=b"BNCH"))
    options = f"offset={MIB},lazy_itable_init=1,lazy_journal_init=1"
    command = [
        "mke2fs",
        "-q",
        "-F",
        "-t",
        "ext4",
        "-E",
        options,
        "-d",
        str(tree),
        str(disk),
        f"{(SIZE - MIB) // 1024}k",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
