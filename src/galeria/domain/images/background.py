"""How much of the host the work takes that nobody waits for: checking and clearing stores, joining machines' layers, removing
old operations.
"""

from dataclasses import dataclass

MOST_DAYS = 36_500
_MIB = 1024 * 1024
_BUSY = 10
"""While people wait for answers, work in the background gets one part of its share in so many."""


@dataclass(frozen=True, kw_only=True)
class BackgroundLimits:
    """The share of the host that work in the background takes at most, each piece of work by itself."""

    disk_mib_per_second: int = 50  # that it reads or writes; 0: any number
    processor_percent: int = 20  # of one processor
    scrub_days: int = 30  # between two checks of all that a store keeps; 0: it is never read as a whole
    operation_days: int = 90  # for which operations are kept that have ended; 0: for ever

    def __post_init__(self) -> None:
        if not 1 <= self.processor_percent <= 100:
            raise ValueError("'processor_percent' is 1 to 100")
        for name in ("scrub_days", "operation_days"):
            if getattr(self, name) > MOST_DAYS:
                raise ValueError(f"'{name}' is at most {MOST_DAYS}")

    @property
    def rate(self) -> int:
        """Bytes that it reads or writes in a second; 0: any number."""
        return self.disk_mib_per_second * _MIB

    def pause(self, elapsed: float, *, processor: float, moved: int) -> float:
        """Returns the seconds to rest after work of `elapsed` seconds that took so many of a processor and moved so many
        bytes."""
        needed = processor * 100 / self.processor_percent
        if self.rate:
            needed = max(needed, moved / self.rate)
        return max(0.0, needed - elapsed)

    def longest_wait(self, processor: float) -> float:
        """Returns the seconds that work which took so many of a processor waits for answers at most, before it goes on."""
        return processor * 100 / self.processor_percent * (_BUSY - 1)
