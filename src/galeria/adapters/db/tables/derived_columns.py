"""Columns of the database's own that repeat what other rows say, so that sums over ten thousand versions need one index.

A copy repeats which image it is of, a version how many bytes its disks have in sum. A unit of work may write the rows of a
version in any order: the columns are filled when all of them are there.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, UOWTransaction

from galeria.adapters.db.repositories.base import batches
from galeria.adapters.db.tables import core_tables
from galeria.domain.images.galleries import ImageVersion, Replica, VersionDisk

_versions, _disks, _replicas = core_tables.image_versions.c, core_tables.version_disks.c, core_tables.replicas.c


def fill_own_columns(session: Session, _flush: UOWTransaction) -> None:
    """After a flush."""
    new = {each.id for each in session.new if isinstance(each, ImageVersion)}
    copied = new | {each.version_id for each in session.new if isinstance(each, Replica)}
    written = (*session.new, *session.dirty, *session.deleted)
    sized = new | {each.version_id for each in written if isinstance(each, VersionDisk)}
    for some in batches(sorted(copied)):
        session.connection().execute(_name_images(some))
    for some in batches(sorted(sized)):
        session.connection().execute(_sum_disks(some))


def _name_images(ids: Sequence[str]) -> sa.Update:
    image = sa.select(_versions.definition_id).where(_versions.id == _replicas.version_id).scalar_subquery()
    return (
        sa.update(core_tables.replicas)
        .where(_replicas.version_id.in_(ids))
        .values(definition_id=sa.func.coalesce(image, ""))
    )


def _sum_disks(ids: Sequence[str]) -> sa.Update:
    size = sa.select(sa.func.sum(_disks.size)).where(_disks.version_id == _versions.id).scalar_subquery()
    return (
        sa.update(core_tables.image_versions)
        .where(_versions.id.in_(ids))
        .values(logical_bytes=sa.func.coalesce(size, 0))
    )
