"""Note with each machine how much of its image has arrived on its host, so that pages and answers can tell."""

from collections.abc import Mapping

from galeria.domain.labs.labs import LabMachine
from galeria.ports.database import UnitOfWork
from galeria.ports.images import Digest
from galeria.ports.machines import Arrival
from galeria.workflows.context import WorkflowContext


def note_arrivals(context: WorkflowContext) -> None:
    """Write what has changed since the last run. Where no image arrives, this costs one look into a table."""
    arrivals = context.cache.arrivals()
    with context.database(reading=True) as uow:
        if not _changed(context, uow, arrivals):
            return
    with context.database() as uow:
        for machine in _changed(context, uow, arrivals):
            machine.image_percent, machine.image_problem = _told(machine, arrivals)
        uow.commit()


def _changed(
    context: WorkflowContext, uow: UnitOfWork, arrivals: Mapping[tuple[str, Digest], Arrival]
) -> list[LabMachine]:
    """Return the machines on this host of which something else is to be said than stands there."""
    found = uow.machines.arriving([digest for _, digest in arrivals])
    return [
        machine
        for machine in found
        if context.serves(machine.region) and (machine.image_percent, machine.image_problem) != _told(machine, arrivals)
    ]


def _told(machine: LabMachine, arrivals: Mapping[tuple[str, Digest], Arrival]) -> tuple[int | None, str]:
    arrival = arrivals.get((machine.region, machine.base_digest))
    return (arrival.percent, arrival.problem) if arrival else (None, "")
