"""Measure twenty images of one family: a Debian disk, and what an installation made of it, each time of the same disk."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.debian import find_upgrade, install, shrink
from bench.regions import capture, fresh, regions
from bench.rows import GIB, Row, Task, at_most, mebibytes, not_measured, stored_under
from bench.upgrade import KEPT, NO_DEBIAN
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.domain.errors import GaleriaError
from galeria.programs import run

NAME = "twenty images of one family: stored bytes beside borg's best chunker"
SHARE = at_most(1.15)
# Each makes an image of its own out of the same disk; the twentieth is that disk.
PACKAGES = (
    *("nginx-light", "redis-server", "php-cli", "ruby", "nodejs", "lua5.4", "sqlite3", "python3-numpy", "python3-venv"),
    *("mosquitto", "apache2", "gcc", "gfortran", "git", "gdb", "cmake", "tmux", "emacs-nox", "openjdk-17-jre-headless"),
)
SIZE = 2 * GIB
"""borg reads all holes where it cuts by content, so that a disk has little more room than its packages need."""
CHUNKERS = ("buzhash,10,23,16,4095", "fixed,65536")
"""Pieces of 64 KiB, cut by content on average and at fixed places. borg's own of 2 MiB find less in common and store more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """borg with one of its ways of cutting."""

    folder: Path
    chunker: str

    def keep(self, disk: Path, name: str) -> None:
        settings = {"BORG_BASE_DIR": str(self.folder), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
        borg = ["env", *(f"{key}={value}" for key, value in settings.items()), "borg"]
        repository = self.folder / "borg"
        if not repository.exists():
            run([*borg, "init", "--encryption", "none", repository])
        options = ["--sparse", "--chunker-params", self.chunker, "--compression", "zstd,3"]
        run([*borg, "create", *options, f"{repository}::{name}", disk])

    @property
    def stored_bytes(self) -> int:
        return stored_under(self.folder / "borg" / "data")


def measure(task: Task) -> list[Row]:
    if task.is_quick:
        return [not_measured(NAME, SHARE, "not measured in a quick run")]
    upgrade = find_upgrade(KEPT)
    if upgrade is None:
        return [not_measured(NAME, SHARE, NO_DEBIAN)]
    try:
        return [compared(task, upgrade.before, PACKAGES)]
    except GaleriaError as error:
        return [not_measured(NAME, SHARE, f"not measured: {error.message}")]


def compared(task: Task, before: Path, packages: tuple[str, ...]) -> Row:
    """Keep the images in all stores at once, and make the next meanwhile: bytes are compared, and not time."""
    ours: list[int] = []
    with fresh(task.directory) as folder, regions(folder) as (store, _), ThreadPoolExecutor(4) as pool:
        borgs = [Repository(folder=folder / f"borg-{number}", chunker=each) for number, each in enumerate(CHUNKERS)]
        for borg in borgs:
            borg.folder.mkdir()

        def keep(disk: Path) -> None:
            with open_raw_file(disk) as source:
                ours.append(capture(store, source).stored_bytes)

        for disk in _images(folder, before, packages, pool):
            kept = [pool.submit(keep, disk), *(pool.submit(borg.keep, disk, disk.stem) for borg in borgs)]
            for each in kept:
                each.result()
        theirs = {borg.chunker: borg.stored_bytes for borg in borgs}
    told = ", ".join(f"{chunker}: {mebibytes(stored)}" for chunker, stored in theirs.items())
    best = min(theirs.values())
    return Row(
        name=NAME,
        ours=f"{len(ours)} images: {mebibytes(sum(ours))}, the first of them {mebibytes(ours[0])}",
        peer=told,
        ratio=sum(ours) / best,
        goal=SHARE,
    )


def _images(folder: Path, before: Path, packages: tuple[str, ...], pool: Executor) -> Iterator[Path]:
    """Yield the disk, then one for each package that is installed on it. Each goes when the next is asked for."""
    known = folder / "known.raw"
    run(["cp", "--sparse=always", before, known])
    shrink(known, SIZE)
    yield known
    install(known, "")
    making = pool.submit(_image, known, packages[0])
    for following in (*packages[1:], None):
        disk = making.result()
        if following is not None:
            making = pool.submit(_image, known, following)
        yield disk
        disk.unlink()
    known.unlink()


def _image(known: Path, package: str) -> Path:
    disk = known.with_name(f"{package}.raw")
    run(["cp", "--sparse=always", known, disk])
    install(disk, package)
    return disk
