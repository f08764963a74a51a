"""An installation with rows, as each earlier revision keeps them, is brought up to date, read whole and worked with."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from galeria.adapters.db.engine import make_engine, reading
from galeria.adapters.db.migrate import migrate
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.states import OperationStatus
from tests.local_installation import open_installation
from tests.prepared_installations import PreparedInstallations, with_running_lab

MODULE = "tests/adapters/db/migrations/test_upgrades.py"
DUMPS = Path(__file__).parents[3] / "golden" / "databases"
"""A dump for each release, written by that release: its name begins with the revision of its tables."""
LIKE_THE_NEWEST = 5  # revisions that the last dump may be behind before a release needs another one


def config(connection: sa.Connection | None = None) -> Config:
    found = Config()
    found.set_main_option("script_location", "galeria.adapters.db:migrations")
    found.set_main_option("path_separator", "os")
    found.attributes["connection"] = connection
    return found


REVISIONS = tuple(each.revision for each in ScriptDirectory.from_config(config()).walk_revisions())
"""From the newest to the first."""


@pytest.fixture(scope="module")
def older(prepared_installations: PreparedInstallations, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The database of the same installation at each revision, with the folder of the newest."""
    folder = tmp_path_factory.mktemp("older")
    _, close = prepared_installations.copy(with_running_lab, folder / "installation")
    close()
    there = folder / "installation" / "galeria.db"
    engine = make_engine(f"sqlite:///{there}")
    copies = {"": folder / "installation"}
    for revision in REVISIONS:
        with engine.begin() as connection:
            command.downgrade(config(connection), revision)
        engine.dispose()
        copies[revision] = folder / f"{revision}.db"
        with (
            contextlib.closing(sqlite3.connect(there)) as one,
            contextlib.closing(sqlite3.connect(copies[revision])) as to,
        ):
            one.backup(to)
    return copies


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_installation_of_each_revision_goes_on(older: dict[str, Path], revision: str, tmp_path: Path) -> None:
    folder = tmp_path / "installation"
    shutil.copytree(older[""], folder, ignore=shutil.ignore_patterns("galeria.db*"))
    shutil.copyfile(older[revision], folder / "galeria.db")
    assert counted(folder / "galeria.db", "labs", "image_versions", "lab_machines", "principals") == [1, 1, 1, 4]
    brought_up_to_date(folder / "galeria.db")
    assert read_whole(folder / "galeria.db") > 20
    installation, close = open_installation(folder)
    try:
        assert installation.machine("algebra").name == "template"
        done = installation.run(installation.begin_export("algebra", "after"))
        assert done.status is OperationStatus.SUCCEEDED, done.error_message
    finally:
        close()


@pytest.mark.parametrize("dump", sorted(DUMPS.glob("*.sql")), ids=lambda path: path.stem)
def test_a_release_s_own_database_is_read(dump: Path, tmp_path: Path) -> None:
    path = tmp_path / "galeria.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
    assert counted(path, "labs", "image_versions", "lab_machines", "principals") == [1, 1, 1, 4]
    brought_up_to_date(path)
    assert read_whole(path) > 20
    installation, close = open_installation(tmp_path)
    try:
        assert installation.machine("algebra").name == "template"
    finally:
        close()


def test_there_is_a_recent_dump(older: dict[str, Path], request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--regenerate"):
        with contextlib.closing(sqlite3.connect(older[REVISIONS[0]])) as connection:
            text = "\n".join(connection.iterdump()) + "\n"
        DUMPS.mkdir(parents=True, exist_ok=True)
        (DUMPS / f"{REVISIONS[0]}.sql").write_text(text.replace(str(older[""]), "/installation"), encoding="utf-8")
    have = [dump.stem for dump in DUMPS.glob("*.sql")]
    again = f"run: .venv/bin/pytest {MODULE} --regenerate, and add the new dump beside the old ones"
    assert any(each in have for each in REVISIONS[: LIKE_THE_NEWEST + 1]), again


def brought_up_to_date(path: Path) -> None:
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()


def read_whole(path: Path) -> int:
    """Every row of every table as the program reads it; returns how many there are."""
    engine = make_engine(f"sqlite:///{path}")
    with Session(reading(engine)) as session:
        found = sum(len(session.scalars(sa.select(mapper.class_)).all()) for mapper in map_classes().mappers)
    engine.dispose()
    return found


def counted(path: Path, *tables: str) -> list[int]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables]
