"""The revisions make exactly the tables that the program works with."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from galeria.adapters.db import chunk_tables, tables
from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.mapping import map_classes
from galeria.adapters.db.metadata import metadata
from galeria.adapters.db.migrate import find_revision, head_revision, migrate
from galeria.domain.errors import GaleriaError


def test_the_revisions_make_the_declared_tables(engine: sa.Engine) -> None:
    assert {tables.uploads.name, chunk_tables.packs.name} <= set(metadata.tables)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_may_be_repeated(engine: sa.Engine) -> None:
    migrate(engine)
    assert find_revision(engine) == head_revision()


def test_a_database_of_a_newer_release_is_left_alone(database_engine: sa.Engine) -> None:
    with database_engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(GaleriaError, match="cannot be brought up to date") as told:
        migrate(database_engine)
    assert "newer Galeria" in told.value.hint
    assert find_revision(database_engine) == "9999"


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/galeria.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE uploads (x)")  # the revision's last table
    with pytest.raises(GaleriaError, match="already exists"):
        migrate(engine)
    assert sa.inspect(engine).get_table_names() == ["uploads"]
    engine.dispose()


def test_the_way_back_leaves_nothing(engine: sa.Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "galeria.adapters.db:migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]


def test_every_field_has_a_column_and_every_column_a_field() -> None:
    for mapper in map_classes().mappers:
        kind: Any = mapper.class_
        columns = {name for name in mapper.attrs.keys() if not name.startswith("_")}  # noqa: SIM118
        assert columns == {field.name for field in fields(kind)}, kind.__name__


def test_mapping_may_be_repeated() -> None:
    assert map_classes() is map_classes()
