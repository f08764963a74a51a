"""Chain the audit log's new entries, copy them out of the database, and give a restored database the entries that it lacks."""

import logging
from itertools import islice

from galeria.actions.core.audit import chain_waiting, record_own_audit
from galeria.actions.people.principals import subscription_scope
from galeria.domain.audit import FAILED, SUCCEEDED, AuditEvent, AuditHead, AuditSearch, find_break
from galeria.domain.messages import Message
from galeria.ports.audit import AuditCopy
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)

BATCH = 1000  # entries in one transaction
RESTORE = "Microsoft.Galeria/activityLog/restore/action"
COPY = "Microsoft.Galeria/activityLog/copy/action"


def keep_audit_chain(context: WorkflowContext, copy: AuditCopy) -> None:
    """Chain what waits, and make the copy the same as the chain.

    Where the two differ nothing is overwritten: the log itself then says so, and goes on in the database.
    """
    copied = copy.head()
    with context.database(reading=True) as uow:
        head = uow.audit.head()
    if copied is None:
        _chain(context)
        _copy(context, copy, after=0)
        if head.number:
            _tell(context, COPY, FAILED, Message("The copy of the activity log was missing; it was written anew."))
    elif _agree(context, copy, copied, head) and _take_back(context, copy, copied, head):
        _chain(context)
        _copy(context, copy, after=copied.number)
    else:
        _chain(context)
        _tell_difference(context)


def _agree(context: WorkflowContext, copy: AuditCopy, copied: AuditHead, head: AuditHead) -> bool:
    """Return whether copy and database have the same hash at the last number that both have."""
    number = min(copied.number, head.number)
    if number == 0:
        return True
    if copied.number > number:
        return next(copy.entries(after=number - 1)).hash == head.hash
    with context.database(reading=True) as uow:
        return uow.audit.chained(after=number - 1, limit=1)[0].hash == copied.hash


def _take_back(context: WorkflowContext, copy: AuditCopy, copied: AuditHead, head: AuditHead) -> bool:
    """Add the entries that stand in the copy only, as after a restore. Return False where they do not follow the database's."""
    if copied.number <= head.number:
        return True  # without reading the copy, which is long and looked at every second
    first, missing = head.number + 1, copy.entries(after=head.number)
    while some := list(islice(missing, BATCH)):
        for event in some:
            if find_break(head, event):
                return False
            head = AuditHead(number=event.number or 0, hash=event.hash)
        _add(context, some)
    if head.number >= first:
        detail = Message("the entries {first} to {last}, which the database lacked", first=first, last=head.number)
        _tell(context, RESTORE, SUCCEEDED, detail)
    return True


def _add(context: WorkflowContext, events: list[AuditEvent]) -> None:
    with context.database() as uow:
        for event in events:
            waiting = uow.audit.find(event.id)  # where the backup was made before it got its number
            if waiting is None:
                uow.audit.add(event)
            else:
                waiting.number, waiting.hash = event.number, event.hash
        uow.commit()


def _chain(context: WorkflowContext) -> None:
    with context.database(reading=True) as uow:
        some_wait = bool(uow.audit.waiting(limit=1))
    while some_wait:
        with context.database() as uow:
            some_wait = chain_waiting(context.request(uow), limit=BATCH) == BATCH
            uow.commit()


def _copy(context: WorkflowContext, copy: AuditCopy, *, after: int) -> None:
    """Add the chained entries with greater numbers to the copy; an empty log makes an empty copy."""
    some: list[AuditEvent] | None = None
    while some is None or some:
        with context.database(reading=True) as uow:
            some = uow.audit.chained(after=after, limit=BATCH)
        if some or copy.head() is None:
            copy.append(some)
        after = some[-1].number or 0 if some else after


def _tell(context: WorkflowContext, action: str, status: str, detail: Message) -> None:
    log.warning("activity log: %s", detail)
    with context.database() as uow:
        request = context.request(uow)
        record_own_audit(request, action, subscription_scope(request), status, detail=detail)
        uow.commit()


def _tell_difference(context: WorkflowContext) -> None:
    """Tell once: the next time after a new copy was made."""
    detail = Message("The copy of the activity log differs from the database; neither was changed.")
    with context.database(reading=True) as uow:
        scope = subscription_scope(context.request(uow))
        last = uow.audit.search([scope], AuditSearch(action=COPY), offset=0, limit=1)
    if not last or last[0].detail != detail:
        _tell(context, COPY, FAILED, detail)
