"""The repository of audit events: searching them, and the chain that they form."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import at_or_below
from galeria.adapters.db.tables import audit_tables, core_tables
from galeria.domain.audit import AuditEvent, AuditHead, AuditSearch

SCOPES = 200
"""Keys in one statement: SQLite's deepest condition has 1000 parts."""


class SqlAuditRepository:
    """Audit events, which are written once and never changed, but for their place in the chain."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, event: AuditEvent) -> None:
        self._session.add(event)

    def recent(self, *, below: str = "", limit: int = 100) -> list[AuditEvent]:
        """Return events on the resource of the key `below` and on resources below it, newest first."""
        columns = audit_tables.audit_events.c
        question = sa.select(AuditEvent).order_by(columns.at.desc(), columns.id.desc()).limit(limit)
        if below:
            question = question.where(at_or_below(columns.scope_key, below))
        return list(self._session.scalars(question))

    def find(self, id: str) -> AuditEvent | None:
        return self._session.get(AuditEvent, id)

    def head(self) -> AuditHead:
        """Return the last link of the chain."""
        columns = audit_tables.audit_events.c
        question = sa.select(columns.number, columns.hash).where(columns.number.is_not(None))
        last = self._session.execute(question.order_by(columns.number.desc()).limit(1)).first()
        return AuditHead(number=last.number, hash=last.hash) if last else AuditHead()

    def chained(self, *, after: int, limit: int) -> list[AuditEvent]:
        """Return the events with a number greater than `after`, by number."""
        columns = audit_tables.audit_events.c
        question = sa.select(AuditEvent).where(columns.number > after).order_by(columns.number).limit(limit)
        return list(self._session.scalars(question))

    def waiting(self, *, limit: int) -> list[AuditEvent]:
        """Return the events that have no number yet, oldest first."""
        columns = audit_tables.audit_events.c
        question = sa.select(AuditEvent).where(columns.number.is_(None)).order_by(columns.at, columns.id).limit(limit)
        return list(self._session.scalars(question))

    def count_waiting(self) -> int:
        columns = audit_tables.audit_events.c
        question = sa.select(sa.func.count()).select_from(audit_tables.audit_events).where(columns.number.is_(None))
        return self._session.scalar(question) or 0

    def search(self, scopes: Sequence[str], search: AuditSearch, *, offset: int, limit: int) -> list[AuditEvent]:
        if len(scopes) <= SCOPES:
            return self._newest(scopes, search, offset=offset, limit=limit)
        batches = [scopes[first : first + SCOPES] for first in range(0, len(scopes), SCOPES)]
        found = [each for some in batches for each in self._newest(some, search, offset=0, limit=offset + limit)]
        return sorted(found, key=lambda each: (each.at, each.id), reverse=True)[offset : offset + limit]

    def _newest(self, scopes: Sequence[str], search: AuditSearch, *, offset: int, limit: int) -> list[AuditEvent]:
        columns = audit_tables.audit_events.c
        question = sa.select(AuditEvent).where(_lies_in(scopes), *_wanted(search))
        order = (columns.at.desc(), columns.id.desc())
        return list(self._session.scalars(question.order_by(*order).offset(offset).limit(limit)))


def _lies_in(scopes: Sequence[str]) -> sa.ColumnElement[bool]:
    key: sa.ColumnElement[str] = audit_tables.audit_events.c.scope_key
    if any("/providers/" not in each for each in scopes):
        # Most events match: reading them by time stops after one page, while collecting them by key reads them all.
        key = key.concat("")
    return sa.or_(sa.false(), *(at_or_below(key, each) for each in scopes))


def _wanted(search: AuditSearch) -> Iterator[sa.ColumnElement[bool]]:
    columns = audit_tables.audit_events.c
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
    columns = audit_tables.audit_events.c
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
