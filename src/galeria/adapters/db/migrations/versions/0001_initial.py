"""The tables of the first release."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "packs",
    "chunks",
    "subscriptions",
    "resource_groups",
    "principals",
    "role_assignments",
    "refresh_tokens",
    "galleries",
    "image_definitions",
    "image_versions",
    "version_disks",
    "replicas",
    "lab_accounts",
    "image_choices",
    "labs",
    "lab_machines",
    "operations",
    "operation_steps",
    "audit_events",
    "uploads",
)

TIME = sa.DateTime(timezone=True)
WORD = sa.String(40)
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    _chunk_index()
    _subscriptions()
    _people()
    _galleries()
    _versions()
    _accounts()
    _labs()
    _operations()
    _records()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _resource() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.String, nullable=False),
        sa.Column("resource_id", sa.String, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("location", sa.String, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("modified_at", TIME, nullable=False),
        sa.Column("modified_by", sa.String, nullable=False),
    ]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _reference(column: str, target: str, name: str, *, goes_with: bool = False) -> sa.ForeignKeyConstraint:
    rule = "CASCADE" if goes_with else None
    return sa.ForeignKeyConstraint([column], [target], name=name, ondelete=rule, initially="DEFERRED", deferrable=True)


def _chunk_index() -> None:
    op.create_table(
        "packs",
        sa.Column("region", sa.String(length=90), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("region", "name", name="pk_packs"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chunks",
        sa.Column("region", sa.String(length=90), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("pack", sa.String(length=64), nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("region", "hash", name="pk_chunks"),
        sqlite_with_rowid=False,
    )
    op.create_index("chunks_by_pack", "chunks", ["region", "pack"])


def _subscriptions() -> None:
    op.create_table(
        "subscriptions", *_texts("id", "display_name"), sa.PrimaryKeyConstraint("id", name="pk_subscriptions")
    )
    op.create_table(
        "resource_groups",
        *_resource(),
        sa.Column("subscription_id", sa.String, nullable=False),
        _reference("subscription_id", "subscriptions.id", "fk_resource_groups_subscription_id"),
        sa.PrimaryKeyConstraint("id", name="pk_resource_groups"),
    )
    op.create_index("ix_resource_groups_key", "resource_groups", ["key"], unique=True)


def _people() -> None:
    op.create_table(
        "principals",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        *_texts("name", "name_key", "display_name", "secret_hash"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_principals"),
    )
    op.create_index("ix_principals_name_key", "principals", ["name_key"], unique=True)
    op.create_table(
        "role_assignments",
        *_texts("id", "principal_id", "role", "scope"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        _reference("principal_id", "principals.id", "fk_role_assignments_principal_id", goes_with=True),
        sa.PrimaryKeyConstraint("id", name="pk_role_assignments"),
        sa.UniqueConstraint("principal_id", "role", "scope", name="uq_role_assignments_principal_id_role_scope"),
    )
    op.create_table(
        "refresh_tokens",
        *_texts("id", "family", "principal_id", "client_id"),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        _reference("principal_id", "principals.id", "fk_refresh_tokens_principal_id", goes_with=True),
        sa.PrimaryKeyConstraint("id", name="pk_refresh_tokens"),
    )
    op.create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"])
    op.create_index("ix_refresh_tokens_family", "refresh_tokens", ["family"])
    op.create_index("ix_refresh_tokens_principal_id", "refresh_tokens", ["principal_id"])


def _galleries() -> None:
    op.create_table(
        "galleries",
        *_resource(),
        sa.Column("description", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_galleries"),
    )
    op.create_index("ix_galleries_key", "galleries", ["key"], unique=True)
    op.create_table(
        "image_definitions",
        *_resource(),
        *_texts("gallery_id", "display_name"),
        sa.Column("os_type", WORD, nullable=False),
        sa.Column("os_state", WORD, nullable=False),
        sa.Column("generation", WORD, nullable=False),
        *_texts("publisher", "offer", "sku", "description"),
        _reference("gallery_id", "galleries.id", "fk_image_definitions_gallery_id"),
        sa.PrimaryKeyConstraint("id", name="pk_image_definitions"),
    )
    op.create_index("ix_image_definitions_gallery_id", "image_definitions", ["gallery_id"])
    op.create_index("ix_image_definitions_key", "image_definitions", ["key"], unique=True)


def _versions() -> None:
    op.create_table(
        "image_versions",
        *_resource(),
        sa.Column("definition_id", sa.String, nullable=False),
        sa.Column("source_kind", WORD, nullable=False),
        sa.Column("source_id", sa.String, nullable=False),
        sa.Column("exclude_from_latest", sa.Boolean, nullable=False),
        sa.Column("end_of_life", TIME, nullable=True),
        sa.Column("published_at", TIME, nullable=True),
        sa.Column("parent_digest", sa.String, nullable=True),
        sa.Column("accounts", sa.JSON, nullable=False),
        sa.Column("failure", sa.String, nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_image_versions"),
    )
    op.create_index("ix_image_versions_definition_id", "image_versions", ["definition_id"])
    op.create_index(
        "ix_image_versions_key",
        "image_versions",
        ["key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "version_disks",
        sa.Column("version_id", sa.String, nullable=False),
        sa.Column("lun", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("data_bytes", sa.BigInteger, nullable=False),
        sa.Column("read_bytes", sa.BigInteger, nullable=False),
        sa.Column("stored_bytes", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        _reference("version_id", "image_versions.id", "fk_version_disks_version_id", goes_with=True),
        sa.PrimaryKeyConstraint("version_id", "lun", name="pk_version_disks"),
    )
    op.create_table(
        "replicas",
        *_texts("version_id", "region"),
        sa.Column("state", WORD, nullable=False),
        sa.Column("exclude_from_latest", sa.Boolean, nullable=True),
        sa.Column("bytes_done", sa.BigInteger, nullable=False),
        sa.Column("bytes_total", sa.BigInteger, nullable=False),
        sa.Column("sent_bytes", sa.BigInteger, nullable=False),
        sa.Column("failure", sa.String, nullable=False),
        sa.Column("verified_at", TIME, nullable=True),
        _reference("version_id", "image_versions.id", "fk_replicas_version_id", goes_with=True),
        sa.PrimaryKeyConstraint("version_id", "region", name="pk_replicas"),
    )
    op.create_index("ix_replicas_region", "replicas", ["region"])


def _accounts() -> None:
    op.create_table(
        "lab_accounts",
        *_resource(),
        sa.Column("gallery_id", sa.String, nullable=True),
        sa.Column("allowed_regions", sa.JSON, nullable=False),
        sa.Column("os_disk_limit_gb", sa.Integer, nullable=False),
        sa.Column("enable_by_default", sa.Boolean, nullable=False),
        _reference("gallery_id", "galleries.id", "fk_lab_accounts_gallery_id"),
        sa.PrimaryKeyConstraint("id", name="pk_lab_accounts"),
    )
    op.create_index("ix_lab_accounts_gallery_id", "lab_accounts", ["gallery_id"])
    op.create_index("ix_lab_accounts_key", "lab_accounts", ["key"], unique=True)
    op.create_table(
        "image_choices",
        *_texts("account_id", "definition_id"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        _reference("account_id", "lab_accounts.id", "fk_image_choices_account_id", goes_with=True),
        _reference("definition_id", "image_definitions.id", "fk_image_choices_definition_id", goes_with=True),
        sa.PrimaryKeyConstraint("account_id", "definition_id", name="pk_image_choices"),
    )
    op.create_index("ix_image_choices_definition_id", "image_choices", ["definition_id"])


def _labs() -> None:
    op.create_table(
        "labs",
        *_resource(),
        *_texts(
            "account_id",
            "title",
            "description",
            "definition_id",
            "image_id",
            "version_id",
            "version_name",
            "base_digest",
        ),
        sa.Column("os_state", WORD, nullable=False),
        sa.Column("generation", WORD, nullable=False),
        *_texts("size", "user_name"),
        sa.Column("lab_state", WORD, nullable=False),
        sa.Column("failure", sa.String, nullable=False),
        _reference("version_id", "image_versions.id", "fk_labs_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_labs"),
    )
    op.create_index("ix_labs_account_id", "labs", ["account_id"])
    op.create_index("ix_labs_definition_id", "labs", ["definition_id"])
    op.create_index("ix_labs_key", "labs", ["key"], unique=True)
    op.create_index("ix_labs_version_id", "labs", ["version_id"])
    op.create_table(
        "lab_machines",
        *_texts("id", "lab_id"),
        sa.Column("kind", WORD, nullable=False),
        *_texts("name", "region"),
        sa.Column("state", WORD, nullable=False),
        sa.Column("base_digest", sa.String, nullable=False),
        sa.Column("layer", sa.String, nullable=True),
        sa.Column("layer_digest", sa.String, nullable=True),
        sa.Column("ssh_port", sa.Integer, nullable=False),
        *_texts("user_name", "pending_password_hash"),
        sa.Column("retire_accounts", sa.JSON, nullable=False),
        sa.Column("accounts", sa.JSON, nullable=False),
        sa.Column("renew_identity", sa.Boolean, nullable=False),
        sa.Column("failure", sa.String, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        _reference("lab_id", "labs.id", "fk_lab_machines_lab_id"),
        sa.PrimaryKeyConstraint("id", name="pk_lab_machines"),
    )
    op.create_index("ix_lab_machines_lab_id", "lab_machines", ["lab_id"])
    op.create_index("ix_lab_machines_region", "lab_machines", ["region"])
    op.create_index("ix_lab_machines_ssh_port", "lab_machines", ["ssh_port"], unique=True)


def _operations() -> None:
    op.create_table(
        "operations",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        *_texts("subscription_id", "location", "resource_id"),
        sa.Column("resource_key", KEY, nullable=False),
        *_texts("subject", "started_by"),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("outputs", sa.JSON, nullable=False),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        *_texts("error_code", "error_message", "error_hint"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
    )
    op.create_index("ix_operations_created_at", "operations", ["created_at"])
    op.create_index("ix_operations_resource_key", "operations", ["resource_key"])
    op.create_index("ix_operations_status", "operations", ["status", "created_at"])
    op.create_index("ix_operations_subject", "operations", ["subject"])
    op.create_table(
        "operation_steps",
        sa.Column("operation_id", sa.String, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        *_texts("name", "region"),
        sa.Column("status", WORD, nullable=False),
        sa.Column("runs", sa.Integer, nullable=False),
        sa.Column("bytes_done", sa.BigInteger, nullable=False),
        sa.Column("bytes_total", sa.BigInteger, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("updated_at", TIME, nullable=False),
        _reference("operation_id", "operations.id", "fk_operation_steps_operation_id", goes_with=True),
        sa.PrimaryKeyConstraint("operation_id", "name", "region", name="pk_operation_steps"),
    )


def _records() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("at", TIME, nullable=False),
        *_texts("principal_id", "principal_name", "action", "scope"),
        sa.Column("scope_key", KEY, nullable=False),
        *_texts("status", "correlation_id", "detail"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_at", "audit_events", ["at"])
    op.create_index("ix_audit_events_scope_key", "audit_events", ["scope_key"])
    op.create_table(
        "uploads",
        *_texts("id", "owner_id", "file_name"),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
    )
