"""A row of results: our figure, the peer's, their ratio, and whether a promise is kept."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    what: str
    ours: str
    peer: str
    ratio: str
    kept: bool | None = None  # None where nothing is promised


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """Where and on what a theme works."""

    directory: Path  # one that QEMU's user can pass; it is removed with all files of the theme
    disk: Path  # a raw disk with holes, as `bench.disks.build_disk` makes it
    data: int  # bytes of it that are not holes
    rounds: int  # pairs of runs, of which the best count


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    seconds: float
    cpu_seconds: float  # of this process and of the programs that it waited for

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s ({self.cpu_seconds:.1f} cpu)"


def timed(action: Callable[[], object]) -> Spent:
    """Measure the action after everything was written back to disk: otherwise a run would pay for the one before it."""
    os.sync()
    cpu, clock = _cpu_seconds(), time.perf_counter()
    action()
    return Spent(seconds=time.perf_counter() - clock, cpu_seconds=_cpu_seconds() - cpu)


def best_of_pairs(ours: Callable[[], Spent], peer: Callable[[], Spent], *, rounds: int) -> tuple[Spent, Spent]:
    """Alternate the two, since the computer may have other users, and return the quickest run of each."""
    pairs = [(ours(), peer()) for _ in range(rounds)]
    mine, theirs = zip(*pairs, strict=True)
    return min(mine, key=_seconds), min(theirs, key=_seconds)


def speed(ours: Spent, peer: Spent) -> str:
    return f"{peer.seconds / ours.seconds:.2f} x as fast"


def mebibytes(count: int) -> str:
    return f"{count / MIB:.1f} MiB"


def stored_under(folder: Path) -> int:
    """Return the bytes in the files of a folder, holes included."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _seconds(spent: Spent) -> float:
    return spent.seconds


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
