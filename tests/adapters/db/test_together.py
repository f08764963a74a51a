"""Several at once: nothing is lost, and who reads waits for nobody."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.adapters.db.engine import make_engine, reading
from galeria.adapters.db.migrate import find_revision, head_revision, migrate
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.errors import Conflict, Unavailable

from . import samples

ROUNDS = 20


def test_no_change_of_two_writers_is_lost(db: SqlDatabase) -> None:
    gallery = samples.gallery(tags={"count": "0"})
    with db() as unit:
        unit.galleries.add(gallery)
        unit.commit()

    def count_up(_writer: int) -> set[str]:
        done = 0
        refusals: set[str] = set()
        while done < ROUNDS:
            try:
                with db() as unit:
                    found = unit.galleries.get(gallery.id)
                    found.tags["count"] = str(int(found.tags["count"]) + 1)
                    unit.commit()
                done += 1
            except Conflict as error:  # PostgreSQL refuses the slower one instead of making it wait
                refusals.add(error.message)
        return refusals

    with ThreadPoolExecutor(2) as threads:
        refusals = set().union(*threads.map(count_up, range(2)))
    assert refusals <= {"Another request was quicker."}
    with db(reading=True) as unit:
        assert unit.galleries.get(gallery.id).tags == {"count": str(2 * ROUNDS)}


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_its_work(db: SqlDatabase) -> None:
    def read() -> int:
        with db(reading=True) as unit:
            return len(unit.galleries.below(""))

    with ThreadPoolExecutor(1) as threads:
        with db() as writer:
            writer.galleries.add(samples.gallery())
            writer.flush()
            assert threads.submit(read).result(timeout=60) == 0
            writer.commit()
        assert threads.submit(read).result(timeout=60) == 1


def test_a_writer_does_not_disturb_what_a_reader_sees(db: SqlDatabase) -> None:
    with db(reading=True) as reader:
        assert reader.galleries.below("") == []
        with db() as writer:
            writer.galleries.add(samples.gallery())
            writer.commit()
        assert reader.galleries.below("") == []


def test_a_database_that_stays_locked_is_unavailable(database_engine: sa.Engine, database: SqlDatabase) -> None:
    def be_impatient(connection: sqlite3.Connection, _entry: object) -> None:
        connection.execute("PRAGMA busy_timeout=20")

    sa.event.listen(database_engine, "connect", be_impatient)
    with database(), pytest.raises(Unavailable, match="The database is busy") as told, database():
        pass
    assert told.value.hint


def test_a_database_out_of_reach_is_unavailable(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/no/such/folder.db")
    with pytest.raises(Unavailable, match="unable to open"), SqlDatabase(engine)():
        pass


def test_others_on_the_engine_get_the_errors_of_the_library(database_engine: sa.Engine) -> None:
    with database_engine.connect() as connection, pytest.raises(sa.exc.OperationalError):
        connection.exec_driver_sql("SELECT * FROM nothing")


def test_sqlite_is_set_up_to_keep_what_it_promised(database_engine: sa.Engine) -> None:
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000, "synchronous": 2}
    with reading(database_engine).connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
    assert found == wanted


def test_several_may_migrate_at_once(empty_url: str) -> None:
    def start(_process: int) -> str | None:
        engine = make_engine(empty_url)
        migrate(engine)
        revision = find_revision(engine)
        engine.dispose()
        return revision

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(start, range(3))) == [head_revision()] * 3
