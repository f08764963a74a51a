"""Open the database so that one unit of work writes at a time, and those that read never wait.

SQLite: a transaction that reads first and writes later fails with SQLITE_BUSY_SNAPSHOT when another wrote in between
(sqlite.org/isolation.html), so writing units begin with BEGIN IMMEDIATE and queue there. PostgreSQL gives the same by
SERIALIZABLE: the slower of two that collide is refused. Anything else that uses the engine gets a plain transaction
and must, on SQLite, either only read or begin with the statement that writes.
"""

import json
import sqlite3
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry

from galeria.adapters.db.database_errors import is_busy, translated_error

UNIT = "galeria_unit"
"""Execution option of the connections that units of work use: WRITING or READING."""

WRITING = "writing"
READING = "reading"

BUSY_TIMEOUT = 10_000
"""Milliseconds that SQLite waits for the one who writes."""


def make_engine(url: str) -> sa.Engine:
    """Return an engine for `sqlite:////path/galeria.db` or `postgresql://user@host/name`, safe to share between threads.

    It does not connect yet. The folder of an SQLite file must exist and be closed to other users: the database holds hashes
    of secrets. Errors, which are logged, do not repeat the values of a statement.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        # Every thread of the web server (40) may wait here while one of them writes.
        engine = sa.create_engine(
            parsed, pool_size=10, max_overflow=40, json_deserializer=_read_json, hide_parameters=True
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        # A PostgreSQL server allows 100 connections by default, and several processes share them.
        engine = sa.create_engine(parsed, pool_size=5, max_overflow=15, pool_pre_ping=True, hide_parameters=True)
    sa.event.listen(engine, "handle_error", _translate_error, retval=True)
    return engine


def migrating(engine: sa.Engine) -> sa.Engine:
    """Return the same engine and pool for migrations; on PostgreSQL each statement sees what others have committed by then."""
    return engine.execution_options(**{UNIT: WRITING})


def writing(engine: sa.Engine) -> sa.Engine:
    """Return the same engine and pool; its transactions do not see others' writes between their begin and commit."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(**{UNIT: WRITING}, isolation_level="SERIALIZABLE")
    return engine.execution_options(**{UNIT: WRITING})


def reading(engine: sa.Engine) -> sa.Engine:
    """Return the same engine and pool; its transactions see one moment and block nobody."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(**{UNIT: READING}, isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine.execution_options(**{UNIT: READING})


def _read_json(text: str) -> Any:
    """Parse JSON; empty objects and lists, the most frequent ones, are made without the parser, which is much quicker."""
    if text == "{}":
        return {}
    return [] if text == "[]" else json.loads(text)


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver's own way of beginning transactions leaves out SELECT and CREATE TABLE; _begin_sqlite does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    # What was deleted is overwritten with zeros, also where SQLite was built to leave it in free pages.
    for setting in (f"busy_timeout={BUSY_TIMEOUT}", "foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {setting}")
    _ensure_wal(cursor)
    cursor.close()


def _ensure_wal(cursor: DBAPICursor) -> None:
    """Switch a file to WAL.

    SQLite does not wait by itself when two programs do this to a new file at once (measured with 3.40).
    """
    deadline = time.monotonic() + BUSY_TIMEOUT / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


def empty_write_ahead_log(engine: sa.Engine) -> bool:
    """Bring SQLite's write-ahead log into the file and cut it off; return whether that was possible at this moment.

    It holds what pages looked like before and after each change, a deletion included, until it is used again. Waits for
    nobody; other databases have nothing to do.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=0")
        try:
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")
            cursor.close()
    finally:
        connection.close()
    return not busy


def _begin_sqlite(connection: sa.Connection) -> None:
    unit = connection.get_execution_options().get(UNIT)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if unit == WRITING else "BEGIN")


def _translate_error(context: sa.engine.ExceptionContext) -> BaseException | None:
    """Translate errors within units of work. Other users of the engine handle theirs themselves."""
    source: Any = context.connection or context.engine
    if source is None or UNIT not in source.get_execution_options():
        return None
    return translated_error(context.original_exception)
