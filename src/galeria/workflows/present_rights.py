"""Whether whoever an operation works for may still have it done, asked when its work and each of its steps begin."""

from galeria.actions.core.caller import Caller
from galeria.actions.core.request import with_caller
from galeria.actions.versions.operations import require_begin
from galeria.domain.errors import Forbidden, NotFound
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.ports.database import UnitOfWork
from galeria.workflows.context import WorkflowContext


def require_present_right(context: WorkflowContext, uow: UnitOfWork, operation: Operation) -> None:
    """Raise Forbidden where the right was taken away since the operation was asked for, and Conflict where a lock was put.

    What the service itself began needs nobody's right.
    """
    if not operation.started_by:
        return
    person = uow.people.get(operation.started_by)
    assignments = uow.people.assignments(person.id) if person.enabled else []
    caller = Caller(principal=person, assignments=assignments, locks=tuple(uow.locks.all()))
    try:
        require_begin(with_caller(context.request(uow), caller), operation)
    except (Forbidden, NotFound) as error:
        raise Forbidden(
            Message(
                "'{person}' may not do this any more: the right was taken away before the work was done.",
                person=person.display_name,
            ),
            hint=Message("Ask an Owner for a role that allows it, then retry."),
        ) from error
