"""Which version of an image is the latest in a region, in SQL.

`domain.images.galleries.latest_version` states the rule; tests/adapters/db/test_latest_versions.py holds this form against it.
"""

import sqlalchemy as sa

from galeria.adapters.db.tables import core_tables
from galeria.adapters.db.tables.version_indexes import IS_OFFERED
from galeria.domain.states import ReplicaState

_definitions, _versions, _replicas = (
    core_tables.image_definitions.c,
    core_tables.image_versions.c,
    core_tables.replicas.c,
)


def highest_version(*conditions: sa.ColumnElement[bool], outside: tuple[sa.FromClause, ...] = ()) -> sa.Select[str]:
    """Select the id of the enclosing definition's highest version that is offered and meets the conditions.

    The index of numbers is read from its end. `outside` are further tables of the enclosing question that the
    conditions speak of.
    """
    return (
        sa.select(_versions.id)
        .where(_versions.definition_id == _definitions.id, IS_OFFERED, *conditions)
        .order_by(_versions.number_key.desc())
        .limit(1)
        .correlate(core_tables.image_definitions, *outside)
    )


def latest_version(region: sa.ColumnElement[str], *, outside: tuple[sa.FromClause, ...] = ()) -> sa.Select[str]:
    """Select the id of the enclosing definition's latest version in `region`; `outside` is the table of that column."""
    excluded = sa.func.coalesce(_replicas.exclude_from_latest, _versions.exclude_from_latest)
    may_be_latest = (
        sa.exists()
        .where(_replicas.version_id == _versions.id, *is_copied_to(region), excluded.is_(sa.false()))
        .correlate(core_tables.image_versions, *outside)
    )
    return highest_version(may_be_latest, outside=outside)


def has_copy_in(region: sa.ColumnElement[str], *, outside: tuple[sa.FromClause, ...] = ()) -> sa.Exists:
    """Whether any version of the enclosing definition is whole in `region`: asked first, before its versions are read."""
    found = sa.exists().where(_replicas.definition_id == _definitions.id, *is_copied_to(region))
    return found.correlate(core_tables.image_definitions, *outside)


def is_copied_to(region: sa.ColumnElement[str]) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions of a whole replica in `region`."""
    return _replicas.region == region, _replicas.state == ReplicaState.COMPLETED
