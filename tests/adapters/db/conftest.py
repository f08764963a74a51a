"""The same promises on both databases: SQLite always, a PostgreSQL server of our own in system tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.migrate import migrate
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.unit_of_work import SqlDatabase
from tests.adapters.postgresql import created_database


@pytest.fixture
def postgresql_engine(postgresql_url: str) -> Iterator[sa.Engine]:
    """An empty database, dropped with the server."""
    engine = make_engine(created_database(postgresql_url, like="template1"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str) -> str:
    """The name of a database with all tables and no rows, to be copied."""
    engine = make_engine(created_database(postgresql_url, like="template1"))
    migrate(engine)
    engine.dispose()  # one that somebody is connected to cannot be copied
    return str(engine.url.database)


@pytest.fixture
def copied_postgresql(postgresql_url: str, migrated_postgresql: str) -> Iterator[sa.Engine]:
    engine = make_engine(created_database(postgresql_url, like=migrated_postgresql))
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    postgresql: sa.Engine = request.getfixturevalue("postgresql_engine")
    return postgresql.url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def engine(request: pytest.FixtureRequest) -> sa.Engine:
    """Migrated, on either database."""
    if request.param == "sqlite":
        sqlite: sa.Engine = request.getfixturevalue("database_engine")
        return sqlite
    postgresql: sa.Engine = request.getfixturevalue("copied_postgresql")
    return postgresql


@pytest.fixture
def db(engine: sa.Engine) -> SqlDatabase:
    map_classes()
    return SqlDatabase(engine)
