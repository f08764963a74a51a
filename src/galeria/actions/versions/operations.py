"""Operations: see, list, cancel, retry."""

from collections.abc import Callable

from galeria.actions.core.claims import is_claimed_by_caller
from galeria.actions.core.limits import require_disk_room, require_export_limit, require_operation_limit
from galeria.actions.core.operation_access import is_visible, visible_operations, works_on_own_machine
from galeria.actions.core.request import Request
from galeria.actions.labs.machines import running_on_machine
from galeria.actions.storage.storage_lifecycle import get_stored
from galeria.actions.versions.exports import require_author, require_export
from galeria.domain.errors import Conflict, Forbidden, NotFound, refused
from galeria.domain.labs.labs import FailureRecord
from galeria.domain.messages import EMPTY, Message, verbatim
from galeria.domain.operations import Operation, OperationKind, OperationStep, Subject
from galeria.domain.resources import Resource
from galeria.domain.states import LabState, MachineState, OperationStatus, is_settled, moved


def get_operation(request: Request, id: str) -> tuple[Operation, list[OperationStep]]:
    """Returns an operation with its steps. Raises NotFound, also where the caller may not see it."""
    operation = request.uow.operations.find(id)
    if operation is None:
        raise _missing(id)
    if not is_visible(request, operation):
        raise refused(_missing(id), operation.kind_type.read, operation.resource_id)
    return operation, request.uow.operations.steps(operation.id)


def find_failure_record(request: Request, operation: Operation) -> FailureRecord | None:
    """Returns what the machine showed when the operation failed; None without that, or where the caller may not read it.

    Who may see an operation need not see the machine: what is on its screen is for those who may read it now.
    """
    if operation.kind_type.subject is not Subject.MACHINE:
        return None
    machine = request.uow.machines.find(operation.subject)
    lab = request.uow.labs.find(machine.lab_id) if machine else None
    if machine is None or lab is None:
        return None
    may_read = request.caller.may(f"{operation.kind_type.resource}/read", lab.key)
    if not may_read and not is_claimed_by_caller(request, machine):
        return None
    return request.uow.machines.find_failure_record(operation.id)


def get_failure_picture(request: Request, id: str) -> bytes:
    """Returns the machine's screen as it was when the operation failed, a PNG. Raises NotFound."""
    operation, _ = get_operation(request, id)
    record = find_failure_record(request, operation)
    if record is None or not record.picture:
        raise NotFound(
            Message("There is no picture of the machine's screen."),
            hint=Message("One is kept where an operation on a machine has failed, until the next one on it fails."),
            code="NotFound",
        )
    return record.picture


def list_operations(request: Request, *, below: str = "", limit: int = 100) -> list[Operation]:
    """Returns the newest operations that the caller may see, at most `limit`; `below` is a key that limits them to a
    resource and what lies below it."""
    looked = limit
    while True:
        found = request.uow.operations.recent(below=below, limit=looked)
        visible = visible_operations(request, found)[:limit]
        if len(visible) == limit or len(found) < looked:
            return visible
        looked *= 4  # other people's operations stand between the caller's own


def cancel_operation(request: Request, id: str) -> Operation:
    """Asks an operation to stop at the next safe moment; may be repeated. Raises NotFound, Forbidden, Conflict for a lock."""
    operation, _ = get_operation(request, id)
    require_cancel(request, operation)
    if not is_settled(operation.status):
        operation.cancel_requested = True
        request.audit(
            "Microsoft.Galeria/operations/cancel/action", operation.resource_id, detail=verbatim(operation.id)
        )
    return operation


def retry_operation(request: Request, id: str) -> Operation:
    """Lets a failed or canceled operation continue: finished steps are kept, the others run again.

    The caller needs the rights to begin it now, whoever began it.
    Raises NotFound, Forbidden, Conflict for one that succeeded or where another one is running, TooManyRequests, OutOfSpace.
    """
    operation, _ = get_operation(request, id)
    require_begin(request, operation)
    if not is_settled(operation.status):
        return operation
    if operation.status is OperationStatus.SUCCEEDED:
        raise Conflict(Message("The operation has succeeded."), hint=Message("There is nothing left to do."))
    machine = operation.inputs.machine or operation.subject
    if request.uow.operations.running_on(operation.subject) or running_on_machine(request, machine):
        raise Conflict(
            Message("Another operation is under way there."), hint=Message("Wait until it has ended, then retry.")
        )
    require_operation_limit(request, operation.started_by, operation.kind)
    if operation.kind is OperationKind.EXPORT_TEMPLATE:
        require_export_limit(request, operation.started_by, machine)
    require_disk_room(request, operation.kind, operation.location)
    operation.status = moved(operation.status, OperationStatus.NOT_STARTED)
    operation.attempt += 1
    operation.started_by = request.caller.principal.id  # whose right is asked when the work begins
    operation.cancel_requested = False
    operation.error_code, operation.error_message, operation.error_hint = "", EMPTY, EMPTY
    operation.ended_at = None
    request.uow.machines.remove_failure_record(operation.id)
    _reopen(request, operation)
    request.audit("Microsoft.Galeria/operations/retry/action", operation.resource_id, detail=verbatim(operation.id))
    return operation


def require_begin(request: Request, operation: Operation) -> None:
    """Raises Forbidden, Conflict or NotFound unless the caller may begin the operation now, by present roles and locks."""
    if works_on_own_machine(request, operation):
        request.caller.require_unlocked(operation.kind_type.action, operation.resource_id.lower())
        return
    if operation.kind is not OperationKind.EXPORT_TEMPLATE:
        request.caller.require(operation.kind_type.action, operation.resource_id.lower())
        return
    machine = request.uow.machines.get(operation.inputs.machine)
    lab, version = request.uow.labs.get(machine.lab_id), request.uow.versions.get(operation.subject)
    require_export(request, request.uow.accounts.get(lab.account_id), lab)
    require_author(request, request.uow.definitions.get(version.definition_id))


def require_cancel(request: Request, operation: Operation) -> None:
    """Raises Forbidden, Conflict or NotFound unless the caller may cancel the operation now.

    Whoever may write what it works on may, and whoever began it while they may still begin it.
    """
    is_own = operation.started_by == request.caller.principal.id
    if not (is_own and can_retry(request, operation)):
        request.caller.require(operation.kind_type.write, operation.resource_id.lower())


def can_cancel(request: Request, operation: Operation) -> bool:
    """Tells whether the caller may cancel the operation now."""
    return _is_let(require_cancel, request, operation)


def can_retry(request: Request, operation: Operation) -> bool:
    """Tells whether the caller may begin the operation now, and so retry it."""
    return _is_let(require_begin, request, operation)


def _is_let(require: Callable[[Request, Operation], None], request: Request, operation: Operation) -> bool:
    try:
        require(request, operation)
    except (Forbidden, Conflict, NotFound):
        return False
    return True


def _missing(id: str) -> NotFound:
    return NotFound(
        Message("There is no operation '{id}'.", id=id),
        hint=Message("'galeria operation list' shows yours."),
        code="NotFound",
    )


def _reopen(request: Request, operation: Operation) -> None:
    """Put the subject back into the state in which its work is under way."""
    uow, state = request.uow, operation.kind_type.under_way
    if isinstance(state, MachineState):
        machine = uow.machines.get(operation.subject)
        machine.state = moved(machine.state, state)
    elif isinstance(state, LabState):
        lab = uow.labs.get(operation.subject)
        lab.lab_state = moved(lab.lab_state, state)
    else:
        resource = _resource(request, operation)
        resource.state = moved(resource.state, state)


def _resource(request: Request, operation: Operation) -> Resource:
    """What an operation works on, if that is no machine. Raises NotFound or Conflict where it is gone."""
    uow = request.uow
    match operation.kind_type.subject:
        case Subject.VERSION:
            return uow.versions.get(operation.subject)
        case Subject.LAB:
            return uow.labs.get(operation.subject)
        case Subject.GROUP:
            return uow.groups.get(operation.subject)
        case _:
            return get_stored(request, operation.subject)
