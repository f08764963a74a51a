"""Writes the audit log: an entry is added in the same transaction as the change it records, and chained soon afterwards."""

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.caller import Caller
from galeria.domain.audit import SUCCEEDED, AuditEvent, AuditHead, chained_hash
from galeria.domain.messages import EMPTY, Message

INSTALLATION = "installation"
"""The name in place of a principal's for what is done without anybody signed in."""


def record_audit(
    request: BaseRequest, caller: Caller, action: str, scope: str, status: str = SUCCEEDED, *, detail: Message = EMPTY
) -> None:
    """Adds an entry to the audit log; it is kept when the unit of work is committed.

    `scope` is the id of what the action was done to, in any case. `detail` never holds a secret.
    """
    event = _event(request, action, scope, status, caller.address, detail)
    event.principal_id, event.principal_name = caller.principal.id, caller.principal.name
    event.correlation_id = caller.correlation_id
    request.uow.audit.add(event)


def record_own_audit(
    request: BaseRequest,
    action: str,
    scope: str,
    status: str = SUCCEEDED,
    *,
    address: str = "",
    detail: Message = EMPTY,
    id: str = "",
) -> None:
    """Adds an entry about what the installation does by itself, or refuses to somebody whom it does not know.

    `id` is given where the same may be recorded again.
    """
    event = _event(request, action, scope, status, address, detail)
    event.id = id or event.id
    request.uow.audit.add(event)


def _event(request: BaseRequest, action: str, scope: str, status: str, address: str, detail: Message) -> AuditEvent:
    """Return an entry of this moment, by the installation."""
    return AuditEvent(
        id=request.id_generator.new_id(),
        at=request.clock.now(),
        principal_id=INSTALLATION,
        principal_name=INSTALLATION,
        action=action,
        scope=scope.lower(),
        status=status,
        address=address,
        detail=detail,
    )


def chain_waiting(request: BaseRequest, *, limit: int) -> int:
    """Gives up to `limit` entries that wait for it a number and a hash, oldest first; returns how many these were."""
    head = request.uow.audit.head()
    waiting = request.uow.audit.waiting(limit=limit)
    for event in waiting:
        event.number = head.number + 1
        event.hash = chained_hash(head.hash, event.number, event)
        head = AuditHead(number=event.number, hash=event.hash)
    return len(waiting)
