"""The table of the activity log."""

from sqlalchemy import Column, Index, Integer, String, Table

from galeria.adapters.db.tables.columns import MessageText, UtcTime, key_type
from galeria.adapters.db.tables.metadata import metadata

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("principal_id", String, nullable=False),
    Column("principal_name", String, nullable=False),
    Column("action", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("scope_key", key_type(), nullable=False, index=True),
    Column("status", String, nullable=False),
    Column("correlation_id", String, nullable=False, index=True),
    Column("address", String, nullable=False),
    Column("detail", MessageText(), nullable=False),
    Column("number", Integer, nullable=True),
    Column("hash", String, nullable=False),
    Index("ix_audit_events_number", "number", unique=True),
)
