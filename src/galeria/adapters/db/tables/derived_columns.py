"""Columns that repeat values of other rows, so that sums over ten thousand versions read one index.

A replica repeats the id of its image definition, a version the sum of its disks' sizes. A unit of work may write a
version's rows in any order: the columns are filled after each flush.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, UOWTransaction

from galeria.adapters.db.repositories.base import batches
from galeria.adapters.db.tables import core_tables
from galeria.domain.images.galleries import ImageVersion, Replica, VersionDisk

_versions, _disks, _replicas = core_tables.image_versions.c, core_tables.version_disks.c, core_tables.replicas.c


def fill_derived_columns(session: Session, _flush: UOWTransaction) -> None:
    """Fill the derived columns of the rows that a flush wrote. SQLAlchemy calls this after each flush."""
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
