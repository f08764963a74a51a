"""Repositories of operations with their steps, and of uploads."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import SqlRepository, at_or_below
from galeria.adapters.db.tables import core_tables, storage_tables
from galeria.domain.images.storage import DiskState
from galeria.domain.messages import Message
from galeria.domain.operations import OPERATION_TYPES, Operation, OperationKind, OperationStep, Upload
from galeria.domain.states import OperationStatus
from galeria.ports.disk_repositories import UploadTotals

_LIMITED = tuple(kind for kind, type in OPERATION_TYPES.items() if type.is_limited)
_GIVEN_UP = (OperationStatus.FAILED, OperationStatus.CANCELED)
_UNSETTLED = (OperationStatus.NOT_STARTED, OperationStatus.IN_PROGRESS)


class SqlOperationRepository(SqlRepository[Operation]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Operation, core_tables.operations, Message("operation"))

    def unsettled(self) -> list[Operation]:
        """Return the operations that are not started or in progress, oldest first."""
        columns = core_tables.operations.c
        return self._where(columns.status.in_(_UNSETTLED), order=(columns.created_at, columns.id))

    def count_limited(self, *, started_by: str | None = None) -> int:
        """Count the unsettled operations of the kinds that are limited, but for those that the service itself began."""
        self._session.flush()
        columns = core_tables.operations.c
        counted = sa.select(sa.func.count()).where(columns.status.in_(_UNSETTLED), columns.kind.in_(_LIMITED))
        counted = counted.where(columns.started_by != "")
        if started_by is not None:
            counted = counted.where(columns.started_by == started_by)
        return self._session.scalar(counted) or 0

    def of_kind(self, kind: OperationKind) -> list[Operation]:
        """Return the unsettled operations of that kind, oldest first."""
        columns = core_tables.operations.c
        conditions = (columns.kind == kind, columns.status.in_(_UNSETTLED))
        return self._where(*conditions, order=(columns.created_at, columns.id))

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

    def with_addresses(self, *, ended_before: datetime) -> list[Operation]:
        """Return failed and canceled operations that ended before then and were begun with an address and its query."""
        columns = core_tables.operations.c
        inputs = sa.cast(columns.stored_inputs, sa.String)
        conditions = (columns.status.in_(_GIVEN_UP), columns.ended_at < ended_before, inputs.like('%"uri"%?%'))
        return self._where(*conditions, order=(columns.ended_at, columns.id))

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

    def totals(self, *, owner_id: str | None = None) -> UploadTotals:
        """Count uploads, and disks in the states in which they are written to."""
        self._session.flush()
        sent, disks = core_tables.uploads.c, storage_tables.disks.c
        waiting = disks.disk_state.in_((DiskState.READY_TO_UPLOAD, DiskState.ACTIVE_UPLOAD))
        files, announced = self._counted(sent.length, *(() if owner_id is None else (sent.owner_id == owner_id,)))
        own = () if owner_id is None else (disks.author_id == owner_id,)
        more, bytes_more = self._counted(disks.upload_bytes, waiting, *own)
        return UploadTotals(files=files + more, announced=announced + bytes_more)

    def _counted(self, size: sa.Column[int], *conditions: sa.ColumnElement[bool]) -> tuple[int, int]:
        """Return how many rows there are, and the sum of that column."""
        counted = sa.select(sa.func.count(size), sa.func.coalesce(sa.func.sum(size), 0)).where(*conditions)
        count, total = self._session.execute(counted).one()
        return int(count), int(total)

    def created_before(self, moment: datetime) -> list[Upload]:
        columns = core_tables.uploads.c
        return self._where(columns.created_at < moment, order=(columns.created_at, columns.id))
