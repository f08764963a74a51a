"""What was deleted or replaced is in no file of the database any more, and no error repeats it."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.adapters.db.engine import empty_write_ahead_log, make_engine
from galeria.adapters.db.migrate import migrate
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.unit_of_work import SqlDatabase

from . import samples

SECRETS = [f"planted-{number:04}-secret" for number in range(400)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "galeria.db"


@pytest.fixture
def engine(file: Path) -> sa.Engine:
    map_classes()
    engine = make_engine(f"sqlite:///{file}")
    migrate(engine)
    return engine


def test_deleted_rows_leave_no_trace(engine: sa.Engine, file: Path) -> None:
    """Whole pages become free, because there are many rows."""
    database = SqlDatabase(engine)
    with database() as unit:
        for secret in SECRETS:
            unit.operations.add(samples.operation(stored_inputs={"address": secret}))
        unit.commit()
    assert b"planted-" in content(file)
    with database() as unit:
        for operation in unit.operations.recent(limit=len(SECRETS)):
            unit.operations.remove(operation)
        unit.commit()
    assert empty_write_ahead_log(engine)
    assert b"planted-" not in content(file)


def test_a_replaced_value_leaves_no_trace_where_sqlite_would_keep_it(engine: sa.Engine, file: Path) -> None:
    database = SqlDatabase(engine)
    person = samples.principal("ana", secret_hash=SECRETS[0])
    with database() as unit:
        unit.people.add(person)
        unit.commit()
    with database() as unit:
        unit.people.get(person.id).secret_hash = "short"
        unit.commit()
    assert empty_write_ahead_log(engine)
    assert b"planted-" not in content(file)


def test_a_reader_who_looks_at_the_log_is_not_waited_for(engine: sa.Engine) -> None:
    database = SqlDatabase(engine)
    with database(reading=True) as reader:
        reader.people.all()
        with database() as unit:
            unit.people.add(samples.principal("bia"))
            unit.commit()
        assert not empty_write_ahead_log(engine)
        assert [each.name for each in reader.people.all()] == []
    assert empty_write_ahead_log(engine)


def test_an_error_does_not_repeat_the_values_of_its_statement(engine: sa.Engine) -> None:
    with engine.begin() as connection, pytest.raises(sa.exc.SQLAlchemyError) as failed:
        connection.execute(sa.text("INSERT INTO nowhere VALUES (:secret)"), {"secret": SECRETS[0]})
    assert SECRETS[0] not in str(failed.value)


def content(file: Path) -> bytes:
    """Of the database and its write-ahead log."""
    return b"".join(path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")))
