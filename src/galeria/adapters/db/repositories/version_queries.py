"""Long lists of image versions, page by page: the database sorts, counts and limits them."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import batches
from galeria.adapters.db.repositories.latest_versions import (
    has_copy_in,
    highest_version,
    is_copied_to,
    latest_version,
)
from galeria.adapters.db.repositories.replica_regions import regions_of_copies
from galeria.adapters.db.tables import core_tables
from galeria.adapters.db.tables.columns import number_key
from galeria.adapters.db.tables.version_indexes import IS_OFFERED, IS_PUT_ASIDE, IS_READY, IS_THERE
from galeria.domain.images.galleries import ImageVersion, SourceKind, VersionNumber
from galeria.domain.images.soft_delete import Retention

_definitions, _versions = core_tables.image_definitions.c, core_tables.image_versions.c
_replicas = core_tables.replicas.c


class SqlVersionQueries:
    def __init__(self, session: Session) -> None:
        self._session = session

    def versions(
        self, definition_id: str, *, retained: bool = False, starting: str = "", offset: int = 0, limit: int = 50
    ) -> tuple[list[ImageVersion], int]:
        wanted = _of_definition(definition_id, retained=retained)
        if starting:
            wanted.append(_versions.resource_id.contains(f"/versions/{starting}", autoescape=True))
        return self._page(*wanted, order=_versions.number_key.desc(), offset=offset, limit=limit)

    def following(
        self,
        definition_id: str,
        *,
        after: VersionNumber | None = None,
        retained: bool = False,
        offered_in: str = "",
        limit: int = 50,
    ) -> list[ImageVersion]:
        wanted = _of_definition(definition_id, retained=retained)
        if after is not None:
            wanted.append(_versions.number_key > number_key(str(after)))
        if offered_in:
            copy = sa.exists().where(_replicas.version_id == _versions.id, *is_copied_to(sa.literal(offered_in)))
            wanted += [IS_OFFERED, copy]
        asked = sa.select(ImageVersion).where(*wanted).order_by(_versions.number_key).limit(limit)
        return list(self._session.scalars(asked))

    def regions_of(self, gallery_id: str) -> list[str]:
        return sorted(self._session.scalars(_regions_of_gallery(), {"wanted": gallery_id}))

    def retained(self, gallery_id: str, *, limit: int = 50) -> tuple[list[ImageVersion], int]:
        inside = _versions.definition_id.in_(sa.select(_definitions.id).where(_definitions.gallery_id == gallery_id))
        return self._page(IS_PUT_ASIDE, inside, order=_versions.hard_deletion_at, offset=0, limit=limit)

    def version_counts(self, definition_ids: Sequence[str]) -> dict[str, int]:
        counts = {id: 0 for id in definition_ids}
        count = sa.select(sa.func.count()).where(_versions.definition_id == _definitions.id, IS_THERE, _is_active())
        return counts | {id: count for id, count in self._of_each(definition_ids, count)}

    def definition_counts(self) -> dict[str, int]:
        asked = sa.select(_definitions.gallery_id, sa.func.count()).group_by(_definitions.gallery_id)
        return {id: count for id, count in self._session.execute(asked)}

    def newest(self, definition_ids: Sequence[str]) -> dict[str, VersionNumber]:
        key = highest_version().with_only_columns(_versions.number_key)
        return {
            id: VersionNumber(*(int(part) for part in key.split(".")))
            for id, key in self._of_each(definition_ids, key)
            if key
        }

    def latest(self, definition_id: str) -> dict[str, str]:
        rows = self._session.execute(_latest_in_each_region(), {"wanted": definition_id})
        return dict(sorted((region, id) for region, id in rows if id))

    def from_uploads(self, upload_ids: Sequence[str]) -> list[ImageVersion]:
        if not upload_ids:
            return []
        wanted = (_versions.source_id.in_(upload_ids), _versions.source_kind == SourceKind.UPLOAD, IS_THERE)
        order = (_versions.created_at.desc(), _versions.id)
        return list(self._session.scalars(sa.select(ImageVersion).where(*wanted).order_by(*order)))

    def _of_each(self, definition_ids: Sequence[str], figure: sa.Select[Any]) -> Iterator[tuple[str, Any]]:
        """Yield the result of the subquery `figure` for each definition, one index access each."""
        asked = sa.select(_definitions.id, figure.correlate(core_tables.image_definitions).scalar_subquery())
        for some in batches(definition_ids):
            yield from self._session.execute(asked.where(_definitions.id.in_(some)))

    def _page(
        self, *wanted: sa.ColumnElement[bool], order: sa.ColumnElement[str], offset: int, limit: int
    ) -> tuple[list[ImageVersion], int]:
        asked = sa.select(ImageVersion).where(*wanted).order_by(order, _versions.id).offset(offset).limit(limit)
        found = list(self._session.scalars(asked))
        if len(found) < limit and (found or not offset):
            return found, offset + len(found)  # on the last page the count needs no other query
        count = self._session.scalar(sa.select(sa.func.count()).select_from(core_tables.image_versions).where(*wanted))
        return found, count or 0


@cache
def _latest_in_each_region() -> sa.Select[str, str]:
    here = regions_of_copies()
    latest = latest_version(here.c.region, outside=(here,)).scalar_subquery()
    return (
        sa.select(here.c.region, latest)
        .join_from(core_tables.image_definitions, here, here.c.region.is_not(None))
        .where(_definitions.id == sa.bindparam("wanted"), has_copy_in(here.c.region, outside=(here,)))
    )


@cache
def _regions_of_gallery() -> sa.Select[str]:
    here = regions_of_copies()
    # One in the other, so that a gallery's images are gone through, and never all copies of a region.
    ready = sa.exists().where(_versions.id == _replicas.version_id, IS_READY).correlate(core_tables.replicas)
    of_image = _replicas.definition_id == _definitions.id, _replicas.region == here.c.region
    copied = sa.exists().where(*of_image, _replicas.verified_at.is_not(None), ready)
    copied = copied.correlate(core_tables.image_definitions, here)
    copy = sa.exists().where(_definitions.gallery_id == sa.bindparam("wanted"), copied).correlate(here)
    return sa.select(here.c.region).where(here.c.region.is_not(None), copy)


def _is_active() -> sa.ColumnElement[bool]:
    return _versions.retention == Retention.ACTIVE


def _of_definition(definition_id: str, *, retained: bool) -> list[sa.ColumnElement[bool]]:
    """The conditions of a definition's soft-deleted versions, or of all others."""
    kept = _versions.retention != Retention.ACTIVE if retained else _is_active()
    return [_versions.definition_id == definition_id, IS_THERE, kept]
