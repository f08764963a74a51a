"""Tables of messages to students, of raised hands, and of who watches machines. Rows go with their user or machine."""

from sqlalchemy import Column, ForeignKey, String, Table

from galeria.adapters.db.tables.columns import UtcTime, enum_type
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.classes.class_help import WatchedBy


def _goes_with(name: str, target: str, *, primary_key: bool = False) -> Column[str]:
    rule = ForeignKey(target, deferrable=True, initially="DEFERRED", ondelete="CASCADE")
    return Column(name, String, rule, nullable=False, index=not primary_key, primary_key=primary_key)


class_messages = Table(
    "class_messages",
    metadata,
    Column("id", String, primary_key=True),
    _goes_with("lab_id", "labs.id"),
    _goes_with("user_id", "lab_users.id"),
    *(Column(name, String, nullable=False) for name in ("sending", "text", "sender")),
    Column("sent_at", UtcTime, nullable=False, index=True),
    *(Column(name, UtcTime) for name in ("shown_at", "seen_at")),
)

raised_hands = Table(
    "raised_hands",
    metadata,
    _goes_with("user_id", "lab_users.id", primary_key=True),
    _goes_with("lab_id", "labs.id"),
    Column("raised_at", UtcTime, nullable=False),
    Column("answered_at", UtcTime),
    Column("answered_by", String, nullable=False),
)

machine_watchers = Table(
    "machine_watchers",
    metadata,
    Column("id", String, primary_key=True),
    _goes_with("machine_id", "lab_machines.id"),
    Column("name", String, nullable=False),
    Column("what", enum_type(WatchedBy), nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)
