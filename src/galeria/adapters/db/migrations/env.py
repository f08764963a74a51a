"""Apply the revisions on the connection and in the transaction of the caller. Alembic runs this module."""

from alembic import context

from galeria.adapters.db.tables import (
    boot_trace_tables,
    chunk_tables,
    core_tables,
    process_tables,
    roster_tables,
    sign_in_tables,
    storage_tables,
    version_indexes,
)
from galeria.adapters.db.tables.metadata import metadata

# Importing these modules puts the tables on `metadata`.
DECLARED_BY = (
    core_tables,
    boot_trace_tables,
    chunk_tables,
    process_tables,
    sign_in_tables,
    storage_tables,
    roster_tables,
    version_indexes,
)


def run() -> None:
    # SQLite can roll a CREATE TABLE back; Alembic assumes that it cannot unless this is set.
    context.configure(
        connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
    )
    context.run_migrations()


run()
