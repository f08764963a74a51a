"""How many machines run and start at once: a start waits until the host has memory for it, and a place among those starting.

Whoever waits is served in the order in which they asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from galeria.domain.errors import Conflict
from galeria.domain.labs.sizes import Size
from galeria.domain.messages import Message

OVERHEAD_MIB = 96  # of the process around a machine's memory: its devices, and translated code under emulation


@dataclass(frozen=True, kw_only=True)
class StartLimits:
    """What machines may take of the host."""

    memory_mib: int = 0  # of all running machines together; 0: as much as they like
    at_once: int = 4  # machines that are starting at the same moment


@dataclass(frozen=True, kw_only=True)
class HostUse:
    """What machines take of the host now, and how many starts wait."""

    running: int  # machines that are on
    starting: int  # of these, those that are starting
    waiting: int
    memory_mib: int  # that those which are on take
    cores: int = 0  # that those which are on have


def memory_cost(size: Size) -> int:
    """Returns the MiB that a running machine of that size takes of the host."""
    return size.memory_mib + OVERHEAD_MIB


def has_room(limits: StartLimits, use: HostUse, size: Size) -> bool:
    """Tells whether a machine of that size may start now."""
    fits = limits.memory_mib == 0 or use.memory_mib + memory_cost(size) <= limits.memory_mib
    return fits and use.starting < limits.at_once


def room_left(limits: StartLimits, use: HostUse, sizes: Sequence[Size], *, machines: int) -> tuple[int, int]:
    """Returns how many cores, and how many MiB of memory, machines that are off could take besides: at most `machines` more
    of them, all of the size that takes most. The host's memory decides, where it is limited; `use` is that of the whole host.
    """
    free = max(0, limits.memory_mib - use.memory_mib)
    counts = [min(machines, free // memory_cost(size)) if limits.memory_mib else machines for size in sizes]
    cores = max((count * size.vcpus for count, size in zip(counts, sizes, strict=True)), default=0)
    return cores, free if limits.memory_mib else machines * max(map(memory_cost, sizes), default=0)


def require_possible(limits: StartLimits, size: Size) -> None:
    """Raises Conflict where a machine of that size would never have room, even alone."""
    if 0 < limits.memory_mib < memory_cost(size):
        raise Conflict(
            Message(
                "The machine takes {needed} MiB of memory, and the host has {most} MiB for machines.",
                needed=memory_cost(size),
                most=limits.memory_mib,
            ),
            hint=Message(
                "Choose a smaller size; an administrator can raise 'memory_mib' under [machines] in galeria.toml."
            ),
            code="HostTooSmall",
        )
