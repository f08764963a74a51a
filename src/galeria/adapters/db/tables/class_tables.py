"""Tables of what was done of schedules, of how long students' machines ran, of who uses machines, and of what
is kept of their work.

Rows go with their lab or their machine, but for work disks and earlier machines, which are removed with their files.
"""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, text

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

work_disks = Table(
    "work_disks",
    metadata,
    Column("id", String, primary_key=True),
    Column("region", String, nullable=False),
    Column("size_gib", Integer, nullable=False),
    # No foreign keys: a lab, a machine and a person may be gone before the work is.
    Column("lab_id", String, nullable=False, index=True),
    *(Column(name, String, nullable=False) for name in ("lab_key", "lab_title", "author_id", "person", "email")),
    Column("machine_id", String),
    Column("kept_until", UtcTime, index=True),
    Column("is_mounted", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_work_disks_machine_id", "machine_id", unique=True),
)

kept_machines = Table(
    "kept_machines",
    metadata,
    Column("id", String, primary_key=True),
    *(Column(name, String, nullable=False, index=True) for name in ("machine_id", "lab_id")),
    *(Column(name, String, nullable=False) for name in ("user_id", "region", "base_digest")),
    Column("revision", Integer, nullable=False),
    Column("row", JSON, nullable=False),
    Column("kept_at", UtcTime, nullable=False),
    Column("kept_until", UtcTime, nullable=False, index=True),
)
