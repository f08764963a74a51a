"""Run by Alembic: applies the revisions on the connection, and in the transaction, of its caller."""

from alembic import context

from galeria.adapters.db import chunk_tables, roster_tables, sign_in_tables, storage_tables, tables, version_indexes
from galeria.adapters.db.metadata import metadata

# The tables are on `metadata` because these modules were loaded.
DECLARED_BY = (tables, chunk_tables, sign_in_tables, storage_tables, roster_tables, version_indexes)


def run() -> None:
    # SQLite can take back a CREATE TABLE like anything else; Alembic assumes otherwise unless told.
    context.configure(
        connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
    )
    context.run_migrations()


run()
