"""Schedules keep the name of their time zone as it was written, beside the zone's name in the IANA list.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lab_schedules", sa.Column("time_zone_name", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("lab_schedules", "time_zone_name")
