"""Tables of what was done of schedules, of how long students' machines ran, and of who uses machines.

Rows go with their lab or their machine.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, text

from galeria.adapters.db.tables.columns import UtcTime, enum_type, string_list
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.classes.shutdown import ShutdownReason
from galeria.domain.classes.usage import UsageCause


def _lab() -> Column[str]:
    rule = ForeignKey("labs.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE")
    return Column("lab_id", String, rule, nullable=False, index=True)


occurrence_records = Table(
    "occurrence_records",
    metadata,
    # No foreign key: what a deleted schedule has started is still to be stopped.
    Column("schedule_id", String, primary_key=True),
    Column("local_start", String, primary_key=True),
    _lab(),
    Column("started_at", UtcTime),
    Column("stopped_at", UtcTime, index=True),
    Column("to_start", string_list(), nullable=False),
    Column("to_stop", string_list(), nullable=False),
)

# Machines and users may be deleted; what was used stays for the lab's report.
usage_sessions = Table(
    "usage_sessions",
    metadata,
    Column("id", String, primary_key=True),
    _lab(),
    Column("machine_id", String, nullable=False),
    Column("user_id", String, nullable=False, index=True),
    Column("cause", enum_type(UsageCause), nullable=False),
    Column("began_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("warned", Integer, nullable=False),
    # One machine is used once at a time.
    Index(
        "ix_usage_sessions_open",
        "machine_id",
        unique=True,
        sqlite_where=text("is_open"),
        postgresql_where=text("is_open"),
    ),
)

machine_presence = Table(
    "machine_presence",
    metadata,
    Column(
        "machine_id",
        String,
        ForeignKey("lab_machines.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE"),
        primary_key=True,
    ),
    *(Column(name, UtcTime, nullable=False) for name in ("running_since", "looked_at")),
    *(Column(name, UtcTime) for name in ("connected_at", "typed_at", "busy_at", "kept_at", "warned_at")),
    Column("sent_bytes", BigInteger, nullable=False),
    Column("processor_seconds", Float, nullable=False),
    Column("reason", enum_type(ShutdownReason)),
)
