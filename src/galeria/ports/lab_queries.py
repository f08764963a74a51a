"""The part of a unit of work that looks at many labs at once, and at what was done with one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from galeria.domain.images.galleries import ImageVersion
from galeria.domain.labs.labs import LabMachine
from galeria.domain.operations import Operation
from galeria.domain.states import MachineState, ProvisioningState


class LabOutline(NamedTuple):
    """What a lab is looked for by. A tuple: a thousand are made for one page."""

    id: str
    name: str
    title: str
    image: str  # its display name; where the definition is gone, the last part of what was asked for


@dataclass(frozen=True, kw_only=True, slots=True)
class LabCard:
    """What a list shows of a lab. `template` is the id of its template VM."""

    id: str
    resource_id: str
    title: str
    state: ProvisioningState
    location: str
    size: str
    version_name: str
    template: str | None
    template_state: MachineState | None


class LabQueries(Protocol):
    """A few questions, however many labs there are."""

    def outlines(self, scopes: Sequence[str]) -> list[LabOutline]:
        """Of the labs whose key is one of the scopes or lies below one; by title, then name."""
        ...

    def cards(self, ids: Sequence[str]) -> list[LabCard]:
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
