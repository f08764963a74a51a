"""Who may see an operation. `actions.versions.operations` says who may cancel and who may retry it."""

from collections.abc import Iterable

from galeria.actions.core.claims import is_claimed_by_caller
from galeria.actions.core.request import Request
from galeria.actions.core.resources import find_resource
from galeria.domain.ids import ResourceId
from galeria.domain.operations import Operation, OperationKind, Subject


def is_visible(request: Request, operation: Operation) -> bool:
    """Whether the caller may see the operation now.

    Whoever may read what it works on may; an export also those who see the lab whose template it reads. Whoever began it sees
    it while they may still begin it, and after what it worked on is gone: roles on that went with it.
    """
    if request.caller.may(operation.kind_type.read, operation.resource_id):
        return True
    if operation.kind is OperationKind.EXPORT_TEMPLATE and _sees_template(request, operation):
        return True
    return operation.started_by == request.caller.principal.id and _is_still_theirs(request, operation)


def visible_operations(request: Request, found: Iterable[Operation]) -> list[Operation]:
    """Returns the operations that the caller may see, in the same order."""
    return [each for each in found if is_visible(request, each)]


def works_on_own_machine(request: Request, operation: Operation) -> bool:
    """Whether it works on the caller's machine as a student, who needs no role for it."""
    if operation.kind_type.subject is not Subject.MACHINE:
        return False
    machine = request.uow.machines.find(operation.subject)
    return machine is not None and is_claimed_by_caller(request, machine)


def _is_still_theirs(request: Request, operation: Operation) -> bool:
    if request.caller.may(operation.kind_type.action, operation.resource_id) or works_on_own_machine(
        request, operation
    ):
        return True
    return find_resource(request, ResourceId.parse(operation.resource_id)) is None


def _sees_template(request: Request, operation: Operation) -> bool:
    machine = request.uow.machines.find(operation.inputs.machine)
    lab = request.uow.labs.find(machine.lab_id) if machine else None
    return lab is not None and request.caller.may("Microsoft.LabServices/labs/read", lab.key)
