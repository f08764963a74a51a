"""Tables of a lab's users, schedules and revisions, of lab drafts, and of favorite labs."""

from typing import Any

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table

from galeria.adapters.db.tables.columns import MessageText, UtcTime, enum_type, key_type, string_map
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.images.galleries import OsState
from galeria.domain.labs.roster import InvitationState
from galeria.domain.states import ProvisioningState


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, String, nullable=False) for name in names]


def _counts(*names: str) -> list[Column[int]]:
    return [Column(name, Integer, nullable=False) for name in names]


def _goes_with(name: str, target: str, *, primary_key: bool = False) -> Column[str]:
    rule = ForeignKey(target, deferrable=True, initially="DEFERRED", ondelete="CASCADE")
    return Column(name, String, rule, nullable=False, index=True, primary_key=primary_key)


def _resource() -> list[Column[Any]]:
    return [
        Column("id", String, primary_key=True),
        Column("resource_id", String, nullable=False),
        Column("key", key_type(), nullable=False),
        Column("location", String, nullable=False),
        Column("tags", string_map(), nullable=False),
        Column("state", enum_type(ProvisioningState), nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("created_by", String, nullable=False),
        Column("modified_at", UtcTime, nullable=False),
        Column("modified_by", String, nullable=False),
    ]


lab_users = Table(
    "lab_users",
    metadata,
    *_resource(),
    _goes_with("lab_id", "labs.id"),
    *_texts("email", "email_key", "display_name"),
    Column("principal_id", String, index=True),
    Column("invitation", enum_type(InvitationState), nullable=False),
    Column("invitation_text", String, nullable=False),
    Column("invited_at", UtcTime),
    *_counts("extra_quota", "total_usage"),
    Column("refilled_usage", Integer, nullable=False, server_default="0"),
    Column("refilled_at", UtcTime),
    Index("ix_lab_users_key", "key", unique=True),
    Index("ix_lab_users_address", "lab_id", "email_key", unique=True),
    Index("ix_lab_users_person", "lab_id", "principal_id", unique=True),  # who is not registered has none
)

invitations = Table(
    "invitations",
    metadata,
    _goes_with("user_id", "lab_users.id", primary_key=True),
    *_texts("invited_by", "language"),
    *_counts("number", "tries"),
    Column("due_at", UtcTime, nullable=False),
    Column("begun_at", UtcTime),
    Column("failure", MessageText(), nullable=False),
    Column("welcome_hash", String, nullable=False, index=True),
    Column("welcome_until", UtcTime),
)

lab_schedules = Table(
    "lab_schedules",
    metadata,
    *_resource(),
    _goes_with("lab_id", "labs.id"),
    *_texts("start_at", "stop_at", "time_zone", "time_zone_name"),
    Column("recurrence", string_map(), nullable=False),
    Column("changes", JSON, nullable=False, server_default="[]"),
    Column("times_changed_at", UtcTime),
    Column("notes", String, nullable=False),
    Index("ix_lab_schedules_key", "key", unique=True),
)

lab_revisions = Table(
    "lab_revisions",
    metadata,
    Column("id", String, primary_key=True),
    _goes_with("lab_id", "labs.id"),
    *_counts("number"),
    *_texts("digest"),
    Column("os_state", enum_type(OsState), nullable=False),
    Column("layer", String),
    Column("is_ready", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_lab_revisions_number", "lab_id", "number", unique=True),
)

lab_drafts = Table(
    "lab_drafts",
    metadata,
    *_resource(),
    Column("author_id", String, nullable=False, index=True),
    _goes_with("account_id", "lab_accounts.id"),
    *_counts("capacity", "usage_quota"),
    Column("open_access", Boolean, nullable=False),
    Index("ix_lab_drafts_key", "key", unique=True),
)

favorite_labs = Table(
    "favorite_labs",
    metadata,
    _goes_with("principal_id", "principals.id", primary_key=True),
    _goes_with("lab_id", "labs.id", primary_key=True),
)
