"""What was done is written down in the same transaction that does it."""

from galeria.actions.core.caller import Caller
from galeria.domain.messages import EMPTY, Message
from galeria.domain.operations import AuditEvent
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Clock, IdGenerator


def record_audit(
    uow: UnitOfWork,
    clock: Clock,
    id_generator: IdGenerator,
    caller: Caller,
    action: str,
    scope: str,
    status: str = "Succeeded",
    *,
    detail: Message = EMPTY,
) -> AuditEvent:
    """Add one event to the audit trail; it is kept when the unit of work is committed.

    `scope` is the id of what the action was done to, in any case. `detail` never holds a secret.
    """
    event = AuditEvent(
        id=id_generator.new_id(),
        at=clock.now(),
        principal_id=caller.principal.id,
        principal_name=caller.principal.name,
        action=action,
        scope=scope.lower(),
        status=status,
        correlation_id=caller.correlation_id,
        detail=detail,
    )
    uow.audit.add(event)
    return event
