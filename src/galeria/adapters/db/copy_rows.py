"""Copy everything from one database to another one, of whatever kind, and prove that both hold the same."""

import hashlib
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from galeria.adapters.db import tables as declarations
from galeria.adapters.db.engine import empty_write_ahead_log, make_engine, migrating, reading
from galeria.adapters.db.migrate import find_revision, head_revision, migrate
from galeria.adapters.db.tables import process_tables, sign_in_tables
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.errors import Conflict, Corrupt
from galeria.domain.messages import Message

BATCH = 500  # rows in one statement

_OF_PROCESSES = {process_tables.processes.name, process_tables.leases.name, sign_in_tables.wrong_tries.name}


@dataclass(frozen=True, kw_only=True)
class CopiedTable:
    """One table, and how many rows of it were copied."""

    name: str
    rows: int


@dataclass(kw_only=True)
class _Fingerprint:
    """The number of a table's rows and the sum of their hashes: each database sorts in its own way."""

    rows: int = 0
    total: int = 0

    def add(self, rows: list[sa.Row[tuple[object, ...]]]) -> None:
        for row in rows:
            digest = hashlib.blake2b(repr(tuple(row)).encode(), digest_size=16).digest()
            self.rows, self.total = self.rows + 1, (self.total + int.from_bytes(digest)) % (1 << 128)


def copy_rows(source: sa.Engine, target: sa.Engine) -> list[CopiedTable]:
    """Copy every row in one transaction. Both databases must be at the newest revision.

    Raises Conflict where the target holds anything, and Corrupt where what arrived is not what was sent; then the target
    stays empty.
    """
    _declare_all()
    tables = [each for each in metadata.sorted_tables if each.name not in _OF_PROCESSES]
    with reading(source).connect() as read, migrating(target).begin() as written:
        _require_empty(written, tables)
        _defer_constraints(written)
        sent = {each: _copy(read, written, each) for each in tables}
        for each, fingerprint in sent.items():
            _require_same(written, each, fingerprint)
    return [CopiedTable(name=each.name, rows=fingerprint.rows) for each, fingerprint in sent.items()]


def copy_to_file(url: str, file: Path) -> None:
    """Copy a shared database, as it is at one moment while others work on it, to a new SQLite file.

    Raises Conflict where it is not at this program's revision, and as `copy_rows` does.
    """
    shared, own = make_engine(url), make_engine(f"sqlite:///{file}")
    try:
        if find_revision(shared) != head_revision():
            raise Conflict(
                Message("The database is not at the revision of this Galeria."),
                hint=Message("Start a server of this version first, or use the version that the servers have."),
            )
        migrate(own)
        copy_rows(shared, own)
        empty_write_ahead_log(own)
    finally:
        shared.dispose()
        own.dispose()


def is_empty(engine: sa.Engine) -> bool:
    """Tell whether nothing was kept in the migrated database yet."""
    _declare_all()
    with reading(engine).connect() as connection:
        return not any(_has_rows(connection, each) for each in metadata.sorted_tables if each.name not in _OF_PROCESSES)


def _declare_all() -> None:
    """See that every table is on `metadata`: each module of the package puts its own there when it is imported."""
    for each in pkgutil.iter_modules(declarations.__path__):
        importlib.import_module(f"{declarations.__name__}.{each.name}")
    map_classes()


def _require_empty(connection: sa.Connection, tables: list[sa.Table]) -> None:
    for each in tables:
        if _has_rows(connection, each):
            raise Conflict(
                Message("The database to move to is not empty: it has rows in {table}.", table=each.name),
                hint=Message("Make a new one, and name that."),
            )


def _has_rows(connection: sa.Connection, table: sa.Table) -> bool:
    return connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None


def _defer_constraints(connection: sa.Connection) -> None:
    """Rows may refer to others that come later."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")


def _copy(read: sa.Connection, written: sa.Connection, table: sa.Table) -> _Fingerprint:
    sent = _Fingerprint()
    for rows in _rows(read, table):
        sent.add(rows)
        written.execute(sa.insert(table), [dict(zip(table.columns.keys(), row, strict=True)) for row in rows])
    return sent


def _require_same(written: sa.Connection, table: sa.Table, sent: _Fingerprint) -> None:
    arrived = _Fingerprint()
    for rows in _rows(written, table):
        arrived.add(rows)
    if arrived != sent:
        raise Corrupt(
            Message("What arrived in the table {table} is not what was sent.", table=table.name),
            hint=Message("Nothing was moved. Report this as a fault in Galeria."),
        )


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[list[sa.Row[tuple[object, ...]]]]:
    found = connection.execution_options(yield_per=BATCH).execute(sa.select(*table.columns))
    for partition in found.partitions():
        yield list(partition)
