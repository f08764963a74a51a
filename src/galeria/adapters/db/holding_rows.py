"""Measured holdings of image versions, and sums over them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db import tables
from galeria.adapters.db.columns import UtcTime
from galeria.adapters.db.metadata import metadata
from galeria.domain.galleries import ImageVersion
from galeria.domain.states import ReplicaState
from galeria.ports.holdings import HeldVersion, ImageSum, LabUse, RegionHolding

QUESTION = 500
"""Ids in one statement: SQLite's oldest limit on bound values is 999."""

region_holdings = sa.Table(
    "region_holdings",
    metadata,
    sa.Column(
        "version_id",
        sa.String,
        sa.ForeignKey("image_versions.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("region", sa.String, primary_key=True),
    sa.Column("gallery_id", sa.String, nullable=False),
    sa.Column("definition_id", sa.String, nullable=False),
    sa.Column("own_bytes", sa.BigInteger, nullable=False),
    sa.Column("chain", sa.String, nullable=False),
    sa.Column("measured_at", UtcTime, nullable=False),
    # Sums are read from the index alone.
    sa.Index("ix_region_holdings_gallery", "gallery_id", "definition_id", "region", "own_bytes", "measured_at"),
)

_own = region_holdings.c
_definitions, _versions = tables.image_definitions.c, tables.image_versions.c
_disks, _replicas, _labs = tables.version_disks.c, tables.replicas.c, tables.labs.c


class SqlHoldings:
    def __init__(self, session: Session) -> None:
        self._session = session

    def held(self, region: str) -> list[HeldVersion]:
        question = (
            sa.select(_definitions.gallery_id, _definitions.id, _versions.id, _disks.digest)
            .select_from(tables.replicas)
            .join(tables.image_versions, _versions.id == _replicas.version_id)
            .join(tables.image_definitions, _definitions.id == _versions.definition_id)
            .join(tables.version_disks, _disks.version_id == _versions.id)
            .where(_replicas.region == region, *_is_whole(), _disks.digest != "")
            .order_by(_definitions.gallery_id, _versions.created_at, _versions.id, _disks.digest)
        )
        found: dict[tuple[str, str, str], list[str]] = {}
        for gallery, definition, version, digest in self._session.execute(question).all():
            found.setdefault((gallery, definition, version), []).append(digest)
        return [
            HeldVersion(gallery_id=gallery, definition_id=definition, version_id=version, digests=tuple(digests))
            for (gallery, definition, version), digests in found.items()
        ]

    def chains(self, region: str) -> dict[str, str]:
        rows = self._session.execute(sa.select(_own.version_id, _own.chain).where(_own.region == region))
        return {id: chain for id, chain in rows}

    def keep(self, measured: Sequence[RegionHolding]) -> None:
        for region in {each.region for each in measured}:
            self.forget(region, [each.version_id for each in measured if each.region == region])
        if measured:
            self._session.execute(sa.insert(region_holdings), [asdict(each) for each in measured])

    def forget(self, region: str, version_ids: Sequence[str]) -> None:
        for some in _batches(version_ids):
            gone = sa.delete(region_holdings).where(_own.region == region, _own.version_id.in_(some))
            self._session.execute(gone)

    def sums(self, gallery_id: str, *, definition_id: str = "") -> dict[str, ImageSum]:
        own, labs = self._own_bytes(gallery_id, definition_id), self._lab_counts(gallery_id, definition_id)
        question = (
            sa.select(
                _versions.definition_id,
                sa.func.count(_versions.id.distinct()),
                sa.func.coalesce(sa.func.sum(_disks.size), 0),
            )
            .select_from(tables.image_versions)
            .outerjoin(tables.version_disks, _disks.version_id == _versions.id)
            .where(_those(_versions.definition_id, gallery_id, definition_id), _versions.deleted_at.is_(None))
            .group_by(_versions.definition_id)
        )
        return {
            id: ImageSum(versions=count, logical_bytes=int(size), labs=labs.get(id, 0), own_bytes=own.get(id, {}))
            for id, count, size in self._session.execute(question)
        }

    def unmeasured(self, gallery_id: str, *, definition_id: str = "") -> dict[str, dict[str, int]]:
        is_measured = sa.exists().where(_own.version_id == _versions.id, _own.region == _replicas.region)
        question = (
            sa.select(_versions.definition_id, _replicas.region, sa.func.count())
            .select_from(tables.image_versions)
            .join(tables.replicas, _replicas.version_id == _versions.id)
            .where(_those(_versions.definition_id, gallery_id, definition_id), *_is_whole(), ~is_measured)
            .group_by(_versions.definition_id, _replicas.region)
        )
        return _by_image(self._session.execute(question))

    def state(self, gallery_id: str) -> tuple[int, datetime | None]:
        whole = (
            sa.select(sa.func.count())
            .select_from(tables.image_versions)
            .join(tables.replicas, _replicas.version_id == _versions.id)
            .where(_versions.definition_id.in_(_of_gallery(gallery_id)), *_is_whole())
        )
        measured = sa.select(sa.func.count(), sa.func.max(_own.measured_at)).where(_own.gallery_id == gallery_id)
        count, last = self._session.execute(measured).one()
        return max(0, (self._session.scalar(whole) or 0) - count), last

    def versions(self, definition_id: str, *, offset: int, limit: int) -> tuple[list[ImageVersion], int]:
        wanted = (_versions.definition_id == definition_id, _versions.deleted_at.is_(None))
        count = self._session.scalar(sa.select(sa.func.count()).select_from(tables.image_versions).where(*wanted))
        question = sa.select(ImageVersion).where(*wanted).order_by(_versions.number_key.desc())
        return list(self._session.scalars(question.offset(offset).limit(limit))), count or 0

    def of_versions(self, ids: Sequence[str]) -> list[RegionHolding]:
        found: list[RegionHolding] = []
        for some in _batches(ids):
            question = sa.select(region_holdings).where(_own.version_id.in_(some)).order_by(_own.region)
            found += [RegionHolding(**row) for row in self._session.execute(question).mappings()]
        return found

    def uses(self, version_ids: Sequence[str]) -> list[LabUse]:
        found: list[LabUse] = []
        for some in _batches(version_ids):
            question = sa.select(_labs.version_id, _labs.resource_id, _labs.title).where(_labs.version_id.in_(some))
            rows = self._session.execute(question)
            found += [LabUse(version_id=version, lab_id=lab, title=title) for version, lab, title in rows]
        return sorted(found, key=lambda each: (each.title.casefold(), each.lab_id))

    def _own_bytes(self, gallery_id: str, definition_id: str) -> dict[str, dict[str, int]]:
        """Definition's id → region → bytes."""
        question = (
            sa.select(_own.definition_id, _own.region, sa.func.sum(_own.own_bytes))
            .where(_own.gallery_id == gallery_id, *([_own.definition_id == definition_id] if definition_id else []))
            .group_by(_own.definition_id, _own.region)
        )
        return _by_image(self._session.execute(question))

    def _lab_counts(self, gallery_id: str, definition_id: str) -> dict[str, int]:
        question = (
            sa.select(_labs.definition_id, sa.func.count())
            .where(_those(_labs.definition_id, gallery_id, definition_id))
            .group_by(_labs.definition_id)
        )
        return {id: count for id, count in self._session.execute(question)}


def _of_gallery(gallery_id: str) -> sa.Select[Any]:
    return sa.select(_definitions.id).where(_definitions.gallery_id == gallery_id)


def _those(column: sa.Column[Any], gallery_id: str, definition_id: str) -> sa.ColumnElement[bool]:
    return column == definition_id if definition_id else column.in_(_of_gallery(gallery_id))


def _by_image(rows: Iterable[Any]) -> dict[str, dict[str, int]]:
    """Definition's id → region → figure."""
    found: dict[str, dict[str, int]] = {}
    for id, region, figure in rows:
        found.setdefault(id, {})[region] = int(figure)
    return found


def _is_whole() -> tuple[sa.ColumnElement[bool], ...]:
    return (_replicas.state == ReplicaState.COMPLETED, _versions.deleted_at.is_(None))


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + QUESTION] for start in range(0, len(ids), QUESTION))
