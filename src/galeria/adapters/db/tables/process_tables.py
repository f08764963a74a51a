"""Tables of the processes that share a database, and of what each of them has for itself or together with others.

They are empty where the database is a file of one computer.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table

from galeria.adapters.db.tables.columns import UtcTime, string_list
from galeria.adapters.db.tables.metadata import metadata

processes = Table(
    "processes",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("host", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("regions", string_list(), nullable=False),  # whose work it does
    Column("started_at", UtcTime, nullable=False),
    Column("beat_at", UtcTime, nullable=False, index=True),  # by the database's clock, as all times here
    Column("ended_at", UtcTime),
)

leases = Table(
    "leases",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, index=True),
    Column("process_id", String, ForeignKey("processes.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("is_exclusive", Boolean, nullable=False),
)
