"""Admit starts of machines, in the order in which they were asked for, as far as the host has room."""

from galeria.actions.core.host_use import host_use, waiting_starts
from galeria.domain.labs.sizes import get_size
from galeria.domain.labs.start_queue import has_room
from galeria.domain.operations import OperationKind
from galeria.domain.states import OperationStatus, moved
from galeria.workflows.context import WorkflowContext


def admit(context: WorkflowContext, operation_id: str) -> bool:
    """Tell whether the operation may begin now. A start that is admitted is marked as in progress at once.

    One that was asked to stop needs no room: it begins and ends.
    """
    with context.database(reading=True) as uow:
        asked = uow.operations.get(operation_id)
    if asked.kind is not OperationKind.START_MACHINE or asked.status is not OperationStatus.NOT_STARTED:
        return True
    with context.database() as uow:
        request = context.request(uow)
        waiting = [each for each in waiting_starts(request) if not each.cancel_requested]
        operation = uow.operations.get(operation_id)
        if waiting and waiting[0].id != operation_id and not operation.cancel_requested:
            return False
        lab = uow.labs.get(uow.machines.get(operation.subject).lab_id)
        size = get_size(context.settings.sizes, lab.size)
        if not operation.cancel_requested and not has_room(context.settings.starts, host_use(request), size):
            return False
        operation.status = moved(operation.status, OperationStatus.IN_PROGRESS)
        uow.commit()
    return True
