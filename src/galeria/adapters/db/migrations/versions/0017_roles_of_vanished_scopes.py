"""Remove roles on scopes that do not exist: whoever made something of that name again would have found somebody owning it.

Since then a role goes with its scope (actions/core/resources.py); these are from before.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# The types whose resources have a table; roles on what lies below one, such as a lab's schedule, go with it alone.
_TABLES = {
    "": "resource_groups",
    "microsoft.compute/galleries": "galleries",
    "microsoft.compute/galleries/images": "image_definitions",
    "microsoft.compute/galleries/images/versions": "image_versions",
    "microsoft.compute/disks": "disks",
    "microsoft.compute/snapshots": "snapshots",
    "microsoft.compute/images": "managed_images",
    "microsoft.labservices/labplans": "lab_accounts",
    "microsoft.labservices/labs": "labs",
}


def upgrade() -> None:
    connection = op.get_bind()
    known = {"/subscriptions/" + id.lower() for id in _texts(connection, "SELECT id FROM subscriptions")}
    for table in (*_TABLES.values(), "lab_drafts"):
        known.update(_texts(connection, f"SELECT key FROM {table}"))  # a name of ours
    for scope in set(_texts(connection, "SELECT scope FROM role_assignments")):
        if _nearest(scope) not in known:
            connection.execute(sa.text("DELETE FROM role_assignments WHERE scope = :scope"), {"scope": scope})


def downgrade() -> None:
    """What was removed opened nothing that existed."""


def _texts(connection: sa.Connection, question: str) -> list[str]:
    return list(connection.execute(sa.text(question)).scalars())


def _nearest(scope: str) -> str:
    """Return the key of the scope itself, or of the resource above it that has a table."""
    above, slashes, below = scope.partition("/providers/")
    if not slashes:
        return scope
    namespace, *segments = below.split("/")
    while len(segments) > 2 and "/".join([namespace, *segments[::2]]) not in _TABLES:  # type and name
        segments = segments[:-2]
    return "/".join([f"{above}/providers/{namespace}", *segments])
