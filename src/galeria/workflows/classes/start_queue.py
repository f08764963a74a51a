"""Admit starts of machines, in the order in which they were asked for, as far as the host has room."""

from dataclasses import replace

from galeria.actions.core.host_use import host_use, waiting_starts
from galeria.domain.labs.sizes import get_size
from galeria.domain.labs.start_queue import StartLimits, has_room
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
        operation = uow.operations.get(operation_id)
        queue, limits = rivals(context, operation.location), _limits(context, operation.location)
        waiting = [each for each in waiting_starts(request, queue) if not each.cancel_requested]
        if waiting and waiting[0].id != operation_id and not operation.cancel_requested:
            return False
        lab = uow.labs.get(uow.machines.get(operation.subject).lab_id)
        size = get_size(context.settings.sizes, lab.size)
        use = host_use(request, regions=queue)
        if not operation.cancel_requested and not has_room(limits, use, size):
            return False
        operation.status = moved(operation.status, OperationStatus.IN_PROGRESS)
        uow.commit()
    return True


def rivals(context: WorkflowContext, region: str) -> frozenset[str] | None:
    """Return the regions whose machines run where this region's do; None for all."""
    clouds = context.settings.regions.in_clouds().keys()
    if region in clouds:
        return frozenset({region})
    if not clouds:
        return context.regions
    served = (each.name for each in context.settings.regions.all if context.serves(each.name))
    return frozenset(served) - clouds


def _limits(context: WorkflowContext, region: str) -> StartLimits:
    """Return what machines of the region may take: in a cloud its quota decides about memory."""
    limits = context.settings.starts
    return replace(limits, memory_mib=0) if context.settings.regions.is_in_cloud(region) else limits
