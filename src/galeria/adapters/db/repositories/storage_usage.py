"""Measured storage use of image versions in each region, and sums over it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import batches
from galeria.adapters.db.repositories.replica_regions import regions_of_copies
from galeria.adapters.db.tables import core_tables, upkeep_tables
from galeria.adapters.db.tables.columns import UtcTime
from galeria.adapters.db.tables.version_indexes import IS_THERE
from galeria.domain.foreign_text import sorting_key
from galeria.domain.images.upkeep import StoreUpkeep, UpkeepKind
from galeria.domain.states import ReplicaState
from galeria.ports.storage_usage import PLACE, ImageSum, LabUse, RegionUsage, StoredVersion, VersionSum, chain_of

_definitions, _versions = core_tables.image_definitions.c, core_tables.image_versions.c
_disks, _replicas, _labs = core_tables.version_disks.c, core_tables.replicas.c, core_tables.labs.c

Figures = dict[str, dict[str, int]]
"""A figure by the id of its image or version, then by region."""

_COMPLETE_REPLICAS = core_tables.replicas.join(core_tables.image_versions, _versions.id == _replicas.version_id).join(
    core_tables.image_definitions, _definitions.id == _versions.definition_id
)
_IS_COMPLETE = (_replicas.state == ReplicaState.COMPLETED, IS_THERE)

_FIGURES = ("own_bytes", "chain", "measured_at")
_SUMS = sa.select(
    _versions.id, _versions.resource_id, _versions.retention, _versions.logical_bytes, _versions.created_at
)
_WEIGH = (
    sa.update(core_tables.replicas)
    .where(_replicas.version_id == sa.bindparam("of"), _replicas.region == sa.bindparam("at"))
    .values(whole_bytes=sa.bindparam("whole"))
)
_KEEP = (
    sa.update(core_tables.replicas)
    .where(_replicas.version_id == sa.bindparam("of"), _replicas.region == sa.bindparam("at"))
    .values({name: sa.bindparam(name) for name in _FIGURES})
)


class SqlStorageUsageRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def has_news(self, region: str) -> bool:
        has_content = sa.exists().where(_disks.version_id == _versions.id, _disks.digest != "")
        last = sa.func.max(sa.func.substr(_replicas.chain, 1, PLACE))
        galleries = (
            sa.select(sa.func.count(), sa.func.count(_replicas.chain), sa.func.count(_replicas.whole_bytes), last)
            .select_from(_COMPLETE_REPLICAS)
            .where(_replicas.region == region, *_IS_COMPLETE, has_content)
            .group_by(_definitions.gallery_id)
        )
        measured = 0
        for versions, known, weighed, place in self._session.execute(galleries):
            if not versions == known == weighed or place != chain_of(known, "")[:PLACE]:
                return True
            measured += known
        chained = sa.select(sa.func.count(_replicas.chain)).where(_replicas.region == region)
        return self._session.scalar(chained) != measured

    def held(self, region: str) -> list[StoredVersion]:
        return self._stored(_replicas.region == region)

    def unweighed(self, region: str) -> list[StoredVersion]:
        return self._stored(_replicas.region == region, _replicas.whole_bytes.is_(None))

    def _stored(self, *which: sa.ColumnElement[bool]) -> list[StoredVersion]:
        question = (
            sa.select(_definitions.gallery_id, _versions.id, _disks.digest)
            .select_from(_COMPLETE_REPLICAS.join(core_tables.version_disks, _disks.version_id == _versions.id))
            .where(*which, *_IS_COMPLETE, _disks.digest != "")
            .order_by(_definitions.gallery_id, _versions.created_at, _versions.id, _disks.digest)
        )
        found: dict[tuple[str, str], list[str]] = {}
        for gallery, version, digest in self._session.execute(question).all():
            found.setdefault((gallery, version), []).append(digest)
        return [
            StoredVersion(gallery_id=gallery, version_id=version, digests=tuple(digests))
            for (gallery, version), digests in found.items()
        ]

    def chains(self, region: str) -> dict[str, str]:
        is_measured = (_replicas.region == region, _replicas.chain.is_not(None))
        rows = self._session.execute(sa.select(_replicas.version_id, _replicas.chain).where(*is_measured))
        return {id: chain for id, chain in rows}

    def keep(self, measured: Sequence[RegionUsage]) -> None:
        """Record the measurements; those of replicas that were removed meanwhile are dropped."""
        if measured:
            self._session.flush()
            self._session.connection().execute(_KEEP, [_kept(each) for each in measured])

    def weigh(self, region: str, whole_bytes: Mapping[str, int]) -> None:
        if whole_bytes:
            self._session.flush()
            rows = [{"of": id, "at": region, "whole": size} for id, size in whole_bytes.items()]
            self._session.connection().execute(_WEIGH, rows)

    def forget(self, region: str, version_ids: Sequence[str]) -> None:
        self._session.flush()
        for some in batches(version_ids):
            those = (_replicas.region == region, _replicas.version_id.in_(some))
            nothing = sa.update(core_tables.replicas).where(*those).values(dict.fromkeys(_FIGURES))
            self._session.connection().execute(nothing)

    def sums(self, gallery_id: str, *, definition_id: str = "") -> dict[str, ImageSum]:
        is_one, values = bool(definition_id), {"wanted": definition_id or gallery_id}
        copies = self._session.execute(_copies(is_one), values).all()
        own = _by_owner((id, region, size) for id, region, size, _ in copies if size is not None)
        unmeasured = _by_owner((id, region, count) for id, region, _, count in copies if count)
        labs = {id: count for id, count in self._session.execute(_lab_counts(is_one), values)}
        return {
            id: ImageSum(
                versions=count,
                logical_bytes=int(size),
                labs=labs.get(id, 0),
                own_bytes=own.get(id, {}),
                unmeasured=unmeasured.get(id, {}),
            )
            for id, count, size in self._session.execute(_version_sums(is_one), values)
        }

    def measured_at(self, gallery_id: str) -> datetime | None:
        found: datetime | None = self._session.scalar(_measured_at(), {"wanted": gallery_id})
        return found

    def versions(self, definition_id: str, *, offset: int, limit: int) -> list[VersionSum]:
        question = _SUMS.where(_versions.definition_id == definition_id, IS_THERE).order_by(_versions.number_key.desc())
        return self._version_sums(question.offset(offset).limit(limit))

    def of_gallery(self, gallery_id: str, *, after: tuple[datetime, str] | None, limit: int) -> list[VersionSum]:
        definitions = sa.select(_definitions.id).where(_definitions.gallery_id == gallery_id)
        question = _SUMS.where(_versions.definition_id.in_(definitions), IS_THERE)
        if after:
            begun, id = after
            is_younger = sa.and_(_versions.created_at == begun, _versions.id > id)
            question = question.where(sa.or_(_versions.created_at > begun, is_younger))
        return self._version_sums(question.order_by(_versions.created_at, _versions.id).limit(limit))

    def uses(self, version_ids: Sequence[str]) -> list[LabUse]:
        found: list[LabUse] = []
        for some in batches(version_ids):
            question = sa.select(_labs.version_id, _labs.resource_id, _labs.title, _labs.created_by)
            rows = self._session.execute(question.where(_labs.version_id.in_(some)))
            found += [
                LabUse(version_id=version, lab_id=lab, title=title, created_by=by) for version, lab, title, by in rows
            ]
        return sorted(found, key=lambda each: (sorting_key(each.title), each.lab_id))

    def _version_sums(self, question: sa.Select[Any]) -> list[VersionSum]:
        """Return the versions that are asked for with their figures. Only complete replicas count."""
        versions = self._session.execute(question).all()
        columns = (_replicas.version_id, _replicas.region, _replicas.own_bytes, _replicas.whole_bytes)
        copies = [
            tuple(row)
            for some in batches([each.id for each in versions])
            for row in self._session.execute(
                sa.select(*columns).where(_replicas.version_id.in_(some), _replicas.state == ReplicaState.COMPLETED)
            )
        ]
        own = _by_owner((id, region, size) for id, region, size, _ in copies if size is not None)
        whole = _by_owner((id, region, size) for id, region, _, size in copies if size is not None)
        unmeasured = _by_owner((id, region, 1) for id, region, size, _ in copies if size is None)
        return [
            VersionSum(
                **each._asdict(),
                own_bytes=own.get(each.id, {}),
                whole_bytes=whole.get(each.id, {}),
                unmeasured=unmeasured.get(each.id, {}),
            )
            for each in versions
        ]


@cache
def _copies(is_one: bool) -> sa.Select[Any]:
    here = regions_of_copies()
    those = (_replicas.definition_id == _definitions.id, _replicas.region == here.c.region)
    is_there = sa.exists().where(_versions.id == _replicas.version_id, IS_THERE)
    is_waiting = (_replicas.own_bytes.is_(None), _replicas.state == ReplicaState.COMPLETED, is_there)
    own = sa.select(sa.func.sum(_replicas.own_bytes)).where(*those)
    waiting = sa.select(sa.func.count()).select_from(core_tables.replicas).where(*those, *is_waiting)
    figures = (each.correlate(core_tables.image_definitions, here).scalar_subquery() for each in (own, waiting))
    return (
        sa.select(_definitions.id, here.c.region, *figures)
        .join_from(core_tables.image_definitions, here, here.c.region.is_not(None))
        .where((_definitions.id if is_one else _definitions.gallery_id) == sa.bindparam("wanted"))
    )


@cache
def _version_sums(is_one: bool) -> sa.Select[Any]:
    return (
        sa.select(_versions.definition_id, sa.func.count(), sa.func.sum(_versions.logical_bytes))
        .where(_of_wanted(_versions.definition_id, is_one), IS_THERE)
        .group_by(_versions.definition_id)
    )


@cache
def _lab_counts(is_one: bool) -> sa.Select[Any]:
    column = _labs.definition_id
    return sa.select(column, sa.func.count()).where(_of_wanted(column, is_one)).group_by(column)


@cache
def _measured_at() -> sa.Select[Any]:
    last = sa.select(sa.func.max(_replicas.measured_at)).where(_replicas.definition_id == _definitions.id)
    each = last.correlate(core_tables.image_definitions).scalar_subquery()
    return sa.select(sa.func.max(each, type_=UtcTime())).where(_definitions.gallery_id == sa.bindparam("wanted"))


def _of_wanted(column: sa.Column[Any], is_one: bool) -> sa.ColumnElement[bool]:
    """Return the condition for the image that is asked for, or for all images of the gallery."""
    wanted: sa.BindParameter[str] = sa.bindparam("wanted")
    if is_one:
        return column == wanted
    return column.in_(sa.select(_definitions.id).where(_definitions.gallery_id == wanted))


def _kept(each: RegionUsage) -> dict[str, Any]:
    return {"of": each.version_id, "at": each.region, **{name: getattr(each, name) for name in _FIGURES}}


def _by_owner(rows: Iterable[tuple[str, str, int]]) -> Figures:
    found: Figures = {}
    for id, region, figure in rows:
        found.setdefault(id, {})[region] = int(figure)
    return found


class SqlStoreUpkeepRepository:
    """Implements `StoreUpkeepRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, region: str, kind: UpkeepKind) -> StoreUpkeep | None:
        return self._session.get(StoreUpkeep, (region, kind))

    def all(self) -> list[StoreUpkeep]:
        columns = upkeep_tables.store_upkeep.c
        return list(self._session.scalars(sa.select(StoreUpkeep).order_by(columns.region, columns.kind)))

    def keep(self, upkeep: StoreUpkeep) -> None:
        self._session.merge(upkeep)
