"""The table of boot traces: what a system reads of its disk while it starts. It may be emptied: starts are slower then."""

import sqlalchemy as sa

from galeria.adapters.db.tables.metadata import metadata

boot_traces = sa.Table(
    "boot_traces",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    # Numbers of chunks in the order of their first reading, 32 bits each, as one zstd frame.
    sa.Column("slots", sa.LargeBinary, nullable=False),
)
