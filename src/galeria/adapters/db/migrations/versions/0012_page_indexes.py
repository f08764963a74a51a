"""Indexes that answer the queries of the pages on cost and activity without reading the tables.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_image_versions_there", "image_versions", ["definition_id", "deleted_at", "id"])
    op.create_index("ix_replicas_state", "replicas", ["version_id", "state"])
    op.create_index("ix_audit_events_correlation_id", "audit_events", ["correlation_id"])


def downgrade() -> None:
    op.drop_index("ix_audit_events_correlation_id", "audit_events")
    op.drop_index("ix_replicas_state", "replicas")
    op.drop_index("ix_image_versions_there", "image_versions")
