"""The regions that hold replicas, found by jumping along an index instead of reading all of it."""

import sqlalchemy as sa

from galeria.adapters.db.tables import core_tables

_region = core_tables.replicas.c.region


def regions_of_copies() -> sa.CTE:
    """Return a recursive query with one column, `region`. Its last row is empty and must be left out."""
    first = sa.select(sa.func.min(_region).label("region")).cte("regions_of_copies", recursive=True)
    following = sa.select(sa.func.min(_region)).where(_region > first.c.region).correlate(first).scalar_subquery()
    return first.union_all(sa.select(following).where(first.c.region.is_not(None)))
