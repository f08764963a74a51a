"""Measure the same raw disk in Galeria, qemu-img, borg and casync: whole, and again after a change of 1 %."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from bench import qemu_img
from bench.disks import Overlay, changed
from bench.regions import capture, fresh, regions
from bench.rows import Row, Spent, Task, mebibytes, speed, stored_under, timed
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

    def __init__(self, directory: Path) -> None: ...

    def keep(self, disk: Path, version: str) -> None: ...

    def stored_bytes(self) -> int: ...


class Borg:
    """borg with chunks of the same size and compression as ours. It skips holes without reading them."""

    name: ClassVar[str] = "borg create, fixed chunks, zstd"
    program: ClassVar[str] = "borg"
    package: ClassVar[str] = "borgbackup"

    def __init__(self, directory: Path) -> None:
        self._repository = directory / "borg"
        # Its cache and settings stay in the folder too, and it asks no questions.
        settings = {"BORG_BASE_DIR": str(directory), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
        self._borg = ["env", *(f"{name}={value}" for name, value in settings.items()), "borg"]

    def keep(self, disk: Path, version: str) -> None:
        if not self._repository.exists():
            run([*self._borg, "init", "--encryption", "none", self._repository])
        options = ["--sparse", "--chunker-params", "fixed,262144", "--compression", "zstd,1"]
        run([*self._borg, "create", *options, f"{self._repository}::{version}", disk])

    def stored_bytes(self) -> int:
        return stored_under(self._repository)


class Casync:
    """casync with its own way: chunks cut by content, 64 KiB on average, one file each. It reads holes as zeros."""

    name: ClassVar[str] = "casync make, zstd"
    program: ClassVar[str] = "casync"
    package: ClassVar[str] = "casync"

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

    def __init__(self, directory: Path) -> None:
        self._folder = directory / "qemu-img"

    def keep(self, disk: Path, version: str) -> None:
        self._folder.mkdir(exist_ok=True)
        qemu_img.compress(disk, self._folder / f"{version}.qcow2", format="raw")

    def stored_bytes(self) -> int:
        return stored_under(self._folder)


PEERS: tuple[type[Peer], ...] = (QemuImg, Borg, Casync)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What keeping one version cost."""

    spent: Spent
    stored_bytes: int

    def __str__(self) -> str:
        return f"{self.spent}, {mebibytes(self.stored_bytes)}"


def measure(task: Task) -> list[Row]:
    return [row for kind in PEERS for row in _rows(task, kind)]


def _rows(task: Task, kind: type[Peer]) -> list[Row]:
    if shutil.which(kind.program) is None:
        absent = f"{kind.program} is not installed: apt-get install {kind.package}"
        return [Row(what="a raw disk", ours="", peer=absent, ratio="")]
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
        rows = [_row("a raw disk, whole", kind, ours, _kept(peer, task.disk, "first"))]
        with changed(task.disk, share=SHARE, data=task.data) as clusters:
            _, ours = _captured(store, Overlay(task.disk, source.size, clusters), first)
            rows.append(_row(f"again, {SHARE:.0%} changed", kind, ours, _kept(peer, task.disk, "second")))
    return rows


def _captured(store: RegionStore, disk: DiskSource, parent: Digest | None) -> tuple[Digest, Kept]:
    done: list[Captured] = []
    spent = timed(lambda: done.append(capture(store, disk, parent)))
    return done[0].digest, Kept(spent=spent, stored_bytes=done[0].stored_bytes)


def _kept(peer: Peer, disk: Path, version: str) -> Kept:
    before = peer.stored_bytes()
    spent = timed(lambda: peer.keep(disk, version))
    return Kept(spent=spent, stored_bytes=peer.stored_bytes() - before)


def _row(what: str, kind: type[Peer], ours: Kept, peer: Kept) -> Row:
    share = ours.stored_bytes / peer.stored_bytes
    return Row(
        what=what,
        ours=str(ours),
        peer=f"{kind.name}: {peer}",
        ratio=f"{speed(ours.spent, peer.spent)}, {share:.0%} of the bytes",
    )
