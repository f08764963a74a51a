"""Waiting for other operations, by looking again: what is looked at is always the database."""

import time

from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.ports.database import UnitOfWork
from galeria.workflows.context import WorkflowContext

# Running work ends at its next report of progress once it was asked to; only a stuck tool takes longer.
PATIENCE_SECONDS = 600.0


def wait_for_others(context: WorkflowContext, operation_id: str) -> None:
    """Return when nothing else works on the operation's subject or its machines. Raises Conflict when that takes too long."""
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
    return [
        each
        for each in uow.operations.unsettled()
        if each.id != own.id
        and (each.subject == own.subject or each.subject in machines or each.inputs.get("machine") in machines)
    ]
