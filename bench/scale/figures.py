"""A figure of a measurement, and how those of a process are read."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """`value` is as people read it."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


def resident_bytes() -> int:
    """Return the memory that this process has now."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0
