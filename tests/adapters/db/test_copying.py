"""All rows are copied from one database to another, and what arrives is compared with what was sent."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from galeria.adapters.db.copy_rows import copy_rows
from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.migrate import migrate
from galeria.adapters.db.tables import core_tables
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.errors import Conflict, Corrupt

from . import samples


@pytest.fixture
def target(empty_url: str) -> Iterator[sa.Engine]:
    engine = make_engine(empty_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def source(database: SqlDatabase, database_engine: sa.Engine) -> sa.Engine:
    with database() as unit:
        unit.add_subscription(samples.subscription())
        for name in ("a", "b"):
            unit.galleries.add(samples.gallery(name))
        unit.commit()
    return database_engine


def names(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(each.rpartition("/")[2] for each in connection.scalars(sa.select(core_tables.galleries.c.key)))


def test_every_row_arrives_and_is_counted_and_read_once(source: sa.Engine, target: sa.Engine) -> None:
    asked: list[str] = []
    sa.event.listen(source, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement))
    copied = {each.name: each.rows for each in copy_rows(source, target)}
    assert (copied["galleries"], copied["subscriptions"], copied["labs"]) == (2, 1, 0)
    assert names(target) == ["a", "b"]
    assert len([each for each in asked if "FROM galleries" in each]) == 1
    with pytest.raises(Conflict):
        copy_rows(source, target)


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_what_arrives_otherwise_is_refused_and_leaves_nothing(source: sa.Engine, target: sa.Engine) -> None:
    with target.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER changes AFTER INSERT ON galleries BEGIN"
            " UPDATE galleries SET location = 'north' WHERE id = new.id AND key LIKE '%/b'; END"
        )
    with pytest.raises(Corrupt, match="galleries"):
        copy_rows(source, target)
    assert names(target) == []
