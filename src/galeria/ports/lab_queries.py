"""Queries over thousands of labs at once, and over the exports and operations of a lab."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from galeria.domain.images.galleries import ImageVersion
from galeria.domain.labs.labs import LabMachine
from galeria.domain.operations import Operation
from galeria.domain.states import MachineState, ProvisioningState


class LabOutline(NamedTuple):
    """The fields of a lab that people search by. A tuple, because one page makes thousands of them."""

    id: str
    name: str
    title: str
    image: str  # its display name; where the definition is gone, the last part of the requested id


@dataclass(frozen=True, kw_only=True, slots=True)
class LabCard:
    """The fields of a lab that a list shows. `template` is the id of its template VM."""

    id: str
    resource_id: str
    title: str
    state: ProvisioningState
    location: str
    size: str
    version_name: str
    author_id: str
    created_by: str
    template: str | None
    template_state: MachineState | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LabTotals:
    """How many labs there are, those without a template included, and how many machines they have or announce."""

    labs: int
    machines: int  # templates, and as many machines for students as the labs' capacities say


class LabQueries(Protocol):
    """Queries over many labs; the number of queries does not grow with the number of labs."""

    def outlines(self, scopes: Sequence[str]) -> list[LabOutline]:
        """Returns the labs whose key is one of the scopes or lies below one, by title, then name."""
        ...

    def cards(self, ids: Sequence[str]) -> list[LabCard]:
        """Returns the labs with these ids in the given order; those that do not exist are left out."""
        ...

    def templates(self, lab_ids: Sequence[str]) -> dict[str, LabMachine]:
        """Returns a lab's id → its template VM."""
        ...

    def totals(
        self, *, author_id: str | None = None, account_id: str | None = None, region: str | None = None
    ) -> LabTotals:
        """Counts the labs that the person made, or all; of the lab account, and in the region, or everywhere."""
        ...

    def exports(self, machine_id: str) -> list[ImageVersion]:
        """Returns the image versions made from the machine's disk, newest first, deleted ones included."""
        ...

    def last_work(self, subjects: Sequence[str]) -> Operation | None:
        """Returns the newest operation on any of these versions, labs or machines, or None."""
        ...
