"""Who may see an operation, and who may cancel or retry it."""

from galeria.actions.core.request import Request
from galeria.domain.operations import Operation, OperationKind

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


def is_visible(request: Request, operation: Operation) -> bool:
    """Tells whether the caller may see the operation: its starter, those who may read its resource, and for an export
    those who may read the lab of the template."""
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
    """Tells whether the caller may cancel or retry the operation: its starter, and those who may change its resource."""
    own = operation.started_by == request.caller.principal.id
    return own or request.caller.may(write_action(operation), operation.resource_id)


def write_action(operation: Operation) -> str:
    """Returns the action that allows changing the operation's resource."""
    return READ_OF[operation.kind].removesuffix("read") + "write"
