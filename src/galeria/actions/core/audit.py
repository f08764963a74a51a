"""Writes the audit log: an entry is added in the same transaction as the change it records."""

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.caller import Caller
from galeria.domain.messages import EMPTY, Message
from galeria.domain.operations import AuditEvent


def record_audit(
    request: BaseRequest, caller: Caller, action: str, scope: str, status: str = "Succeeded", *, detail: Message = EMPTY
) -> AuditEvent:
    """Adds an entry to the audit log; it is kept when the unit of work is committed.

    `scope` is the id of what the action was done to, in any case. `detail` never holds a secret.
    """
    event = AuditEvent(
        id=request.id_generator.new_id(),
        at=request.clock.now(),
        principal_id=caller.principal.id,
        principal_name=caller.principal.name,
        action=action,
        scope=scope.lower(),
        status=status,
        correlation_id=caller.correlation_id,
        detail=detail,
    )
    request.uow.audit.add(event)
    return event
