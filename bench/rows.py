"""A row of results: our figure, the peer's, the limit, the ratio that a goal is about, and whether it is met."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """What a ratio has to be: at least that much where `more` is better, else at most."""

    value: float
    more: bool

    def is_met(self, ratio: float) -> bool:
        return ratio >= self.value if self.more else ratio <= self.value

    def __str__(self) -> str:
        return f"{'at least' if self.more else 'at most'} {self.value:g}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """`ours`, `peer` and `limit` are figures as people read them; the ratio has no unit."""

    name: str
    ours: str
    peer: str = ""
    limit: str = ""
    ratio: float | None = None  # None where nothing was measured or nothing is compared
    goal: Goal | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is no goal or no measurement."""
        return None if self.goal is None or self.ratio is None else self.goal.is_met(self.ratio)


def at_least(value: float) -> Goal:
    return Goal(value=value, more=True)


def at_most(value: float) -> Goal:
    return Goal(value=value, more=False)


def p99(times: list[float]) -> float:
    """Return the time within which 99 of 100 of these lie."""
    return sorted(times)[len(times) * 99 // 100]


def p99_row(name: str, times: list[float], *, limit: float, goal: Goal) -> Row:
    """Return the row of answers that took so many seconds each; the goal is about their p99's share of the limit."""
    slowest = p99(times)
    return Row(
        name=f"{name}: p99",
        ours=f"median {sorted(times)[len(times) // 2] * 1000:.1f} ms, p99 {slowest * 1000:.1f} ms",
        limit=f"{limit * 1000:.0f} ms",
        ratio=slowest / limit,
        goal=goal,
    )


def not_measured(name: str, goal: Goal, why: str = "not measured yet") -> Row:
    """Return the row of something that is promised and that nobody measured."""
    return Row(name=name, ours=why, goal=goal)


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """Where and on what a theme works."""

    directory: Path  # one that QEMU's user can pass; it is removed with all files of the theme
    disk: Path  # a raw disk with holes, as `bench.disks.build_disk` makes it
    data: int  # bytes of it that are not holes
    rounds: int  # pairs of runs, of which the best count
    is_quick: bool = False  # leaves out what takes longer than a minute


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    seconds: float
    cpu_seconds: float  # of this process and of the programs that it waited for

    def without(self, part: "Spent") -> "Spent":
        return Spent(seconds=self.seconds - part.seconds, cpu_seconds=self.cpu_seconds - part.cpu_seconds)

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s ({self.cpu_seconds:.2f} cpu)"


def timed(action: Callable[[], object]) -> Spent:
    """Measure the action after everything was written back to disk: otherwise a run would pay for the one before it."""
    os.sync()
    cpu, clock = _cpu_seconds(), time.perf_counter()
    action()
    return Spent(seconds=time.perf_counter() - clock, cpu_seconds=_cpu_seconds() - cpu)


def best_of(*kinds: Callable[[], Spent], rounds: int) -> list[Spent]:
    """Alternate them, since the computer may have other users, and return the quickest run of each."""
    runs = [[each() for each in kinds] for _ in range(rounds)]
    return [min(spent, key=lambda run: run.seconds) for spent in zip(*runs, strict=True)]


def beside(limit: Spent, peer: Spent, *, what: str) -> str:
    """Tell the limit of a speed, and how many times as fast as the peer it would be: nobody can reach a goal above that."""
    return f"{what}: {limit}, {peer.seconds / limit.seconds:.1f} times as fast"


def mebibytes(count: int) -> str:
    return f"{count / MIB:.1f} MiB"


def stored_under(folder: Path) -> int:
    """Return the bytes in the files of a folder, holes included."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
