"""Columns of the database's own that repeat what other rows say, so that sums over ten thousand versions need one index.

A copy repeats which image it is of, a version how many bytes its disks have in sum. A unit of work may write the rows of a
version in any order: the columns are filled when all of them are there.
"""

from collections.abc import Iterator, Set

import sqlalchemy as sa
from sqlalchemy.orm import Session, UOWTransaction

from galeria.adapters.db import tables
from galeria.domain.galleries import ImageVersion, Replica, VersionDisk

QUESTION = 500
"""Ids in one statement: SQLite's oldest limit on bound values is 999."""

_versions, _disks, _replicas = tables.image_versions.c, tables.version_disks.c, tables.replicas.c


def fill_own_columns(session: Session, _flush: UOWTransaction) -> None:
    """After a flush."""
    new = {each.id for each in session.new if isinstance(each, ImageVersion)}
    copied = new | {each.version_id for each in session.new if isinstance(each, Replica)}
    written = (*session.new, *session.dirty, *session.deleted)
    sized = new | {each.version_id for each in written if isinstance(each, VersionDisk)}
    for some in _batches(copied):
        session.connection().execute(_name_images(some))
    for some in _batches(sized):
        session.connection().execute(_sum_disks(some))


def _name_images(ids: list[str]) -> sa.Update:
    image = sa.select(_versions.definition_id).where(_versions.id == _replicas.version_id).scalar_subquery()
    return (
        sa.update(tables.replicas)
        .where(_replicas.version_id.in_(ids))
        .values(definition_id=sa.func.coalesce(image, ""))
    )


def _sum_disks(ids: list[str]) -> sa.Update:
    size = sa.select(sa.func.sum(_disks.size)).where(_disks.version_id == _versions.id).scalar_subquery()
    return sa.update(tables.image_versions).where(_versions.id.in_(ids)).values(logical_bytes=sa.func.coalesce(size, 0))


def _batches(ids: Set[str]) -> Iterator[list[str]]:
    ordered = sorted(ids)
    return (ordered[start : start + QUESTION] for start in range(0, len(ordered), QUESTION))
