"""What is done of schedules is remembered, single occurrences can be changed, and the time of students' machines is counted.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("lab_machines", sa.Column("start_cause", sa.String, nullable=False, server_default=""))
    op.add_column("lab_users", sa.Column("refilled_usage", sa.Integer, nullable=False, server_default="0"))
    op.add_column("lab_users", sa.Column("refilled_at", TIME))
    op.add_column("lab_schedules", sa.Column("changes", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("lab_schedules", sa.Column("times_changed_at", TIME))
    # What was over before this release is not made up for.
    op.execute("UPDATE lab_schedules SET times_changed_at = CURRENT_TIMESTAMP")
    _records()
    _sessions()


def downgrade() -> None:
    op.drop_table("usage_sessions")
    op.drop_table("occurrence_records")
    for name in ("times_changed_at", "changes"):
        op.drop_column("lab_schedules", name)
    for name in ("refilled_at", "refilled_usage"):
        op.drop_column("lab_users", name)
    op.drop_column("lab_machines", "start_cause")


def _records() -> None:
    table = "occurrence_records"
    op.create_table(
        table,
        *_texts("schedule_id", "local_start", "lab_id"),
        sa.Column("started_at", TIME),
        sa.Column("stopped_at", TIME),
        sa.Column("to_start", sa.JSON, nullable=False),
        sa.Column("to_stop", sa.JSON, nullable=False),
        _goes_with_lab(table),
        sa.PrimaryKeyConstraint("schedule_id", "local_start", name="pk_occurrence_records"),
    )
    for name in ("lab_id", "stopped_at"):
        op.create_index(f"ix_{table}_{name}", table, [name])


def _sessions() -> None:
    table = "usage_sessions"
    op.create_table(
        table,
        *_texts("id", "lab_id", "machine_id", "user_id"),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("warned", sa.Integer, nullable=False),
        _goes_with_lab(table),
        sa.PrimaryKeyConstraint("id", name="pk_usage_sessions"),
    )
    for name in ("lab_id", "user_id"):
        op.create_index(f"ix_{table}_{name}", table, [name])
    is_open = sa.text("is_open")
    op.create_index(
        f"ix_{table}_open", table, ["machine_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _goes_with_lab(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["lab_id"], ["labs.id"], name=f"fk_{table}_lab_id", ondelete="CASCADE", initially="DEFERRED", deferrable=True
    )
