"""How much there is of everything, for monitoring."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Counts at one moment, by names of which there are few: kinds, states and regions."""

    operations: Mapping[tuple[str, str], int]  # by kind and status, ended ones too
    oldest_operation_seconds: float  # since the oldest one began that has not ended; 0 where there is none
    machines: Mapping[tuple[str, str], int]  # by region and state
    labs: Mapping[tuple[str, str], int]  # by region and state
    copies: Mapping[tuple[str, str], int]  # of image versions, by region and state
    stored_bytes: Mapping[str, int]  # of all copies that were measured, by region, compressed


class FigureSource(Protocol):
    """Counts what there is."""

    def read(self) -> Figures:
        """Returns the figures of now. Raises Unavailable."""
        ...
