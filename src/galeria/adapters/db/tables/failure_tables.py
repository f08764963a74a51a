"""What machines showed when operations on them failed. A row goes with its operation, and with its machine."""

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table

from galeria.adapters.db.tables.metadata import metadata


def _owner(target: str) -> ForeignKey:
    return ForeignKey(target, deferrable=True, initially="DEFERRED", ondelete="CASCADE")


failure_records = Table(
    "failure_records",
    metadata,
    Column("operation_id", String, _owner("operations.id"), primary_key=True),
    Column("machine_id", String, _owner("lab_machines.id"), nullable=False, index=True),
    Column("console", String, nullable=False),
    Column("picture", LargeBinary, nullable=False),
)
