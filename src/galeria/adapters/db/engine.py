"""Open the database so that one unit of work writes at a time, and those that read never wait.

SQLite: a transaction that reads first and writes later fails with SQLITE_BUSY_SNAPSHOT when another wrote in between
(sqlite.org/isolation.html), so writing units begin with BEGIN IMMEDIATE and queue there. PostgreSQL gives the same by a
lock that a transaction holds from its begin to its end, across all processes. Anything else that uses the engine gets a
plain transaction and must, on SQLite, either only read or begin with the statement that writes.

Where several processes share a database, a transaction of one that the others have given up must not commit: each that
changes something begins by asking for the row of its process, and holds it (`Fence`).
"""

import json
import os
import socket
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry

from galeria.adapters.db.database_errors import is_busy, translated_error
from galeria.adapters.db.tables.process_tables import processes

UNIT = "galeria_unit"
"""Execution option of the connections whose errors are translated: WRITING, READING, MIGRATING or LEASING."""

FENCE = "galeria_fence"
"""Execution option: the `Fence` of transactions that change something."""

WRITING = "writing"
READING = "reading"
MIGRATING = "migrating"
LEASING = "leasing"

BUSY_TIMEOUT = 10_000
"""Milliseconds that a writer waits for the one who writes."""

LONGEST_SILENCE = 8_000
"""Milliseconds for which a writer may say nothing to PostgreSQL. A process that was stopped, or whose computer is gone,
holds up all others for so long."""

_WRITERS = 0x67616C66  # PostgreSQL's advisory locks have numbers, not names: any that nobody else uses

_CUT_OFF = 10_000
"""Milliseconds after which what was sent and is not acknowledged ends a session, on both sides."""


def connecting(**settings: int) -> dict[str, Any]:
    """Return how a session with PostgreSQL is opened, with these settings of the server's for it.

    Whoever is cut off from the server learns it within seconds, and so does the server, which would otherwise keep the session
    for hours where it waits, and for a quarter of an hour where it has sent something.
    """
    kept = {
        "tcp_keepalives_idle": 5,
        "tcp_keepalives_interval": 2,
        "tcp_keepalives_count": 3,
        "tcp_user_timeout": _CUT_OFF,
    }
    return {
        "connect_timeout": 5,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": _CUT_OFF,
        "options": " ".join(f"-c {name}={value}" for name, value in {**kept, **settings}.items()),
    }


@dataclass(frozen=True, kw_only=True)
class Fence:
    """The process for which transactions change something, and what is called once the others have given it up."""

    process_id: str
    given_up: Callable[[], None]


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
        # A PostgreSQL server allows 100 connections by default, and several processes share them. Those above the pool's size
        # are closed after each use, and a new one costs the server more than a request's statements.
        engine = sa.create_engine(
            parsed,
            pool_size=10,
            max_overflow=10,
            pool_pre_ping=True,
            json_deserializer=_read_json,
            hide_parameters=True,
            # Seen in pg_stat_activity.
            connect_args={**connecting(), "application_name": session_name(socket.gethostname(), os.getpid())},
        )
        sa.event.listen(engine, "begin", _begin_postgresql)
    sa.event.listen(engine, "handle_error", _translate_error, retval=True)
    return engine


def session_name(host: str, pid: int) -> str:
    """Return the name that PostgreSQL shows of a process's sessions; it keeps 63 characters of it."""
    return f"galeria {host} {pid}"


def migrating(engine: sa.Engine) -> sa.Engine:
    """Return the same engine and pool for migrations; on PostgreSQL each statement sees what others have committed by then."""
    return engine.execution_options(**{UNIT: MIGRATING})


def writing(engine: sa.Engine) -> sa.Engine:
    """Return the same engine and pool; its transactions do not see others' writes between their begin and commit."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(**{UNIT: WRITING}, isolation_level="READ COMMITTED")
    return engine.execution_options(**{UNIT: WRITING})


def reading(engine: sa.Engine) -> sa.Engine:
    """Return the same engine and pool; its transactions see one moment and block nobody."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(**{UNIT: READING}, isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine.execution_options(**{UNIT: READING})


def fenced(engine: sa.Engine, fence: Fence) -> sa.Engine:
    """Return the same engine and pool; its transactions change nothing once the others have given the process up."""
    return engine.execution_options(**{FENCE: fence})


def translating(engine: sa.Engine) -> sa.Engine:
    """Return an engine on the same pool whose errors are translated as those of units of work are."""
    sa.event.listen(engine, "handle_error", _translate_error, retval=True)
    return engine.execution_options(**{UNIT: LEASING})


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
    connection.exec_driver_sql("BEGIN IMMEDIATE" if unit in (WRITING, MIGRATING) else "BEGIN")


def _begin_postgresql(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    unit, fence = options.get(UNIT), options.get(FENCE)
    if unit in (READING, MIGRATING) or (unit is None and fence is None):
        return
    settings = [_local("idle_in_transaction_session_timeout", LONGEST_SILENCE), _local("lock_timeout", BUSY_TIMEOUT)]
    queueing = [sa.func.pg_advisory_xact_lock(_WRITERS)] if unit == WRITING else []
    connection.execute(sa.select(*settings, *queueing))
    if fence is not None and connection.scalar(_living(fence.process_id)) is None:
        fence.given_up()


def _local(name: str, milliseconds: int) -> sa.Function[str]:
    return sa.func.set_config(name, str(milliseconds), True)  # until the transaction ends


def _living(process_id: str) -> sa.Select[tuple[str]]:
    """The process's row while it is not given up, held so that it cannot be until the transaction ends.

    The lock does not hinder its sign of life, which changes no key.
    """
    row = sa.select(processes.c.id).where(processes.c.id == process_id, processes.c.ended_at.is_(None))
    return row.with_for_update(read=True, key_share=True)


def _translate_error(context: sa.engine.ExceptionContext) -> BaseException | None:
    """Translate errors within units of work. Other users of the engine handle theirs themselves."""
    source: Any = context.connection or context.engine
    if source is None or UNIT not in source.get_execution_options():
        return None
    return translated_error(context.original_exception)
