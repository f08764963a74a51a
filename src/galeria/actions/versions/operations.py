"""Operations as people see and steer them: follow, cancel, retry."""

from galeria.actions.core.operation_access import can_steer, is_visible, write_action
from galeria.actions.core.request import Request
from galeria.actions.labs.machines import running_on_machine
from galeria.actions.storage.storage_lifecycle import STORAGE_WORK, reopen
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.messages import EMPTY, Message, verbatim
from galeria.domain.operations import Operation, OperationKind, OperationStep
from galeria.domain.states import LabState, MachineState, OperationStatus, ProvisioningState, is_settled, moved

_MACHINE_WORK = {
    OperationKind.START_MACHINE: MachineState.STARTING,
    OperationKind.STOP_MACHINE: MachineState.STOPPING,
    OperationKind.RESET_PASSWORD: MachineState.RESETTING_PASSWORD,
    OperationKind.REIMAGE_MACHINE: MachineState.REIMAGING,
    OperationKind.REDEPLOY_MACHINE: MachineState.REDEPLOYING,
}


def get_operation(request: Request, id: str) -> tuple[Operation, list[OperationStep]]:
    """Whoever began it may see it, and whoever may read what it works on. For others it does not exist."""
    operation = request.uow.operations.find(id)
    if operation is None or not is_visible(request, operation):
        raise NotFound(
            Message("There is no operation '{id}'.", id=id),
            hint=Message("'galeria operation list' shows yours."),
            code="NotFound",
        )
    return operation, request.uow.operations.steps(operation.id)


def list_operations(request: Request, *, below: str = "", limit: int = 100) -> list[Operation]:
    """Newest first."""
    looked = limit
    while True:
        found = request.uow.operations.recent(below=below, limit=looked)
        visible = [each for each in found if is_visible(request, each)][:limit]
        if len(visible) == limit or len(found) < looked:
            return visible
        looked *= 4  # other people's operations stand between the caller's own


def cancel_operation(request: Request, id: str) -> Operation:
    """Ask it to stop at the next moment that leaves everything whole. Asking twice is asking once."""
    operation, _ = get_operation(request, id)
    _require_own(request, operation)
    if not is_settled(operation.status):
        operation.cancel_requested = True
        request.audit(
            "Microsoft.Galeria/operations/cancel/action", operation.resource_id, detail=verbatim(operation.id)
        )
    return operation


def retry_operation(request: Request, id: str) -> Operation:
    """Let a failed or canceled operation continue: what was finished is kept, what failed is done again."""
    operation, _ = get_operation(request, id)
    _require_own(request, operation)
    if not is_settled(operation.status):
        return operation
    if operation.status is OperationStatus.SUCCEEDED:
        raise Conflict(Message("The operation has succeeded."), hint=Message("There is nothing left to do."))
    machine = operation.inputs.get("machine", operation.subject)
    if request.uow.operations.running_on(operation.subject) or running_on_machine(request.uow, machine):
        raise Conflict(
            Message("Another operation is under way there."), hint=Message("Wait until it has ended, then retry.")
        )
    operation.status = moved(operation.status, OperationStatus.NOT_STARTED)
    operation.attempt += 1
    operation.cancel_requested = False
    operation.error_code, operation.error_message, operation.error_hint = "", EMPTY, EMPTY
    operation.ended_at = None
    _reopen(request, operation)
    request.audit("Microsoft.Galeria/operations/retry/action", operation.resource_id, detail=verbatim(operation.id))
    return operation


def _reopen(request: Request, operation: Operation) -> None:
    """Put the resource back into the state in which its work is under way."""
    kind, uow = operation.kind, request.uow
    if kind in {OperationKind.CREATE_VERSION, OperationKind.EXPORT_TEMPLATE, OperationKind.UPDATE_VERSION}:
        version = uow.versions.get(operation.subject)
        updating = kind is OperationKind.UPDATE_VERSION
        version.state = moved(version.state, ProvisioningState.UPDATING if updating else ProvisioningState.CREATING)
    elif kind is OperationKind.CREATE_LAB:
        lab = uow.labs.get(operation.subject)
        lab.state = moved(lab.state, ProvisioningState.CREATING)
    elif kind is OperationKind.DELETE_VERSION:
        version = uow.versions.get(operation.subject)
        version.state = moved(version.state, ProvisioningState.DELETING)
    elif kind is OperationKind.PUBLISH_LAB:
        lab = uow.labs.get(operation.subject)
        lab.lab_state = moved(lab.lab_state, LabState.PUBLISHING)
    elif kind is OperationKind.DELETE_LAB:
        lab = uow.labs.get(operation.subject)
        lab.state = moved(lab.state, ProvisioningState.DELETING)
    elif kind is OperationKind.DELETE_GROUP:
        group = uow.groups.get(operation.subject)
        group.state = moved(group.state, ProvisioningState.DELETING)
    elif kind in STORAGE_WORK:
        reopen(uow, operation)
    else:
        machine = uow.machines.get(operation.subject)
        machine.state = moved(machine.state, _MACHINE_WORK[kind])


def _require_own(request: Request, operation: Operation) -> None:
    if not can_steer(request, operation):
        request.caller.require(write_action(operation), operation.resource_id)
