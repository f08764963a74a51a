"""Migrate a database to this program's tables: completely or not at all, and once when several processes start."""

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from galeria.adapters.db.engine import migrating
from galeria.domain.errors import GaleriaError
from galeria.domain.messages import Message

_LOCK = 0x67616C65  # PostgreSQL's advisory locks have numbers, not names: any that nobody else uses


def migrate(engine: sa.Engine) -> None:
    """Migrate the database to the newest revision.

    May be repeated and run by several processes at once: the others wait and find it done. Raises GaleriaError where a
    newer Galeria has already changed the database, Unavailable where it cannot be reached.
    """
    with migrating(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        try:
            command.upgrade(_config(connection), "head")
        except CommandError as error:
            raise GaleriaError(
                Message("This database cannot be brought up to date: {error}", error=str(error)),
                hint=Message(
                    "It was probably changed by a newer Galeria: install that one, or restore an older backup."
                ),
            ) from error


def find_revision(engine: sa.Engine) -> str | None:
    """Return the revision that the database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    """Return the revision that this program works with."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def is_known_revision(revision: str) -> bool:
    """Return whether this program can bring a database of that revision up to date."""
    return any(each.revision == revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "galeria.adapters.db:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
