"""Repositories of operations with their steps, and of uploads."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import SqlRepository, at_or_below, batches
from galeria.adapters.db.tables import core_tables, storage_tables
from galeria.domain.images.storage import DiskState
from galeria.domain.messages import Message
from galeria.domain.operations import OPERATION_TYPES, Operation, OperationKind, OperationStep, Upload
from galeria.domain.states import UNSETTLED, OperationStatus
from galeria.ports.disk_repositories import UploadTotals
from galeria.ports.work import OldOperation

_LIMITED = tuple(kind for kind, type in OPERATION_TYPES.items() if type.is_limited)
_GIVEN_UP = (OperationStatus.FAILED, OperationStatus.CANCELED)
# What operations work on, besides versions.
_SUBJECTS = (
    core_tables.lab_machines,
    core_tables.labs,
    core_tables.resource_groups,
    storage_tables.disks,
    storage_tables.snapshots,
    storage_tables.managed_images,
)


class SqlOperationRepository(SqlRepository[Operation]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Operation, core_tables.operations, Message("operation"))

    def unsettled(self) -> list[Operation]:
        """Return the operations that are not started or in progress, oldest first."""
        columns = core_tables.operations.c
        return self._where(columns.status.in_(UNSETTLED), order=(columns.created_at, columns.id))

    def count_limited(self, *, started_by: str | None = None) -> int:
        """Count the unsettled operations of the kinds that are limited, but for those that the service itself began."""
        self._session.flush()
        columns = core_tables.operations.c
        counted = sa.select(sa.func.count()).where(columns.status.in_(UNSETTLED), columns.kind.in_(_LIMITED))
        counted = counted.where(columns.started_by != "")
        if started_by is not None:
            counted = counted.where(columns.started_by == started_by)
        return self._session.scalar(counted) or 0

    def of_kind(self, kind: OperationKind) -> list[Operation]:
        """Return the unsettled operations of that kind, oldest first."""
        columns = core_tables.operations.c
        conditions = (columns.kind == kind, columns.status.in_(UNSETTLED))
        return self._where(*conditions, order=(columns.created_at, columns.id))

    def running_on(self, subject: str) -> list[Operation]:
        """Return the unsettled operations on that version, lab or machine, oldest first."""
        columns = core_tables.operations.c
        conditions = (columns.subject == subject, columns.status.in_(UNSETTLED))
        return self._where(*conditions, order=(columns.created_at, columns.id))

    def working_with(self, ids: Collection[str]) -> list[Operation]:
        """Unsettled operations whose subject, or whose inputs' machine, is one of these; oldest first."""
        return [each for each in self.unsettled() if each.works_with(ids)]

    def newest_on(self, subjects: Collection[str]) -> dict[str, Operation]:
        columns = core_tables.operations.c
        found: dict[str, Operation] = {}
        for some in batches(sorted(subjects)):
            last = (
                sa.select(columns.subject, sa.func.max(columns.created_at).label("at"))
                .where(columns.subject.in_(some))
                .group_by(columns.subject)
                .subquery()
            )
            question = sa.select(Operation).join(
                last, sa.and_(columns.subject == last.c.subject, columns.created_at == last.c.at)
            )
            found |= {each.subject: each for each in self._session.scalars(question.order_by(columns.id))}
        return found

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

    def may_go_on(self, *, ended_after: datetime) -> list[Operation]:
        """Return the operations that are unsettled, or have failed or been canceled after that time."""
        columns = core_tables.operations.c
        is_recent = sa.and_(columns.status.in_(_GIVEN_UP), columns.ended_at > ended_after)
        is_open = sa.or_(columns.status.in_(UNSETTLED), is_recent)
        return self._where(is_open, order=(columns.created_at, columns.id))

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

    def begun_before(self, moment: datetime, *, after: OldOperation | None, limit: int) -> list[OldOperation]:
        self._session.flush()
        columns = core_tables.operations.c
        is_removable = sa.and_(_has_ended(moment), sa.or_(_has_newer(), sa.not_(_has_subject())))
        question = sa.select(columns.id, columns.created_at, is_removable.label("is_removable"))
        question = question.where(columns.created_at < moment)
        if after:
            is_behind = sa.or_(columns.created_at > after.created_at, columns.id > after.id)
            question = question.where(columns.created_at >= after.created_at, is_behind)
        rows = self._session.execute(question.order_by(columns.created_at, columns.id).limit(limit))
        return [OldOperation(id=row.id, created_at=row.created_at, is_removable=bool(row.is_removable)) for row in rows]

    def remove_ended(self, ids: Collection[str], *, before: datetime) -> int:
        self._session.flush()
        table = core_tables.operations
        removal = sa.delete(table).where(_has_ended(before)).returning(table.c.id)
        asked = (removal.where(table.c.id.in_(some)) for some in batches(sorted(ids)))
        return sum(len(self._session.execute(each).all()) for each in asked)


def _has_ended(before: datetime) -> sa.ColumnElement[bool]:
    columns = core_tables.operations.c
    return sa.and_(columns.status.not_in(UNSETTLED), columns.ended_at < before)


def _has_newer() -> sa.ColumnElement[bool]:
    """The condition that a newer operation of the same kind is on the same subject."""
    old, new = core_tables.operations.c, core_tables.operations.alias("newer").c
    is_newer = sa.or_(new.created_at > old.created_at, sa.and_(new.created_at == old.created_at, new.id > old.id))
    return sa.exists().where(new.subject == old.subject, new.kind == old.kind, is_newer)


def _has_subject() -> sa.ColumnElement[bool]:
    """The condition that what the operation works on is still there. A deleted version keeps its row."""
    subject, versions = core_tables.operations.c.subject, core_tables.image_versions.c
    is_version = sa.exists().where(versions.id == subject, versions.deleted_at.is_(None))
    return sa.or_(is_version, *(sa.exists().where(table.c.id == subject) for table in _SUBJECTS))


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
