"""Educators' messages to students, raised hands, and who watches a student's machine are kept.

Revision ID: 0036
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "class_messages",
        *_texts("id", "lab_id", "user_id", "sending", "text", "sender"),
        sa.Column("sent_at", TIME, nullable=False),
        *(sa.Column(name, TIME) for name in ("shown_at", "seen_at")),
        _goes_with("class_messages", "lab_id", "labs"),
        _goes_with("class_messages", "user_id", "lab_users"),
        sa.PrimaryKeyConstraint("id", name="pk_class_messages"),
    )
    op.create_table(
        "raised_hands",
        *_texts("user_id", "lab_id"),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("answered_at", TIME),
        *_texts("answered_by"),
        _goes_with("raised_hands", "user_id", "lab_users"),
        _goes_with("raised_hands", "lab_id", "labs"),
        sa.PrimaryKeyConstraint("user_id", name="pk_raised_hands"),
    )
    op.create_table(
        "machine_watchers",
        *_texts("id", "machine_id", "name"),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        _goes_with("machine_watchers", "machine_id", "lab_machines"),
        sa.PrimaryKeyConstraint("id", name="pk_machine_watchers"),
    )
    for table, name in _INDEXES:
        op.create_index(f"ix_{table}_{name}", table, [name])


def downgrade() -> None:
    for table in ("machine_watchers", "raised_hands", "class_messages"):
        op.drop_table(table)


_INDEXES = (
    ("class_messages", "lab_id"),
    ("class_messages", "user_id"),
    ("class_messages", "sent_at"),
    ("raised_hands", "lab_id"),
    ("machine_watchers", "machine_id"),
)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _goes_with(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{target}.id"],
        name=f"fk_{table}_{column}",
        ondelete="CASCADE",
        initially="DEFERRED",
        deferrable=True,
    )
