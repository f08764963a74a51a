"""Looking through many images at once: what decides whether each of them makes labs, in a few questions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db import tables
from galeria.domain.galleries import OS_DISK, ImageDefinition, ImageVersion
from galeria.domain.offers import DiskShape, ImageOutline
from galeria.domain.soft_delete import Retention
from galeria.domain.states import ProvisioningState, ReplicaState

QUESTION = 500
"""Ids asked for in one statement: SQLite's oldest limit on bound values is 999."""

_definitions, _versions = tables.image_definitions.c, tables.image_versions.c
_disks, _replicas = tables.version_disks.c, tables.replicas.c


class SqlOffers:
    """Rows, not objects, where there may be ten thousand of them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def outlines(self, gallery_id: str) -> list[ImageOutline]:
        question = sa.select(
            _definitions.id, _definitions.resource_id, _definitions.display_name, _definitions.os_type
        ).where(_definitions.gallery_id == gallery_id)
        found = [
            ImageOutline(id=id, name=_name(resource_id), display_name=display_name, os_type=os_type)
            for id, resource_id, display_name, os_type in self._session.execute(question)
        ]
        return sorted(found, key=lambda each: (each.display_name.casefold(), each.name.lower()))

    def definitions(self, ids: Sequence[str]) -> dict[str, ImageDefinition]:
        return {each.id: each for each in self._of(ImageDefinition, _definitions.id, ids)}

    def versions(self, ids: Sequence[str]) -> list[ImageVersion]:
        return self._of(ImageVersion, _versions.id, ids)

    def highest(self, gallery_id: str) -> dict[str, str]:
        return self._highest(_definitions.gallery_id == gallery_id, sa.select(_versions.id).where(*_offered()))

    def latest(self, highest: Mapping[str, str], region: str) -> dict[str, str]:
        """Most images have their highest version everywhere: only for the others is every version looked at."""
        ids, ready = list(highest.values()), set[str]()
        for some in _batches(ids):
            ready.update(self._session.scalars(_eligible(region).where(_versions.id.in_(some))))
        found = {definition_id: id for definition_id, id in highest.items() if id in ready}
        for some in _batches([definition_id for definition_id in highest if definition_id not in found]):
            found |= self._highest(_definitions.id.in_(some), _eligible(region))
        return found

    def unfinished(self, definition_ids: Sequence[str]) -> list[ImageVersion]:
        is_being_made = _versions.state == ProvisioningState.CREATING
        conditions = (_versions.deleted_at.is_(None), sa.or_(is_being_made, sa.not_(sa.and_(*_offered()))))
        return self._of(ImageVersion, _versions.definition_id, definition_ids, *conditions)

    def shapes(self, version_ids: Sequence[str]) -> dict[str, DiskShape]:
        found: dict[str, DiskShape] = {}
        os_disk = sa.func.max(sa.case((_disks.lun == OS_DISK, _disks.size), else_=0))
        for some in _batches(version_ids):
            question = sa.select(_disks.version_id, os_disk, sa.func.count()).where(_disks.version_id.in_(some))
            for id, size, count in self._session.execute(question.group_by(_disks.version_id)):
                found[id] = DiskShape(os_disk_size=size, disks=count)
        return found

    def regions(self, definition_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        found: dict[str, set[str]] = {}
        for some in _batches(definition_ids):
            question = (
                sa.select(_versions.definition_id, _replicas.region)
                .distinct()
                .join(tables.replicas, _replicas.version_id == _versions.id)
                .where(_versions.definition_id.in_(some), *_offered(), _replicas.state == ReplicaState.COMPLETED)
            )
            for id, region in self._session.execute(question):
                found.setdefault(id, set()).add(region)
        return {id: tuple(sorted(each)) for id, each in found.items()}

    def lab_counts(self, account_ids: Sequence[str]) -> dict[str, int]:
        column = tables.labs.c.account_id
        found: dict[str, int] = {}
        for some in _batches(account_ids):
            question = sa.select(column, sa.func.count()).where(column.in_(some)).group_by(column)
            found |= {id: count for id, count in self._session.execute(question)}
        return found

    def _highest(self, wanted: sa.ColumnElement[bool], those: sa.Select[tuple[str]]) -> dict[str, str]:
        """Definition's id → id of its highest version of those: the index of numbers is read from its end."""
        highest = (
            those.where(_versions.definition_id == _definitions.id)
            .order_by(_versions.number_key.desc())
            .limit(1)
            .correlate(tables.image_definitions)
            .scalar_subquery()
        )
        rows = self._session.execute(sa.select(_definitions.id, highest).where(wanted))
        return {definition_id: id for definition_id, id in rows if id}

    def _of(self, kind: Any, column: sa.Column[Any], ids: Sequence[str], *conditions: Any) -> list[Any]:
        questions = (sa.select(kind).where(column.in_(some), *conditions) for some in _batches(ids))
        return [each for question in questions for each in self._session.scalars(question)]


def _offered() -> tuple[sa.ColumnElement[bool], ...]:
    """ImageVersion.is_offered as the database sees it."""
    return (
        _versions.deleted_at.is_(None),
        _versions.published_at.is_not(None),
        _versions.state != ProvisioningState.DELETING,
        _versions.retention == Retention.ACTIVE,
    )


def _eligible(region: str) -> sa.Select[tuple[str]]:
    """Ids of those that may be the latest in the region, where its own flag wins over the global one."""
    excluded = sa.func.coalesce(_replicas.exclude_from_latest, _versions.exclude_from_latest)
    return (
        sa.select(_versions.id)
        .join(tables.replicas, _replicas.version_id == _versions.id)
        .where(
            *_offered(),
            _replicas.region == region,
            _replicas.state == ReplicaState.COMPLETED,
            excluded.is_(sa.false()),
        )
    )


def _name(resource_id: str) -> str:
    return resource_id.rpartition("/")[2]


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + QUESTION] for start in range(0, len(ids), QUESTION))
