"""Lab people and schedules: rosters, schedules, and the profiles of labs and accounts.

Revision ID: 0004
Revises: 0003
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
WORD = sa.String(40)
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TABLES = ("lab_users", "lab_schedules", "lab_drafts", "favorite_labs")


def upgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_labs_registration_code", "labs", ["registration_code"])
    _lab_users()
    _lab_schedules()
    _lab_drafts()
    _favorite_labs()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_labs_registration_code", "labs")
    for table, columns in _columns().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)


def _columns() -> dict[str, list[sa.Column[Any]]]:
    return {
        "lab_accounts": [
            _with("profiles", sa.JSON(), "{}"),
            sa.Column("deleted_at", TIME, nullable=True),
        ],
        "labs": [
            _with("create_option", WORD, "TemplateVM"),
            _with("capacity", sa.Integer(), "0"),
            _with("usage_quota", sa.Integer(), "0"),
            sa.Column("open_access", sa.Boolean(), nullable=False, server_default=sa.false()),
            _with("registration_code", sa.String(), ""),
            sa.Column("published_at", TIME, nullable=True),
            _with("profiles", sa.JSON(), "{}"),
            _with("admin_hash", sa.String(), ""),
            _with("non_admin_user", sa.String(), ""),
            _with("non_admin_hash", sa.String(), ""),
        ],
        "lab_machines": [sa.Column("claimed_by", sa.String(), nullable=True)],
    }


def _lab_users() -> None:
    op.create_table(
        "lab_users",
        *_resource(),
        *_texts("lab_id", "email", "email_key", "display_name"),
        sa.Column("principal_id", sa.String, nullable=True),
        sa.Column("invitation", WORD, nullable=False),
        *_texts("invitation_text"),
        sa.Column("invited_at", TIME, nullable=True),
        sa.Column("extra_quota", sa.Integer, nullable=False),
        sa.Column("total_usage", sa.Integer, nullable=False),
        _goes_with("lab_users", "lab_id", "labs.id"),
        sa.PrimaryKeyConstraint("id", name="pk_lab_users"),
    )
    op.create_index("ix_lab_users_key", "lab_users", ["key"], unique=True)
    op.create_index("ix_lab_users_lab_id", "lab_users", ["lab_id"])
    op.create_index("ix_lab_users_principal_id", "lab_users", ["principal_id"])


def _lab_schedules() -> None:
    op.create_table(
        "lab_schedules",
        *_resource(),
        *_texts("lab_id", "start_at", "stop_at", "time_zone"),
        sa.Column("recurrence", sa.JSON, nullable=False),
        *_texts("notes"),
        _goes_with("lab_schedules", "lab_id", "labs.id"),
        sa.PrimaryKeyConstraint("id", name="pk_lab_schedules"),
    )
    op.create_index("ix_lab_schedules_key", "lab_schedules", ["key"], unique=True)
    op.create_index("ix_lab_schedules_lab_id", "lab_schedules", ["lab_id"])


def _lab_drafts() -> None:
    op.create_table(
        "lab_drafts",
        *_resource(),
        *_texts("account_id"),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("usage_quota", sa.Integer, nullable=False),
        sa.Column("open_access", sa.Boolean, nullable=False),
        _goes_with("lab_drafts", "account_id", "lab_accounts.id"),
        sa.PrimaryKeyConstraint("id", name="pk_lab_drafts"),
    )
    op.create_index("ix_lab_drafts_account_id", "lab_drafts", ["account_id"])
    op.create_index("ix_lab_drafts_key", "lab_drafts", ["key"], unique=True)


def _favorite_labs() -> None:
    op.create_table(
        "favorite_labs",
        *_texts("principal_id", "lab_id"),
        _goes_with("favorite_labs", "principal_id", "principals.id"),
        _goes_with("favorite_labs", "lab_id", "labs.id"),
        sa.PrimaryKeyConstraint("principal_id", "lab_id", name="pk_favorite_labs"),
    )
    op.create_index("ix_favorite_labs_lab_id", "favorite_labs", ["lab_id"])
    op.create_index("ix_favorite_labs_principal_id", "favorite_labs", ["principal_id"])


def _resource() -> list[sa.Column[Any]]:
    return [
        *_texts("id", "resource_id"),
        sa.Column("key", KEY, nullable=False),
        *_texts("location"),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        *_texts("created_by"),
        sa.Column("modified_at", TIME, nullable=False),
        *_texts("modified_by"),
    ]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _with(name: str, kind: sa.types.TypeEngine[Any], value: str) -> sa.Column[Any]:
    """Return a column with a default for the rows that exist already."""
    return sa.Column(name, kind, nullable=False, server_default=value)


def _goes_with(table: str, name: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [name], [target], name=f"fk_{table}_{name}", ondelete="CASCADE", initially="DEFERRED", deferrable=True
    )
