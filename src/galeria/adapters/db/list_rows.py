"""Long lists of images, page by page: the database sorts, counts and cuts."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db import tables
from galeria.domain.galleries import ImageVersion, SourceKind, VersionNumber
from galeria.domain.soft_delete import Retention
from galeria.domain.states import ProvisioningState, ReplicaState

QUESTION = 500
"""Ids asked for in one statement: SQLite's oldest limit on bound values is 999."""

_definitions, _versions, _replicas = tables.image_definitions.c, tables.image_versions.c, tables.replicas.c


class SqlImageLists:
    def __init__(self, session: Session) -> None:
        self._session = session

    def versions(
        self, definition_id: str, *, retained: bool = False, starting: str = "", offset: int = 0, limit: int = 50
    ) -> tuple[list[ImageVersion], int]:
        wanted = [_versions.definition_id == definition_id, _there(), _is_retained() if retained else _is_active()]
        if starting:
            wanted.append(_versions.resource_id.contains(f"/versions/{starting}", autoescape=True))
        return self._page(*wanted, order=_versions.number_key.desc(), offset=offset, limit=limit)

    def retained(self, gallery_id: str, *, limit: int = 50) -> tuple[list[ImageVersion], int]:
        inside = _versions.definition_id.in_(sa.select(_definitions.id).where(_definitions.gallery_id == gallery_id))
        ends = _versions.hard_deletion_at
        return self._page(ends.is_not(None), inside, _there(), order=ends, offset=0, limit=limit)

    def version_counts(self, definition_ids: Sequence[str]) -> dict[str, int]:
        counts = {id: 0 for id in definition_ids}
        for start in range(0, len(definition_ids), QUESTION):
            some = _versions.definition_id.in_(definition_ids[start : start + QUESTION])
            asked = sa.select(_versions.definition_id, sa.func.count()).where(some, _there(), _is_active())
            counts |= {id: count for id, count in self._session.execute(asked.group_by(_versions.definition_id))}
        return counts

    def definition_counts(self) -> dict[str, int]:
        asked = sa.select(_definitions.gallery_id, sa.func.count()).group_by(_definitions.gallery_id)
        return {id: count for id, count in self._session.execute(asked)}

    def newest(self, definition_ids: Sequence[str]) -> dict[str, VersionNumber]:
        newest: dict[str, VersionNumber] = {}
        for start in range(0, len(definition_ids), QUESTION):
            some = _versions.definition_id.in_(definition_ids[start : start + QUESTION])
            asked = sa.select(_versions.definition_id, sa.func.max(_versions.number_key)).where(some, *_is_offered())
            for id, key in self._session.execute(asked.group_by(_versions.definition_id)):
                newest[id] = VersionNumber(*(int(part) for part in key.split(".")))
        return newest

    def latest(self, definition_id: str) -> dict[str, str]:
        """The highest key of each region, and whose it is."""
        excluded = sa.func.coalesce(_replicas.exclude_from_latest, _versions.exclude_from_latest)
        highest = (
            sa.select(_replicas.region, sa.func.max(_versions.number_key))
            .join_from(tables.image_versions, tables.replicas, _replicas.version_id == _versions.id)
            .where(_versions.definition_id == definition_id, *_is_offered())
            .where(_replicas.state == ReplicaState.COMPLETED, excluded.is_(sa.false()))
            .group_by(_replicas.region)
        )
        keys = {region: key for region, key in self._session.execute(highest)}
        if not keys:
            return {}
        named = sa.select(_versions.number_key, _versions.id).where(
            _versions.definition_id == definition_id, _there(), _versions.number_key.in_(set(keys.values()))
        )
        ids = {key: id for key, id in self._session.execute(named)}
        return {region: ids[key] for region, key in sorted(keys.items())}

    def from_uploads(self, upload_ids: Sequence[str]) -> list[ImageVersion]:
        if not upload_ids:
            return []
        wanted = (_versions.source_id.in_(upload_ids), _versions.source_kind == SourceKind.UPLOAD, _there())
        order = (_versions.created_at.desc(), _versions.id)
        return list(self._session.scalars(sa.select(ImageVersion).where(*wanted).order_by(*order)))

    def _page(
        self, *wanted: sa.ColumnElement[bool], order: sa.ColumnElement[str], offset: int, limit: int
    ) -> tuple[list[ImageVersion], int]:
        count = self._session.scalar(sa.select(sa.func.count()).select_from(tables.image_versions).where(*wanted))
        asked = sa.select(ImageVersion).where(*wanted).order_by(order, _versions.id).offset(offset).limit(limit)
        return list(self._session.scalars(asked)), count or 0


def _there() -> sa.ColumnElement[bool]:
    return _versions.deleted_at.is_(None)


def _is_active() -> sa.ColumnElement[bool]:
    return _versions.retention == Retention.ACTIVE


def _is_offered() -> tuple[sa.ColumnElement[bool], ...]:
    """As ImageVersion.is_offered says it."""
    return (
        _there(),
        _is_active(),
        _versions.published_at.is_not(None),
        _versions.state != ProvisioningState.DELETING,
    )


def _is_retained() -> sa.ColumnElement[bool]:
    return _versions.retention != Retention.ACTIVE
