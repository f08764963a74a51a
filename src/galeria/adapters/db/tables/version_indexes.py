"""Conditions on versions that pages query for, each with a partial index of only those versions.

States are written into the statement as literals: SQLite uses a partial index only where the query has the same text.
"""

import sqlalchemy as sa

from galeria.adapters.db.tables import core_tables
from galeria.domain.images.soft_delete import Retention
from galeria.domain.states import ProvisioningState

_versions = core_tables.image_versions.c


def _literal(value: str) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{value}'")


IS_THERE = _versions.deleted_at.is_(None)

IS_READY = sa.and_(
    IS_THERE,
    _versions.published_at.is_not(None),
    _versions.state != _literal(ProvisioningState.DELETING),
    _versions.retention != _literal(Retention.EXPIRED),
)
"""As ImageVersion.is_ready says it."""

IS_OFFERED = sa.and_(
    IS_THERE,
    _versions.published_at.is_not(None),
    _versions.state != _literal(ProvisioningState.DELETING),
    _versions.retention == _literal(Retention.ACTIVE),
)
"""As ImageVersion.is_offered says it."""

IS_PUT_ASIDE = sa.and_(IS_THERE, _versions.hard_deletion_at.is_not(None))
"""It was deleted and can come back."""

sa.Index(
    "ix_image_versions_offered",
    _versions.definition_id,
    _versions.number_key,
    _versions.id,
    sqlite_where=IS_OFFERED,
    postgresql_where=IS_OFFERED,
)
sa.Index(
    "ix_image_versions_put_aside",
    _versions.definition_id,
    _versions.hard_deletion_at,
    _versions.id,
    sqlite_where=IS_PUT_ASIDE,
    postgresql_where=IS_PUT_ASIDE,
)
