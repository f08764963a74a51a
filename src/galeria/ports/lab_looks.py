"""The part of a unit of work that looks at many labs at once, and at what was done with one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from galeria.domain.galleries import ImageVersion
from galeria.domain.labs import Lab, LabMachine
from galeria.domain.operations import Operation


@dataclass(frozen=True, kw_only=True, slots=True)
class LabOutline:
    """What a lab is looked for by."""

    id: str
    name: str
    title: str
    image: str  # its display name; where the definition is gone, the last part of what was asked for


class LabLooks(Protocol):
    """A few questions, however many labs there are."""

    def outlines(self, scopes: Sequence[str]) -> list[LabOutline]:
        """Of the labs whose key is one of the scopes or lies below one; by title, then name."""
        ...

    def labs(self, ids: Sequence[str]) -> list[Lab]:
        """In the given order; those that are gone are left out."""
        ...

    def templates(self, lab_ids: Sequence[str]) -> dict[str, LabMachine]:
        """A lab's id → its template VM."""
        ...

    def exports(self, machine_id: str) -> list[ImageVersion]:
        """Versions made from the machine's disk, the newest first, deleted ones included."""
        ...

    def last_work(self, subjects: Sequence[str]) -> Operation | None:
        """The operation on one of those versions, labs or machines that was begun last."""
        ...
