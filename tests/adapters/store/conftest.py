"""A database file, an index on it and a shop of regions for each test."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.tables.chunk_tables import chunks, packs
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.adapters.store.region_store import RegionStore
from galeria.programs import run
from tests.adapters.postgresql import created_database
from tests.adapters.store.fixtures import StoreFixture


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'index.sqlite'}")

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        # No test cuts the power; waiting for the disk would take most of the suite's time.
        connection.execute("PRAGMA synchronous=OFF")

    make_tables(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def shop(tmp_path: Path, sqlite: sa.Engine) -> StoreFixture:
    return StoreFixture(tmp_path, DatabaseChunkIndex(sqlite))


@pytest.fixture(params=["directory", "memory"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of a region's bucket."""
    return str(request.param)


@pytest.fixture
def store(shop: StoreFixture, kind: str) -> RegionStore:
    return shop.store("north", kind)


@pytest.fixture
def other(shop: StoreFixture, kind: str) -> RegionStore:
    return shop.store("south", kind)


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[sa.Engine]:
    engine = make_engine(created_database(postgresql_url, like="template1"))
    make_tables(engine)
    yield engine
    engine.dispose()


def make_tables(engine: sa.Engine) -> None:
    packs.create(engine)
    chunks.create(engine)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB; needs the right to mount, which the suite's container or virtual machine has as root."""
    directory = tmp_path / "small"
    directory.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", directory])
    try:
        yield directory
    finally:
        run(["umount", directory])
