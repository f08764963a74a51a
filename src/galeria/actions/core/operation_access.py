"""Who may see an operation, and who may cancel it. `actions.versions.operations` says who may retry it."""

from collections.abc import Iterable

from galeria.actions.core.request import Request
from galeria.domain.operations import Operation, OperationKind


def is_visible(request: Request, operation: Operation) -> bool:
    """Whether the caller may see the operation.

    Whoever began it may, and whoever may read what it works on; an export also those who see the lab whose template it reads.
    """
    if operation.started_by == request.caller.principal.id:
        return True
    if request.caller.may(operation.kind_type.read, operation.resource_id):
        return True
    return operation.kind is OperationKind.EXPORT_TEMPLATE and _sees_template(request, operation)


def visible_operations(request: Request, found: Iterable[Operation]) -> list[Operation]:
    """Returns the operations that the caller may see, in the same order."""
    return [each for each in found if is_visible(request, each)]


def can_cancel(request: Request, operation: Operation) -> bool:
    """Tells whether the caller may cancel the operation: its beginner may, and whoever may write what it works on."""
    own = operation.started_by == request.caller.principal.id
    return own or request.caller.may(operation.kind_type.write, operation.resource_id)


def require_cancel(request: Request, operation: Operation) -> None:
    """Raises Forbidden where the caller may not cancel the operation."""
    if not can_cancel(request, operation):
        request.caller.require(operation.kind_type.write, operation.resource_id)


def _sees_template(request: Request, operation: Operation) -> bool:
    machine = request.uow.machines.find(operation.inputs.machine)
    lab = request.uow.labs.find(machine.lab_id) if machine else None
    return lab is not None and request.caller.may("Microsoft.LabServices/labs/read", lab.key)
