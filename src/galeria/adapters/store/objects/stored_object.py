"""What a list of a bucket tells of an object."""

import time
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredObject:
    path: str
    size: int  # bytes
    changed: float  # seconds since 1970, by the clock of whoever stores it

    @property
    def age(self) -> float:
        """Seconds since it was written, by this computer's clock."""
        return time.time() - self.changed
