"""Codes for sign-in: device and authorization codes, more secrets for service principals, revoked tokens.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
WORD = sa.String(40)


def upgrade() -> None:
    op.add_column("principals", sa.Column("secret_expires_at", TIME, nullable=True))
    op.add_column("principals", sa.Column("tokens_not_before", TIME, nullable=True))
    _credentials()
    _device_codes()
    _authorization_codes()


def downgrade() -> None:
    for table in ("authorization_codes", "device_codes", "credentials"):
        op.drop_table(table)
    op.drop_column("principals", "tokens_not_before")
    op.drop_column("principals", "secret_expires_at")


def _credentials() -> None:
    op.create_table(
        "credentials",
        *_texts("id", "principal_id"),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("secret_hash", sa.String, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        _principal("credentials"),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
    )
    op.create_index("ix_credentials_principal_id", "credentials", ["principal_id"])
    op.create_index("ix_credentials_secret_hash", "credentials", ["secret_hash"], unique=True)


def _device_codes() -> None:
    op.create_table(
        "device_codes",
        *_texts("id", "user_code", "client_id", "scope"),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("interval", sa.Integer, nullable=False),
        sa.Column("polled_at", TIME, nullable=True),
        sa.Column("answer", WORD, nullable=False),
        sa.Column("principal_id", sa.String, nullable=True),
        _principal("device_codes"),
        sa.PrimaryKeyConstraint("id", name="pk_device_codes"),
    )
    op.create_index("ix_device_codes_expires_at", "device_codes", ["expires_at"])
    op.create_index("ix_device_codes_principal_id", "device_codes", ["principal_id"])
    op.create_index("ix_device_codes_user_code", "device_codes", ["user_code"], unique=True)


def _authorization_codes() -> None:
    op.create_table(
        "authorization_codes",
        *_texts("id", "principal_id", "client_id", "redirect_uri", "scope", "challenge", "nonce", "family"),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        _principal("authorization_codes"),
        sa.PrimaryKeyConstraint("id", name="pk_authorization_codes"),
    )
    op.create_index("ix_authorization_codes_expires_at", "authorization_codes", ["expires_at"])
    op.create_index("ix_authorization_codes_principal_id", "authorization_codes", ["principal_id"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _principal(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["principal_id"],
        ["principals.id"],
        name=f"fk_{table}_principal_id",
        ondelete="CASCADE",
        initially="DEFERRED",
        deferrable=True,
    )
