"""Repositories of what was done of schedules, of how long students' machines ran, of who uses machines, and of what is kept of
their work."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import SqlRepository, batches
from galeria.adapters.db.tables import class_tables
from galeria.domain.classes.kept_machines import KeptMachine
from galeria.domain.classes.occurrences import OccurrenceRecord
from galeria.domain.classes.shutdown import MachinePresence
from galeria.domain.classes.usage import UsageSession
from galeria.domain.classes.work_disks import WorkDisk
from galeria.domain.messages import Message


class SqlOccurrenceRecordRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, record: OccurrenceRecord) -> None:
        self._session.add(record)

    def of_labs(self, lab_ids: Collection[str]) -> list[OccurrenceRecord]:
        columns = class_tables.occurrence_records.c
        order = (columns.lab_id, columns.schedule_id, columns.local_start)
        return [
            each
            for some in batches(sorted(lab_ids))
            for each in self._session.scalars(
                sa.select(OccurrenceRecord).where(columns.lab_id.in_(some)).order_by(*order)
            )
        ]

    def running(self) -> list[OccurrenceRecord]:
        columns = class_tables.occurrence_records.c
        question = sa.select(OccurrenceRecord).where(columns.started_at.is_not(None), columns.stopped_at.is_(None))
        return list(self._session.scalars(question.order_by(columns.lab_id, columns.schedule_id, columns.local_start)))

    def forget(self, *, stopped_before: datetime) -> None:
        columns = class_tables.occurrence_records.c
        self._session.execute(sa.delete(class_tables.occurrence_records).where(columns.stopped_at < stopped_before))


class SqlUsageRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, used: UsageSession) -> None:
        self._session.add(used)

    def open(self) -> list[UsageSession]:
        columns = class_tables.usage_sessions.c
        question = sa.select(UsageSession).where(columns.is_open).order_by(columns.machine_id)
        return list(self._session.scalars(question))

    def find_open(self, machine_id: str) -> UsageSession | None:
        columns = class_tables.usage_sessions.c
        return self._session.scalars(
            sa.select(UsageSession).where(columns.machine_id == machine_id, columns.is_open)
        ).first()

    def of_lab(self, lab_id: str) -> list[UsageSession]:
        columns = class_tables.usage_sessions.c
        question = sa.select(UsageSession).where(columns.lab_id == lab_id)
        return list(self._session.scalars(question.order_by(columns.began_at, columns.id)))


class SqlPresenceRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, seen: MachinePresence) -> None:
        self._session.add(seen)

    def find(self, machine_id: str) -> MachinePresence | None:
        self._session.flush()
        return self._session.get(MachinePresence, machine_id)

    def all(self) -> list[MachinePresence]:
        columns = class_tables.machine_presence.c
        return list(self._session.scalars(sa.select(MachinePresence).order_by(columns.machine_id)))

    def remove(self, seen: MachinePresence) -> None:
        self._session.delete(seen)
        self._session.flush()


class SqlWorkDiskRepository(SqlRepository[WorkDisk]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, WorkDisk, class_tables.work_disks, Message("work disk"))

    def find_of_machine(self, machine_id: str) -> WorkDisk | None:
        found = self._where(class_tables.work_disks.c.machine_id == machine_id)
        return found[0] if found else None

    def of_lab(self, lab_id: str) -> list[WorkDisk]:
        columns = class_tables.work_disks.c
        return self._where(columns.lab_id == lab_id, order=(columns.created_at, columns.id))

    def kept(self, *, until: datetime | None = None) -> list[WorkDisk]:
        columns = class_tables.work_disks.c
        condition = columns.kept_until.is_not(None) if until is None else columns.kept_until <= until
        return self._where(condition, order=(columns.kept_until, columns.id))


class SqlKeptMachineRepository(SqlRepository[KeptMachine]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, KeptMachine, class_tables.kept_machines, Message("earlier machine"))

    def of_machine(self, machine_id: str) -> list[KeptMachine]:
        columns = class_tables.kept_machines.c
        return self._where(columns.machine_id == machine_id, order=(columns.kept_at.desc(), columns.id))

    def of_lab(self, lab_id: str) -> list[KeptMachine]:
        columns = class_tables.kept_machines.c
        return self._where(columns.lab_id == lab_id, order=(columns.kept_at.desc(), columns.id))

    def ended(self, now: datetime) -> list[KeptMachine]:
        columns = class_tables.kept_machines.c
        return self._where(columns.kept_until <= now, order=(columns.kept_until, columns.id))

    def contents(self, region: str) -> set[str]:
        columns = class_tables.kept_machines.c
        return set(self._session.scalars(sa.select(columns.base_digest).where(columns.region == region)))
