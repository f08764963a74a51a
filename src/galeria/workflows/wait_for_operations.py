"""Wait for other operations by reading their state from the database again and again."""

import time

from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.ports.database import UnitOfWork
from galeria.workflows.context import WorkflowContext

# A canceled operation ends at its next report of progress; only a tool that hangs takes longer than this.
PATIENCE_SECONDS = 600.0


def wait_for_others(context: WorkflowContext, operation_id: str) -> None:
    """Return when no other operation works on the same subject or its machines. Raises Conflict after `PATIENCE_SECONDS`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with context.database(reading=True) as uow:
            others = _others(uow, uow.operations.get(operation_id))
        if not others:
            return
        if time.monotonic() > deadline:
            raise Conflict(
                Message("Other work does not end: {others}.", others=[each.kind for each in others]),
                hint=Message("Look at 'galeria operation list', then retry this one."),
            )
        time.sleep(context.poll_seconds)


def _others(uow: UnitOfWork, own: Operation) -> list[Operation]:
    machines = {machine.id for machine in uow.machines.of_lab(own.subject)}
    return [each for each in uow.operations.working_with({own.subject, *machines}) if each.id != own.id]
