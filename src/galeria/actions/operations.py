"""Operations as people see and steer them: follow, cancel, retry."""

from galeria.actions.machines import running_on_machine
from galeria.actions.request import Request
from galeria.actions.stored import STORAGE_WORK, reopen
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.operations import Operation, OperationKind, OperationStep
from galeria.domain.states import LabState, MachineState, OperationStatus, ProvisioningState, is_settled, moved

READ_OF = {
    OperationKind.CREATE_VERSION: "Microsoft.Compute/galleries/images/versions/read",
    OperationKind.EXPORT_TEMPLATE: "Microsoft.Compute/galleries/images/versions/read",
    OperationKind.UPDATE_VERSION: "Microsoft.Compute/galleries/images/versions/read",
    OperationKind.DELETE_VERSION: "Microsoft.Compute/galleries/images/versions/read",
    OperationKind.CREATE_LAB: "Microsoft.LabServices/labs/read",
    OperationKind.DELETE_LAB: "Microsoft.LabServices/labs/read",
    OperationKind.DELETE_GROUP: "Microsoft.Resources/subscriptions/resourceGroups/read",
    OperationKind.START_MACHINE: "Microsoft.LabServices/labs/read",
    OperationKind.STOP_MACHINE: "Microsoft.LabServices/labs/read",
    OperationKind.RESET_PASSWORD: "Microsoft.LabServices/labs/read",
    OperationKind.REIMAGE_MACHINE: "Microsoft.LabServices/labs/read",
    OperationKind.REDEPLOY_MACHINE: "Microsoft.LabServices/labs/read",
    OperationKind.PUBLISH_LAB: "Microsoft.LabServices/labs/read",
    OperationKind.CREATE_DISK: "Microsoft.Compute/disks/read",
    OperationKind.STORE_UPLOAD: "Microsoft.Compute/disks/read",
    OperationKind.RESIZE_DISK: "Microsoft.Compute/disks/read",
    OperationKind.DELETE_DISK: "Microsoft.Compute/disks/read",
    OperationKind.CREATE_SNAPSHOT: "Microsoft.Compute/snapshots/read",
    OperationKind.DELETE_SNAPSHOT: "Microsoft.Compute/snapshots/read",
    OperationKind.CREATE_IMAGE: "Microsoft.Compute/images/read",
    OperationKind.DELETE_IMAGE: "Microsoft.Compute/images/read",
}

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
        raise NotFound(f"There is no operation '{id}'.", hint="'galeria operation list' shows yours.", code="NotFound")
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
        request.audit("Microsoft.Galeria/operations/cancel/action", operation.resource_id, detail=operation.id)
    return operation


def retry_operation(request: Request, id: str) -> Operation:
    """Let a failed or canceled operation continue: what was finished is kept, what failed is done again."""
    operation, _ = get_operation(request, id)
    _require_own(request, operation)
    if not is_settled(operation.status):
        return operation
    if operation.status is OperationStatus.SUCCEEDED:
        raise Conflict("The operation has succeeded.", hint="There is nothing left to do.")
    machine = operation.inputs.get("machine", operation.subject)
    if request.uow.operations.running_on(operation.subject) or running_on_machine(request.uow, machine):
        raise Conflict("Another operation is under way there.", hint="Wait until it has ended, then retry.")
    operation.status = moved(operation.status, OperationStatus.NOT_STARTED)
    operation.attempt += 1
    operation.cancel_requested = False
    operation.error_code = operation.error_message = operation.error_hint = ""
    operation.ended_at = None
    _reopen(request, operation)
    request.audit("Microsoft.Galeria/operations/retry/action", operation.resource_id, detail=operation.id)
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


def is_visible(request: Request, operation: Operation) -> bool:
    """An export also for those who see the lab whose template it works on."""
    if operation.started_by == request.caller.principal.id:
        return True
    if request.caller.may(READ_OF[operation.kind], operation.resource_id):
        return True
    return operation.kind is OperationKind.EXPORT_TEMPLATE and _sees_template(request, operation)


def _sees_template(request: Request, operation: Operation) -> bool:
    machine = request.uow.machines.find(str(operation.inputs.get("machine", "")))
    lab = request.uow.labs.find(machine.lab_id) if machine else None
    return lab is not None and request.caller.may("Microsoft.LabServices/labs/read", lab.key)


def can_steer(request: Request, operation: Operation) -> bool:
    """Its beginner may steer it, and whoever may write what it works on."""
    own = operation.started_by == request.caller.principal.id
    return own or request.caller.may(_write_of(operation), operation.resource_id)


def _require_own(request: Request, operation: Operation) -> None:
    if not can_steer(request, operation):
        request.caller.require(_write_of(operation), operation.resource_id)


def _write_of(operation: Operation) -> str:
    return READ_OF[operation.kind].removesuffix("read") + "write"
