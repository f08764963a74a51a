"""Addresses, people and machines are unique within a lab's roster; identities elsewhere keep the address verified there.

Only two requests at the very same moment could make a second row before, on PostgreSQL. Of those the one stays that is in use.

Revision ID: 0032
Revises: 0031
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_USERS = (
    "SELECT u.id, u.lab_id, u.email_key, u.principal_id, m.id AS machine FROM lab_users u "
    "LEFT JOIN lab_machines m ON m.claimed_by = u.id ORDER BY u.created_at, u.id"
)


def upgrade() -> None:
    connection = op.get_bind()
    for claim in _extra(
        _rows(connection, "SELECT id, claimed_by FROM lab_machines ORDER BY created_at, id"), "claimed_by"
    ):
        _run(connection, "UPDATE lab_machines SET claimed_by = NULL WHERE id = :id", id=claim.id)
    for user in _extra(_in_use_first(_rows(connection, _USERS)), "lab_id", "email_key"):
        _run(connection, "UPDATE lab_machines SET claimed_by = NULL WHERE claimed_by = :id", id=user.id)
        _run(connection, "DELETE FROM lab_users WHERE id = :id", id=user.id)
    for user in _extra(_in_use_first(_rows(connection, _USERS)), "lab_id", "principal_id"):
        _run(connection, "UPDATE lab_machines SET claimed_by = NULL WHERE claimed_by = :id", id=user.id)
        _run(connection, "UPDATE lab_users SET principal_id = NULL WHERE id = :id", id=user.id)
    op.create_index("ix_lab_users_address", "lab_users", ["lab_id", "email_key"], unique=True)
    op.create_index("ix_lab_users_person", "lab_users", ["lab_id", "principal_id"], unique=True)
    op.create_index("ix_lab_machines_claimed_by", "lab_machines", ["claimed_by"], unique=True)
    op.add_column("external_identities", sa.Column("email", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("external_identities", "email")
    op.drop_index("ix_lab_machines_claimed_by", "lab_machines")
    for name in ("ix_lab_users_person", "ix_lab_users_address"):
        op.drop_index(name, "lab_users")


def _rows(connection: sa.Connection, question: str) -> list[Any]:
    return list(connection.execute(sa.text(question)))


def _run(connection: sa.Connection, statement: str, **values: str) -> None:
    connection.execute(sa.text(statement), values)


def _in_use_first(users: Iterable[Any]) -> list[Any]:
    return sorted(users, key=lambda user: (user.machine is None, user.principal_id is None))


def _extra(rows: Iterable[Any], *names: str) -> list[Any]:
    """Return all rows but the first of those that agree in these columns; rows without a value there agree with nobody."""
    seen: set[tuple[str, ...]] = set()
    extra = []
    for row in rows:
        value = tuple(getattr(row, name) for name in names)
        if value in seen:
            extra.append(row)
        elif all(value):
            seen.add(value)
    return extra
