"""Measure the same raw disk in Galeria, qemu-img, borg, restic and casync: whole, and again after a change of 1 %."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from bench import limits, qemu_img
from bench.disks import Overlay, changed
from bench.regions import capture, fresh, regions
from bench.rows import Goal, Row, Spent, Task, at_least, beside, mebibytes, not_measured, stored_under, timed
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.disks import DiskSource
from galeria.ports.images import Captured, Digest
from galeria.programs import run

SHARE = 0.01  # share of the data that is changed between the runs


class Peer(Protocol):
    """A program that keeps versions of a disk in a given folder."""

    name: ClassVar[str]
    program: ClassVar[str]
    package: ClassVar[str]  # the Debian package
    goal: ClassVar[Goal | None]  # how many times as fast Galeria has to be with the whole disk

    def __init__(self, directory: Path) -> None: ...

    def keep(self, disk: Path, version: str) -> None: ...

    def stored_bytes(self) -> int: ...


class Borg:
    """borg with fixed chunks of 4 MiB. It skips holes without reading them."""

    name: ClassVar[str] = "borg create, fixed 4 MiB, zstd 3"
    program: ClassVar[str] = "borg"
    package: ClassVar[str] = "borgbackup"
    goal: ClassVar[Goal | None] = at_least(6)

    def __init__(self, directory: Path) -> None:
        self._repository = directory / "borg"
        # Its cache and settings stay in the folder too, and it asks no questions.
        settings = {"BORG_BASE_DIR": str(directory), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
        self._borg = ["env", *(f"{name}={value}" for name, value in settings.items()), "borg"]

    def keep(self, disk: Path, version: str) -> None:
        if not self._repository.exists():
            run([*self._borg, "init", "--encryption", "none", self._repository])
        options = ["--sparse", "--chunker-params", "fixed,4194304", "--compression", "zstd,3"]
        run([*self._borg, "create", *options, f"{self._repository}::{version}", disk])

    def stored_bytes(self) -> int:
        return stored_under(self._repository)


class Restic:
    """restic, which encrypts all that it stores, with its own way of cutting. It reads holes as zeros."""

    name: ClassVar[str] = "restic backup"
    program: ClassVar[str] = "restic"
    package: ClassVar[str] = "restic"
    goal: ClassVar[Goal | None] = at_least(3)

    def __init__(self, directory: Path) -> None:
        self._repository = directory / "restic"
        settings = {"RESTIC_PASSWORD": "bench", "XDG_CACHE_HOME": str(directory / "restic-cache")}
        words = ["env", *(f"{name}={value}" for name, value in settings.items()), "restic", "--quiet"]
        self._restic: list[str | Path] = [*words, "--repo", self._repository]

    def keep(self, disk: Path, version: str) -> None:
        if not self._repository.exists():
            run([*self._restic, "init"])
        run([*self._restic, "backup", "--tag", version, disk])

    def stored_bytes(self) -> int:
        return stored_under(self._repository)


class Casync:
    """casync with its own way: chunks cut by content, 64 KiB on average, one file each. It reads holes as zeros."""

    name: ClassVar[str] = "casync make, zstd"
    program: ClassVar[str] = "casync"
    package: ClassVar[str] = "casync"
    goal: ClassVar[Goal | None] = at_least(15)

    def __init__(self, directory: Path) -> None:
        self._folder = directory / "casync"

    def keep(self, disk: Path, version: str) -> None:
        self._folder.mkdir(exist_ok=True)
        index, store = self._folder / f"{version}.caibx", self._folder / "store.castr"
        run(["casync", "make", "--compression=zstd", f"--store={store}", index, disk])

    def stored_bytes(self) -> int:
        return stored_under(self._folder)


class QemuImg:
    """qemu-img, which writes a whole file every time."""

    name: ClassVar[str] = qemu_img.COMPRESSING
    program: ClassVar[str] = "qemu-img"
    package: ClassVar[str] = "qemu-utils"
    goal: ClassVar[Goal | None] = None

    def __init__(self, directory: Path) -> None:
        self._folder = directory / "qemu-img"

    def keep(self, disk: Path, version: str) -> None:
        self._folder.mkdir(exist_ok=True)
        qemu_img.compress(disk, self._folder / f"{version}.qcow2", format="raw")

    def stored_bytes(self) -> int:
        return stored_under(self._folder)


PEERS: tuple[type[Peer], ...] = (QemuImg, Borg, Restic, Casync)
SLOW: tuple[type[Peer], ...] = (Restic, Casync)  # a quarter and half a minute for half a GiB


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What keeping one version cost."""

    spent: Spent
    stored_bytes: int


def measure(task: Task) -> list[Row]:
    return [row for kind in PEERS for row in _rows(task, kind)]


def _rows(task: Task, kind: type[Peer]) -> list[Row]:
    name = f"a raw disk, whole: speed beside {kind.program}"
    if task.is_quick and kind in SLOW and kind.goal:
        return [not_measured(name, kind.goal, "not measured in a quick run")]
    if shutil.which(kind.program) is None:
        absent = f"{kind.program} is not installed: apt-get install {kind.package}"
        return [Row(name=name, ours="not measured", peer=absent, goal=kind.goal)]
    return _compared(task, kind)


def _compared(task: Task, kind: type[Peer]) -> list[Row]:
    """Run ours and the peer's directly after each other, both with nothing stored before."""
    with (
        fresh(task.directory) as services,
        regions(services) as (store, _),
        open_raw_file(task.disk) as source,
    ):
        peer = kind(services)
        first, ours = _captured(store, source, None)
        theirs, least = _kept(peer, task.disk, "first"), limits.store_all(source, services / "limit")
        limit = beside(least, theirs.spent, what=limits.STORING)
        rows = _pair("a raw disk, whole", kind, ours, theirs, goal=kind.goal, limit=limit)
        with changed(task.disk, share=SHARE, data=task.data) as clusters:
            _, ours = _captured(store, Overlay(task.disk, source.size, clusters), first)
            rows += _pair(f"a raw disk, {SHARE:.0%} changed", kind, ours, _kept(peer, task.disk, "second"))
    return rows


def _captured(store: RegionStore, disk: DiskSource, parent: Digest | None) -> tuple[Digest, Kept]:
    done: list[Captured] = []
    spent = timed(lambda: done.append(capture(store, disk, parent)))
    return done[0].digest, Kept(spent=spent, stored_bytes=done[0].stored_bytes)


def _kept(peer: Peer, disk: Path, version: str) -> Kept:
    before = peer.stored_bytes()
    spent = timed(lambda: peer.keep(disk, version))
    return Kept(spent=spent, stored_bytes=peer.stored_bytes() - before)


def _pair(
    name: str, kind: type[Peer], ours: Kept, peer: Kept, *, goal: Goal | None = None, limit: str = ""
) -> list[Row]:
    return [
        Row(
            name=f"{name}: speed beside {kind.program}",
            ours=str(ours.spent),
            peer=f"{kind.name}: {peer.spent}",
            limit=limit,
            ratio=peer.spent.seconds / ours.spent.seconds,
            goal=goal,
        ),
        Row(
            name=f"{name}: stored bytes beside {kind.program}",
            ours=mebibytes(ours.stored_bytes),
            peer=mebibytes(peer.stored_bytes),
            ratio=ours.stored_bytes / peer.stored_bytes,
        ),
    ]
