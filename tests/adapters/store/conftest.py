"""A database file, an index on it and a shop of regions for each test."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.adapters.db.tables.chunk_tables import chunks, packs
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.programs import run
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


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of its own on a UNIX socket; needs the programs initdb and pg_ctl (Debian: postgresql)."""
    directory = Path(tempfile.mkdtemp(prefix="galeria-pg-"))
    cluster = directory / "cluster"
    # The server refuses to run as root.
    other: list[str] = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
    if other:
        shutil.chown(directory, "nobody")
    try:
        run([*other, "initdb", "-D", cluster, "-A", "trust", "-N", "-U", "galeria"])
        settings = f"-c listen_addresses='' -k {directory} -F"
        # The log takes the server's output; with the caller's pipe it would keep the caller waiting for its end.
        run([*other, "pg_ctl", "-D", cluster, "-w", "-o", settings, "-l", directory / "log", "start"])
        try:
            yield f"postgresql+psycopg://galeria@/postgres?host={directory}"
        finally:
            run([*other, "pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(postgres_url)
    make_tables(engine)
    yield engine
    chunks.drop(engine)
    packs.drop(engine)
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
