"""The same promises on both databases: SQLite always, a PostgreSQL server of our own in system tests."""

import getpass
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.migrate import migrate
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.unit_of_work import SqlDatabase


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A server without network, in a folder of its own. Its locale ignores '/' when it sorts, as most people's do."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("PostgreSQL's server is not installed (Debian: postgresql)")
    folder = programs[-1].parent
    # The server refuses to be root.
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    prefix = ["runuser", "-u", user, "--"] if os.geteuid() == 0 else []
    place = Path(tempfile.mkdtemp(prefix="galeria-pg-", dir="/tmp"))
    shutil.chown(place, user)

    def run(program: str, *arguments: str) -> None:
        command = [*prefix, str(folder / program), "-D", str(place / "data"), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=60)

    try:
        run("initdb", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale-provider=icu", "--icu-locale=en-US")
        options = f"-c listen_addresses='' -c fsync=off -k {place}"
        run("pg_ctl", "-w", "-l", str(place / "log"), "-o", options, "start")
        try:
            yield f"postgresql://{user}@/postgres?host={place}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place)


@pytest.fixture
def postgresql_engine(postgresql_url: str) -> Iterator[sa.Engine]:
    """An empty database, dropped with the server."""
    engine = make_engine(_created(postgresql_url, like="template1"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str) -> str:
    """The name of a database with all tables and no rows, to be copied."""
    engine = make_engine(_created(postgresql_url, like="template1"))
    migrate(engine)
    engine.dispose()  # one that somebody is connected to cannot be copied
    return str(engine.url.database)


@pytest.fixture
def copied_postgresql(postgresql_url: str, migrated_postgresql: str) -> Iterator[sa.Engine]:
    engine = make_engine(_created(postgresql_url, like=migrated_postgresql))
    yield engine
    engine.dispose()


def _created(server_url: str, *, like: str) -> str:
    """The address of a new database, a copy of another one."""
    name = f"t{uuid.uuid4().hex}"
    server = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {like}")
    server.dispose()
    return server_url.replace("/postgres?", f"/{name}?")


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
