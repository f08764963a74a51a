"""Move an installation's state from the file of one computer to the shared database of the settings, or back."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import sqlalchemy as sa

from galeria.adapters.db.copy_rows import CopiedTable, copy_rows, is_empty
from galeria.adapters.db.database_files import STATE_FILE, WORK_FILE
from galeria.adapters.db.engine import empty_write_ahead_log, make_engine
from galeria.adapters.db.migrate import migrate
from galeria.adapters.db.processes import find_living
from galeria.adapters.settings_file import read_settings
from galeria.adapters.system import SystemClock
from galeria.bootstrap.data_lock import SERVER_LOCK, WORKER_LOCK, locked_data
from galeria.domain.errors import Conflict, Invalid, NotFound
from galeria.domain.messages import Message

MOVED = ".moved"
"""What is added to the names of files that were moved: they stay until somebody removes them."""


def move_database(data: Path, *, back: bool) -> list[CopiedTable]:
    """Move everything, and return how much that was. Steps that operations have finished are not moved: they find that.

    Without `back` from the file to the database of the settings; the file's name then ends with MOVED. With `back`
    from that database to the file; the tables are then in a schema whose name begins with `moved`. Raises Invalid without
    such a database in the settings, NotFound where there is nothing to move, and Conflict where the target is not empty or
    anybody still works.
    """
    url = read_settings(data).database.url
    if not url:
        raise Invalid(
            Message("The settings name no database."),
            hint=Message(
                "Write the part [database] into galeria.toml first: the state is moved to it, or back from it."
            ),
        )
    private = data / "private"
    with ExitStack() as held:
        for file, what in ((SERVER_LOCK, "server"), (WORKER_LOCK, "worker")):
            if data.is_dir():
                held.enter_context(locked_data(data, file, what))
        shared = held.enter_context(_opened(url))
        _require_nobody(shared)
        return _move_back(shared, private) if back else _move_there(shared, private)


def _move_there(shared: sa.Engine, private: Path) -> list[CopiedTable]:
    file = private / STATE_FILE
    if not file.is_file():
        raise NotFound(
            Message("There is no {file} to move.", file=str(file)),
            hint=Message("See that --data is the right directory."),
        )
    for name in (STATE_FILE, WORK_FILE):
        _require_absent(private / (name + MOVED))
    with _opened(f"sqlite:///{file}") as own:
        copied = copy_rows(own, shared)
        empty_write_ahead_log(own)
    for name in (STATE_FILE, WORK_FILE):
        if (private / name).exists():
            (private / name).rename(private / (name + MOVED))
    return copied


def _move_back(shared: sa.Engine, private: Path) -> list[CopiedTable]:
    file, unfinished = private / STATE_FILE, private / f"{STATE_FILE}.new"
    if is_empty(shared):
        raise NotFound(
            Message("The database of the settings is empty."),
            hint=Message("See that galeria.toml names the right one."),
        )
    for each in (file, private / WORK_FILE):
        _require_absent(each)
    unfinished.unlink(missing_ok=True)  # of a move that was cut off
    with _opened(f"sqlite:///{unfinished}") as own:
        copied = copy_rows(shared, own)
        empty_write_ahead_log(own)
    unfinished.rename(file)
    _put_aside(shared)
    return copied


@contextmanager
def _opened(url: str) -> Iterator[sa.Engine]:
    engine = make_engine(url)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


def _put_aside(shared: sa.Engine) -> None:
    """Rename the schema with the rows, so that nobody goes on with them by old settings; remove what only workers need."""
    with shared.begin() as connection:
        schema = connection.execute(sa.select(sa.func.current_schema())).scalar_one()
        quote = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql(f"ALTER SCHEMA {quote(schema)} RENAME TO moved_{SystemClock().now():%Y%m%dt%H%M%S}")
        connection.exec_driver_sql(f"CREATE SCHEMA {quote(schema)}")
        connection.exec_driver_sql("DROP SCHEMA IF EXISTS dbos CASCADE")


def _require_nobody(shared: sa.Engine) -> None:
    with shared.connect() as connection:
        living = find_living(connection)
    if living:
        raise Conflict(
            Message("Process {pid} on {host} works on the database.", pid=living[1], host=living[0]),
            hint=Message("Stop every server and worker first, then wait some seconds."),
        )


def _require_absent(path: Path) -> None:
    if path.exists():
        raise Conflict(
            Message("There is a file {path} already.", path=str(path)),
            hint=Message("It is of an earlier move: put it elsewhere first."),
        )
