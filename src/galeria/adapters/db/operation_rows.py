"""Operations with their steps, uploads, and the audit log."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db import tables
from galeria.adapters.db.rows import SqlRows, at_or_below
from galeria.domain.operations import AuditEvent, Operation, OperationStep, Upload
from galeria.domain.states import OperationStatus

_UNSETTLED = (OperationStatus.NOT_STARTED, OperationStatus.IN_PROGRESS)


class SqlOperations(SqlRows[Operation]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Operation, tables.operations, "operation")

    def unsettled(self) -> list[Operation]:
        """Not started or in progress, oldest first."""
        columns = tables.operations.c
        return self._where(columns.status.in_(_UNSETTLED), order=(columns.created_at, columns.id))

    def running_on(self, subject: str) -> list[Operation]:
        """Unsettled operations on that version, lab or machine, oldest first."""
        columns = tables.operations.c
        conditions = (columns.subject == subject, columns.status.in_(_UNSETTLED))
        return self._where(*conditions, order=(columns.created_at, columns.id))

    def recent(self, *, below: str = "", limit: int = 100) -> list[Operation]:
        """Newest first; those on the resource of key `below` and on what lies below it."""
        columns = tables.operations.c
        question = sa.select(Operation).order_by(columns.created_at.desc(), columns.id.desc()).limit(limit)
        if below:
            question = question.where(at_or_below(columns.resource_key, below))
        return list(self._session.scalars(question))

    def steps(self, operation_id: str) -> list[OperationStep]:
        """By position, steps of one position by region."""
        columns = tables.operation_steps.c
        order = (columns.position, columns.region, columns.name)
        question = sa.select(OperationStep).where(columns.operation_id == operation_id).order_by(*order)
        return list(self._session.scalars(question))

    def find_step(self, operation_id: str, name: str, region: str) -> OperationStep | None:
        self._session.flush()
        return self._session.get(OperationStep, (operation_id, name, region))

    def add_step(self, step: OperationStep) -> None:
        self._session.add(step)


class SqlUploads(SqlRows[Upload]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Upload, tables.uploads, "upload")

    def of_owner(self, owner_id: str) -> list[Upload]:
        """The newest first."""
        columns = tables.uploads.c
        return self._where(columns.owner_id == owner_id, order=(columns.created_at.desc(), columns.id))


class SqlAudit:
    """Written once, never changed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, event: AuditEvent) -> None:
        self._session.add(event)

    def recent(self, *, below: str = "", limit: int = 100) -> list[AuditEvent]:
        """Newest first; what was done to the resource of key `below` and to what lies below it."""
        columns = tables.audit_events.c
        question = sa.select(AuditEvent).order_by(columns.at.desc(), columns.id.desc()).limit(limit)
        if below:
            question = question.where(at_or_below(columns.scope_key, below))
        return list(self._session.scalars(question))
