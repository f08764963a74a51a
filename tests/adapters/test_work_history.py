"""What the durable engine remembers of work that ended long ago can be forgotten, on SQLite and PostgreSQL."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.actions.versions.operations import retry_operation
from galeria.actions.versions.versions import delete_version
from galeria.adapters.durable import ENDED, DbosStarter
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus, is_settled
from galeria.ports.database import Database, UnitOfWork
from galeria.reconcilers.operations import remove_old_operations
from tests.adapters.postgresql import created_database
from tests.crashing import Crash
from tests.later_clock import Later
from tests.local_installation import MIB, LocalInstallation, disk_bytes, version_id
from tests.waiting import until

OLDEST = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The database of finished steps."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/durable.db"
    return created_database(request.getfixturevalue("postgresql_url"), like="template1")


@pytest.fixture
def starter(installation: LocalInstallation, url: str) -> Iterator[DbosStarter]:
    starter = DbosStarter(database_url=url, context=installation.context, workers=2)
    starter.launch()
    yield starter
    starter.close()


class Remembered:
    """What is in the engine's tables."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url)
        self._tables = sa.MetaData()
        self._tables.reflect(self._engine, schema=None if url.startswith("sqlite") else "dbos")

    def rows(self) -> Counter[str]:
        """How many there are of each piece of work, in all tables together."""
        found: Counter[str] = Counter()
        with self._engine.connect() as connection:
            for table in self._tables.tables.values():
                if "workflow_uuid" in table.c:
                    found.update(connection.scalars(sa.select(table.c.workflow_uuid)))
        return found

    def has_ended(self, workflow_id: str) -> bool:
        (table,) = (each for each in self._tables.tables.values() if each.name == "workflow_status")
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(table.c.status).where(table.c.workflow_uuid == workflow_id)) in ENDED

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture
def remembered(starter: DbosStarter, url: str) -> Iterator[Remembered]:
    remembered = Remembered(url)
    yield remembered
    remembered.close()


def done(
    installation: LocalInstallation,
    starter: DbosStarter,
    remembered: Remembered,
    operation: Operation,
    attempt: int = 1,
) -> Operation:
    """The operation once its work has ended, in the engine's tables too."""
    starter.start(operation.id)
    until(lambda: is_settled(installation.operation(operation.id).status), "it ends")
    until(lambda: remembered.has_ended(f"{operation.id}:{attempt}"), "the engine notes it")
    return installation.operation(operation.id)


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def test_work_that_ended_is_forgotten_with_its_steps_in_pieces(
    installation: LocalInstallation, starter: DbosStarter, remembered: Remembered
) -> None:
    begun = [installation.begin_import(name, disk_bytes(MIB)) for name in ("one", "two", "three")]
    operations = [done(installation, starter, remembered, each) for each in begun]
    assert {each.status for each in operations} == {OperationStatus.SUCCEEDED}
    assert min(remembered.rows().values()) > 3, "a row for each step"
    assert starter.forget_ended(begun_before=OLDEST, limit=10) == 0
    assert [starter.forget_ended(begun_before=soon(), limit=2) for _ in range(3)] == [2, 1, 0]
    assert remembered.rows() == {}
    starter.start(operations[0].id)
    assert remembered.rows() == {}, "what has ended is not done again"


def test_work_of_an_operation_that_goes_on_is_left_alone(
    installation: LocalInstallation, starter: DbosStarter, remembered: Remembered
) -> None:
    """It is the oldest, and hides nothing behind it."""
    failed = done(installation, starter, remembered, installation.begin_import("broken", b"no disk"))
    assert failed.status is OperationStatus.FAILED
    later = done(installation, starter, remembered, installation.begin_import("one", disk_bytes(MIB)))
    with installation.request() as request:
        retry_operation(request, failed.id)
    assert [starter.forget_ended(begun_before=soon(), limit=1) for _ in range(2)] == [1, 0]
    assert set(remembered.rows()) == {f"{failed.id}:1"}
    assert later.status is OperationStatus.SUCCEEDED
    done(installation, starter, remembered, failed, attempt=2)
    assert [starter.forget_ended(begun_before=soon(), limit=1) for _ in range(3)] == [1, 1, 0]


def test_what_was_forgotten_can_be_retried(
    installation: LocalInstallation, starter: DbosStarter, remembered: Remembered
) -> None:
    failed = done(installation, starter, remembered, installation.begin_import("broken", b"no disk"))
    assert starter.forget_ended(begun_before=soon(), limit=10) == 1
    with installation.request() as request:
        retry_operation(request, failed.id)
    again = done(installation, starter, remembered, failed, attempt=2)
    assert (again.status, again.attempt, again.error_code) == (OperationStatus.FAILED, 2, failed.error_code)


def test_nothing_is_forgotten_any_more_once_the_process_is_asked_to_stop(
    installation: LocalInstallation, starter: DbosStarter, remembered: Remembered
) -> None:
    done(installation, starter, remembered, installation.begin_import("one", disk_bytes(MIB)))
    before = remembered.rows()
    starter.begin_no_more()
    assert starter.forget_ended(begun_before=soon(), limit=10) == 0
    assert remembered.rows() == before


@dataclass(frozen=True)
class Failing:
    """A database that can only be read: who wants to write crashes."""

    database: Database

    def __call__(self, *, reading: bool = False) -> UnitOfWork:
        if not reading:
            raise Crash
        return self.database(reading=True)


def test_a_crash_between_the_two_databases_leaves_nothing_behind(
    installation: LocalInstallation, starter: DbosStarter, remembered: Remembered
) -> None:
    """The engine has forgotten its part already; the operations go with the next run."""
    made = done(installation, starter, remembered, installation.begin_import("one", disk_bytes(MIB)))
    other = done(installation, starter, remembered, installation.begin_import("two", disk_bytes(MIB)))
    with installation.request() as request:
        deletion = delete_version(request, version_id("one"))
    assert deletion is not None
    assert done(installation, starter, remembered, deletion).status is OperationStatus.SUCCEEDED
    context = replace(installation.context, clock=Later(timedelta(days=91), installation.context))
    with pytest.raises(Crash):
        remove_old_operations(replace(context, database=Failing(context.database)), starter, rest=lambda _: None)
    assert remembered.rows() == {}
    with context.database(reading=True) as uow:
        assert uow.operations.ids() == {made.id, other.id, deletion.id}
    remove_old_operations(context, starter, rest=lambda _: None)
    with context.database(reading=True) as uow:
        assert uow.operations.ids() == {other.id}, "its version is there"
