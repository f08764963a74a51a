"""Figures for monitoring are counted in the database, on both kinds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from galeria.adapters.db.figures import SqlFigures
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.images.galleries import Replica
from galeria.domain.states import LabState, MachineState, OperationStatus, ReplicaState

from . import samples


@dataclass(frozen=True)
class Stopped:
    """A clock that stands still."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def test_everything_is_counted_by_what_there_is_few_of(db: SqlDatabase, engine: sa.Engine) -> None:
    figures = SqlFigures(engine=engine, clock=Stopped(samples.NOW + timedelta(seconds=90)))
    empty = figures.read()
    assert (empty.operations, empty.oldest_operation_seconds, empty.stored_bytes) == ({}, 0.0, {})
    image = samples.definition(samples.gallery())
    version, gone = samples.version(image), samples.version(image, "2.0.0", deleted_at=samples.NOW)
    account = samples.account()
    lab = samples.lab(account, version)
    with db() as uow:
        for each in (version, gone):
            uow.versions.add(each)
        uow.accounts.add(account)
        uow.labs.add(lab)
        uow.machines.add(samples.machine(lab, 22001, state=MachineState.RUNNING))
        uow.machines.add(samples.machine(lab, 22002, state=MachineState.STOPPED))
        for status in (OperationStatus.IN_PROGRESS, OperationStatus.SUCCEEDED, OperationStatus.SUCCEEDED):
            uow.operations.add(samples.operation(status=status))
        uow.flush()
        for of, region in ((version, "brazilsouth"), (version, "westeurope"), (gone, "westeurope")):
            uow.versions.add_replica(Replica(version_id=of.id, region=region, state=ReplicaState.COMPLETED))
        uow.commit()
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE replicas SET own_bytes = 7 WHERE region = 'westeurope'")
    found = figures.read()
    assert found.operations == {("create_version", "InProgress"): 1, ("create_version", "Succeeded"): 2}
    assert found.oldest_operation_seconds == 90
    assert found.machines == {("brazilsouth", "Running"): 1, ("brazilsouth", "Stopped"): 1}
    assert found.labs == {("brazilsouth", LabState.DRAFT.value): 1}
    assert found.copies == {("brazilsouth", "Completed"): 1, ("westeurope", "Completed"): 1}
    assert found.stored_bytes == {"brazilsouth": 0, "westeurope": 14}
