"""Repositories of operations with their steps, uploads, and audit events."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import SqlRepository, at_or_below
from galeria.adapters.db.tables import core_tables
from galeria.domain.messages import Message
from galeria.domain.operations import AuditEvent, AuditSearch, Operation, OperationStep, Upload
from galeria.domain.states import OperationStatus

SCOPES = 200
"""Keys in one statement: SQLite's deepest condition has 1000 parts."""
_UNSETTLED = (OperationStatus.NOT_STARTED, OperationStatus.IN_PROGRESS)


class SqlOperationRepository(SqlRepository[Operation]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Operation, core_tables.operations, Message("operation"))

    def unsettled(self) -> list[Operation]:
        """Return the operations that are not started or in progress, oldest first."""
        columns = core_tables.operations.c
        return self._where(columns.status.in_(_UNSETTLED), order=(columns.created_at, columns.id))

    def running_on(self, subject: str) -> list[Operation]:
        """Return the unsettled operations on that version, lab or machine, oldest first."""
        columns = core_tables.operations.c
        conditions = (columns.subject == subject, columns.status.in_(_UNSETTLED))
        return self._where(*conditions, order=(columns.created_at, columns.id))

    def working_with(self, ids: Collection[str]) -> list[Operation]:
        """Unsettled operations whose subject, or whose inputs' machine, is one of these; oldest first."""
        return [each for each in self.unsettled() if each.works_with(ids)]

    def recent(self, *, below: str = "", limit: int = 100) -> list[Operation]:
        """Return operations on the resource of the key `below` and on resources below it, newest first."""
        columns = core_tables.operations.c
        question = sa.select(Operation).order_by(columns.created_at.desc(), columns.id.desc()).limit(limit)
        if below:
            question = question.where(at_or_below(columns.resource_key, below))
        return list(self._session.scalars(question))

    def steps(self, operation_id: str) -> list[OperationStep]:
        """Return the operation's steps by position, those of one position by region."""
        columns = core_tables.operation_steps.c
        order = (columns.position, columns.region, columns.name)
        question = sa.select(OperationStep).where(columns.operation_id == operation_id).order_by(*order)
        return list(self._session.scalars(question))

    def find_step(self, operation_id: str, name: str, region: str) -> OperationStep | None:
        self._session.flush()
        return self._session.get(OperationStep, (operation_id, name, region))

    def add_step(self, step: OperationStep) -> None:
        self._session.add(step)


class SqlUploadRepository(SqlRepository[Upload]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Upload, core_tables.uploads, Message("upload"))

    def of_owner(self, owner_id: str) -> list[Upload]:
        """Return the person's uploads, newest first."""
        columns = core_tables.uploads.c
        return self._where(columns.owner_id == owner_id, order=(columns.created_at.desc(), columns.id))

    def created_before(self, moment: datetime) -> list[Upload]:
        columns = core_tables.uploads.c
        return self._where(columns.created_at < moment, order=(columns.created_at, columns.id))


class SqlAuditRepository:
    """Audit events, which are written once and never changed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, event: AuditEvent) -> None:
        self._session.add(event)

    def recent(self, *, below: str = "", limit: int = 100) -> list[AuditEvent]:
        """Return events on the resource of the key `below` and on resources below it, newest first."""
        columns = core_tables.audit_events.c
        question = sa.select(AuditEvent).order_by(columns.at.desc(), columns.id.desc()).limit(limit)
        if below:
            question = question.where(at_or_below(columns.scope_key, below))
        return list(self._session.scalars(question))

    def search(self, scopes: Sequence[str], search: AuditSearch, *, offset: int, limit: int) -> list[AuditEvent]:
        if len(scopes) <= SCOPES:
            return self._newest(scopes, search, offset=offset, limit=limit)
        batches = [scopes[first : first + SCOPES] for first in range(0, len(scopes), SCOPES)]
        found = [each for some in batches for each in self._newest(some, search, offset=0, limit=offset + limit)]
        return sorted(found, key=lambda each: (each.at, each.id), reverse=True)[offset : offset + limit]

    def _newest(self, scopes: Sequence[str], search: AuditSearch, *, offset: int, limit: int) -> list[AuditEvent]:
        columns = core_tables.audit_events.c
        question = sa.select(AuditEvent).where(_lies_in(scopes), *_wanted(search))
        order = (columns.at.desc(), columns.id.desc())
        return list(self._session.scalars(question.order_by(*order).offset(offset).limit(limit)))


def _lies_in(scopes: Sequence[str]) -> sa.ColumnElement[bool]:
    key: sa.ColumnElement[str] = core_tables.audit_events.c.scope_key
    if any("/providers/" not in each for each in scopes):
        # Most events match: reading them by time stops after one page, while collecting them by key reads them all.
        key = key.concat("")
    return sa.or_(sa.false(), *(at_or_below(key, each) for each in scopes))


def _wanted(search: AuditSearch) -> Iterator[sa.ColumnElement[bool]]:
    columns = core_tables.audit_events.c
    if search.person:
        people = core_tables.principals.c
        named = sa.select(people.id).where(_has(people.display_name, search.person))
        yield sa.or_(_has(columns.principal_name, search.person), columns.principal_id.in_(named))
    if search.resource:
        yield columns.scope_key.contains(search.resource.lower(), autoescape=True)
    if search.since:
        yield columns.at >= search.since
    if search.until:
        yield columns.at < search.until
    if search.before:
        at, id = search.before
        yield sa.or_(columns.at < at, sa.and_(columns.at == at, columns.id < id))
    if search.provider:
        yield sa.func.lower(columns.action).startswith(f"{search.provider.lower()}/", autoescape=True)
    yield from _wanted_whole(search)


def _wanted_whole(search: AuditSearch) -> Iterator[sa.ColumnElement[bool]]:
    columns = core_tables.audit_events.c
    if search.correlation_id:
        yield columns.correlation_id == search.correlation_id
    for column, text in (
        (columns.action, search.action),
        (columns.principal_name, search.caller),
        (columns.status, search.status),
    ):
        if text:
            yield sa.func.lower(column) == text.lower()


def _has(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Return the condition that the column contains the text.

    SQLite folds the case of ASCII letters only: text with other letters is found as it is written.
    """
    lower = sa.func.lower(column).contains(text.lower(), autoescape=True)
    return sa.or_(lower, column.contains(text, autoescape=True))
