"""Measure the export of a real upgrade: what `apt-get install` of a development environment changed on a Debian disk."""

import os
import shutil
from pathlib import Path

from bench import limits
from bench.debian import Upgrade, find_upgrade
from bench.disks import Overlay, build_disk
from bench.peers import Borg
from bench.regions import capture, fresh, regions
from bench.rows import GIB, MIB, Row, Spent, Task, at_least, at_most, beside, best_of, mebibytes, not_measured, timed
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.ports.images import Captured
from galeria.programs import run

NAME = "a real upgrade of a Debian disk, exported"
TIME_SHARE, STORED_SHARE, BORG_SPEED = 1.5, 0.7, 20
NO_DEBIAN = "not measured: mmdebstrap could not make a Debian disk here"
FURTHER = (8, 16)  # GiB of other files on the disk: a student's has some, all of which borg reads again
KEPT = Path.home() / ".cache" / "galeria" / "bench"  # where the disks stay for the next run


def rows(task: Task) -> list[Row]:
    if task.is_quick:
        return _unmeasured("not measured in a quick run")
    upgrade = find_upgrade(KEPT)
    if upgrade is None:
        return _unmeasured(NO_DEBIAN)
    return [*measured(task, upgrade), *(with_further_data(task, upgrade, gib) for gib in FURTHER)]


def measured(task: Task, upgrade: Upgrade) -> list[Row]:
    """Export the changed clusters over their parent. Each run has a region of its own that holds the disk before."""
    size, stored = upgrade.after.stat().st_size, list[Captured]()
    layer = Overlay(upgrade.after, size, upgrade.clusters)

    def ours() -> Spent:
        with open_raw_file(upgrade.before) as before, regions(task.directory) as (store, _):
            parent = capture(store, before).digest
            return timed(lambda: stored.append(capture(store, layer, parent)))

    mine, least = best_of(ours, lambda: limits.store_all(layer, task.directory / "limit"), rounds=task.rounds)
    borg = _borg(task, upgrade)
    changed = mebibytes(upgrade.changed_bytes)
    return [
        Row(
            name=f"{NAME}: time of the limit for the changed bytes",
            ours=f"{mine}, {changed} in the changed clusters of 64 KiB",
            limit=str(least),
            ratio=mine.seconds / least.seconds,
            goal=at_most(TIME_SHARE),
        ),
        Row(
            name=f"{NAME}: stored share of the layer's bytes",
            ours=mebibytes(stored[0].stored_bytes),
            limit=changed,
            ratio=stored[0].stored_bytes / upgrade.changed_bytes,
            goal=at_most(STORED_SHARE),
        ),
        _beside_borg(NAME, mine, borg, least),
    ]


def _beside_borg(name: str, ours: Spent, theirs: Spent, least: Spent) -> Row:
    return Row(
        name=f"{name}: speed beside borg",
        ours=str(ours),
        peer=f"{Borg.name}: {theirs}",
        limit=beside(least, theirs, what=limits.STORING),
        ratio=theirs.seconds / ours.seconds,
        goal=at_least(BORG_SPEED),
    )


def _borg(task: Task, upgrade: Upgrade) -> Spent:
    with fresh(task.directory) as folder:
        borg = Borg(folder)
        borg.keep(upgrade.before, "before")
        return timed(lambda: borg.keep(upgrade.after, "after"))


def with_further_data(task: Task, upgrade: Upgrade, gib: float) -> Row:
    """Export the same upgrade of a disk with so many GiB of other files behind the system's, and let borg keep it, once each.

    They are one GiB of the computer's own /usr again and again, which makes the version before quick to store for both. That
    does not change what is measured: whoever reads the disk again reads and hashes each copy.
    """
    disk = task.directory / "further.raw"
    run(["cp", "--sparse=always", upgrade.before, disk])
    _append(disk, gib)
    with fresh(task.directory) as folder, regions(folder) as (store, _):
        borg = Borg(folder)
        borg.keep(disk, "before")
        with open_raw_file(disk) as source:
            parent = capture(store, source).digest
        _apply(upgrade, disk)
        layer = Overlay(disk, disk.stat().st_size, upgrade.clusters)
        ours = timed(lambda: capture(store, layer, parent))
        theirs = timed(lambda: borg.keep(disk, "after"))
        least = limits.store_all(layer, folder / "limit")
    disk.unlink()
    return _beside_borg(_further(gib), ours, theirs, least)


def _append(disk: Path, gib: float) -> None:
    piece = min(GIB, int(gib * GIB))
    own = disk.with_name("own.raw")
    build_disk(own, size=piece, data=piece)
    with disk.open("ab") as file:
        for _ in range(int(gib * GIB) // piece):
            with own.open("rb") as source:
                shutil.copyfileobj(source, file, 8 * MIB)
    own.unlink()


def _apply(upgrade: Upgrade, disk: Path) -> None:
    with upgrade.after.open("rb") as after, disk.open("r+b", buffering=0) as file:
        for offset, length in upgrade.clusters:
            os.pwrite(file.fileno(), os.pread(after.fileno(), length, offset), offset)


def _further(gib: float) -> str:
    return f"the same with {gib:g} GiB of other files on the disk"


def _unmeasured(why: str) -> list[Row]:
    return [
        not_measured(f"{NAME}: time of the limit for the changed bytes", at_most(TIME_SHARE), why),
        not_measured(f"{NAME}: stored share of the layer's bytes", at_most(STORED_SHARE), why),
        *(
            not_measured(f"{name}: speed beside borg", at_least(BORG_SPEED), why)
            for name in (NAME, *(_further(gib) for gib in FURTHER))
        ),
    ]
