"""What the computer did while the clients asked: whose processor time it was, and how much memory each process had."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

_TICKS = os.sysconf("SC_CLK_TCK")
_FIRST_MINUTE = 60.0  # in which a process fills its caches


@dataclass
class Load:
    """Processor seconds by who used them, of which `everything` is the sum with all other programs, and memory."""

    seconds: dict[str, float] = field(default_factory=dict)
    everything: float = 0.0
    most_mib: int = 0
    most_growth: int = 0  # MiB, of one process after its first minute

    def told(self, elapsed: float, answers: int) -> str:
        """Return lines for people."""
        ours = sum(self.seconds.values())
        processors = os.cpu_count() or 1
        each = ", ".join(f"{who} {spent:.0f} s" for who, spent in self.seconds.items())
        others = max(0.0, self.everything - ours) / elapsed
        server = self.seconds.get("servers", 0.0) / max(1, answers) * 1000
        database = self.seconds.get("PostgreSQL", 0.0) / max(1, answers) * 1000
        load = " ".join(f"{value:.1f}" for value in os.getloadavg())
        return (
            f"processor time: {each}; for each answer {server:.1f} ms of servers and {database:.1f} ms of PostgreSQL\n"
            f"load average {load}; of {processors} processors ours used {ours / elapsed:.2f} and others {others:.2f}\n"
            f"{self.most_mib} MiB of memory at most, {self.most_growth} MiB more after the first minute of a process\n"
        )


class LoadWatch:
    """Adds up what processes used, also those that have ended meanwhile: call `end` for each before it ends."""

    def __init__(self, postgresql: int) -> None:
        self.load = Load()
        self._postgresql = postgresql
        self._living: dict[int, tuple[str, float]] = {}  # who, and what had been used when the watch began
        self._settled: dict[int, int] = {}  # MiB of each after its first minute
        self._ended: dict[str, float] = {}
        self.restart()

    def restart(self) -> None:
        """Count from now on."""
        database = spent_by(self._postgresql, with_children=True)
        self._began = {"clients": spent_by(os.getpid()), "PostgreSQL": database, "": busy_seconds()}
        self._living = {pid: (who, spent_by(pid)) for pid, (who, _) in self._living.items()}

    def begin(self, who: str, pid: int) -> None:
        self._living[pid] = who, 0.0

    def end(self, pid: int) -> None:
        who, before = self._living.pop(pid)
        self._settled.pop(pid, None)
        self._ended[who] = self._ended.get(who, 0.0) + spent_by(pid) - before

    def note_memory(self) -> None:
        for pid in tuple(self._living):
            mib = _resident_mib(pid)
            self.load.most_mib = max(self.load.most_mib, mib)
            if _age(pid) > _FIRST_MINUTE:
                grown = mib - self._settled.setdefault(pid, mib)
                self.load.most_growth = max(self.load.most_growth, grown)

    def result(self) -> Load:
        """Return what was used until now."""
        seconds = dict(self._ended)
        for pid, (who, before) in self._living.items():
            seconds[who] = seconds.get(who, 0.0) + spent_by(pid) - before
        seconds["PostgreSQL"] = spent_by(self._postgresql, with_children=True) - self._began["PostgreSQL"]
        seconds["clients"] = spent_by(os.getpid()) - self._began["clients"]
        self.load.seconds, self.load.everything = seconds, busy_seconds() - self._began[""]
        return self.load


def postmaster_of(url: str) -> int:
    """Return the process id of a server that the tests started."""
    folder = Path(str(sa.make_url(url).query["host"]))
    return int((folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def busy_seconds() -> float:
    """Return what all processors have worked since the computer began, for whomever."""
    user, nice, system, _idle, _wait, *rest = Path("/proc/stat").read_text(encoding="utf-8").split("\n")[0].split()[1:]
    return sum(int(each) for each in (user, nice, system, *rest[:3])) / _TICKS


def spent_by(pid: int, *, with_children: bool = False) -> float:
    """Return the seconds of processor time of a process, and of its children, those included that have ended."""
    found = _stat(pid)
    spent = sum(int(each) for each in found[11 : 15 if with_children else 13]) / _TICKS
    if with_children:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
        spent += sum(spent_by(int(each)) for each in children.split())
    return spent


def _age(pid: int) -> float:
    found = _stat(pid)
    up = float(Path("/proc/uptime").read_text(encoding="utf-8").split()[0])
    return up - int(found[19]) / _TICKS if found else 0.0


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return []


def _resident_mib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS")), 0)
