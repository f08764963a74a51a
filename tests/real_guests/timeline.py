"""How long each step of a test took, told at the end of the run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Timeline:
    """The steps of one variant, in the order in which they began; one that failed is marked."""

    name: str
    _steps: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        mark = " FAILED"
        try:
            yield
            mark = ""
        finally:
            self._steps.append(f"{what} {time.monotonic() - began:.0f} s{mark}")

    def __str__(self) -> str:
        return f"{self.name}: {', '.join(self._steps)}"
