"""Run by Alembic: applies the revisions on the connection, and in the transaction, of its caller."""

from alembic import context

from galeria.adapters.db.tables import (
    chunk_tables,
    core_tables,
    roster_tables,
    sign_in_tables,
    storage_tables,
    version_indexes,
)
from galeria.adapters.db.tables.metadata import metadata

# The tables are on `metadata` because these modules were loaded.
DECLARED_BY = (core_tables, chunk_tables, sign_in_tables, storage_tables, roster_tables, version_indexes)


def run() -> None:
    # SQLite can take back a CREATE TABLE like anything else; Alembic assumes otherwise unless told.
    context.configure(
        connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
    )
    context.run_migrations()


run()
