"""Replicas repeat their image's id and storage use, versions the size of their disks: long lists read one index each.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OFFERED = "deleted_at IS NULL AND published_at IS NOT NULL AND state != 'Deleting' AND retention = 'Active'"
PUT_ASIDE = "deleted_at IS NULL AND hard_deletion_at IS NOT NULL"


def upgrade() -> None:
    op.add_column("image_versions", sa.Column("logical_bytes", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("replicas", sa.Column("definition_id", sa.String, nullable=False, server_default=""))
    op.add_column("replicas", sa.Column("own_bytes", sa.BigInteger))
    op.add_column("replicas", sa.Column("chain", sa.String))
    op.add_column("replicas", sa.Column("measured_at", sa.DateTime(timezone=True)))
    _fill()
    op.drop_table("region_holdings")
    op.drop_index("ix_image_versions_there", "image_versions")
    op.drop_index("ix_replicas_state", "replicas")
    op.create_index(
        "ix_image_versions_there", "image_versions", ["definition_id", "deleted_at", "retention", "logical_bytes"]
    )
    _create_partial("ix_image_versions_offered", ["definition_id", "number_key", "id"], OFFERED)
    _create_partial("ix_image_versions_put_aside", ["definition_id", "hard_deletion_at", "id"], PUT_ASIDE)
    op.create_index("ix_replicas_copies", "replicas", ["definition_id", "region", "own_bytes"])
    op.create_index("ix_replicas_measured", "replicas", ["definition_id", "measured_at"])


def downgrade() -> None:
    op.drop_index("ix_replicas_measured", "replicas")
    op.drop_index("ix_replicas_copies", "replicas")
    op.drop_index("ix_image_versions_put_aside", "image_versions")
    op.drop_index("ix_image_versions_offered", "image_versions")
    op.drop_index("ix_image_versions_there", "image_versions")
    op.create_index("ix_replicas_state", "replicas", ["version_id", "state"])
    op.create_index("ix_image_versions_there", "image_versions", ["definition_id", "deleted_at", "id"])
    _create_holdings()
    for column in ("measured_at", "chain", "own_bytes", "definition_id"):
        op.drop_column("replicas", column)
    op.drop_column("image_versions", "logical_bytes")


def _create_partial(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "image_versions", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _fill() -> None:
    op.execute(
        """
        UPDATE image_versions SET logical_bytes = coalesce(
            (SELECT sum(d.size) FROM version_disks d WHERE d.version_id = image_versions.id), 0)
        """
    )
    # In one statement: PostgreSQL defers the foreign keys of rows written twice, and builds no index before they are checked.
    op.execute(
        """
        UPDATE replicas SET
            definition_id = coalesce(
                (SELECT v.definition_id FROM image_versions v WHERE v.id = replicas.version_id), ''),
            (own_bytes, chain, measured_at) = (
                SELECT h.own_bytes, h.chain, h.measured_at FROM region_holdings h
                WHERE h.version_id = replicas.version_id AND h.region = replicas.region)
        """
    )


def _create_holdings() -> None:
    """Create the table of revision 0011 again, filled with the measured figures."""
    op.create_table(
        "region_holdings",
        sa.Column("version_id", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("gallery_id", sa.String, nullable=False),
        sa.Column("definition_id", sa.String, nullable=False),
        sa.Column("own_bytes", sa.BigInteger, nullable=False),
        sa.Column("chain", sa.String, nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["image_versions.id"],
            name="fk_region_holdings_version_id",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("version_id", "region", name="pk_region_holdings"),
    )
    # Created before the rows: PostgreSQL builds no index on a table with pending deferred checks.
    columns = ["gallery_id", "definition_id", "region", "own_bytes", "measured_at"]
    op.create_index("ix_region_holdings_gallery", "region_holdings", columns)
    op.execute(
        """
        INSERT INTO region_holdings (version_id, region, gallery_id, definition_id, own_bytes, chain, measured_at)
        SELECT r.version_id, r.region, d.gallery_id, r.definition_id, r.own_bytes, r.chain, r.measured_at
        FROM replicas r JOIN image_definitions d ON d.id = r.definition_id WHERE r.measured_at IS NOT NULL
        """
    )
