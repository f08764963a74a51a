"""Queries over many images at once: what decides whether an image makes a lab, in a few statements."""

from collections.abc import Sequence
from dataclasses import fields
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
from galeria.adapters.db.tables.version_indexes import IS_OFFERED, IS_THERE
from galeria.domain.foreign_text import sorting_key
from galeria.domain.images.eligibility import DiskShape, ImageOutline, VersionOutline
from galeria.domain.images.galleries import OS_DISK, ImageDefinition, ImageVersion
from galeria.domain.states import ProvisioningState

_definitions, _versions = core_tables.image_definitions.c, core_tables.image_versions.c
_disks, _replicas = core_tables.version_disks.c, core_tables.replicas.c

_OUTLINE = [_definitions[each.name] for each in fields(ImageOutline)]


class SqlImageQueries:
    """Implements `ImageQueries`. Where there may be ten thousand versions, it returns plain rows instead of mapped objects."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def outlines(self, gallery_id: str) -> list[ImageOutline]:
        question = sa.select(*_OUTLINE).where(_definitions.gallery_id == gallery_id)
        found = [ImageOutline(*row) for row in self._session.execute(question)]
        return sorted(found, key=lambda each: (sorting_key(each.display_name), each.name.lower()))

    def definitions(self, ids: Sequence[str]) -> dict[str, ImageDefinition]:
        return {each.id: each for each in self._of(ImageDefinition, _definitions.id, ids)}

    def titles(self, keys: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for some in batches(keys):
            question = sa.select(_definitions.key, _definitions.display_name).where(_definitions.key.in_(some))
            found |= {key: title for key, title in self._session.execute(question)}
        return found

    def versions(self, ids: Sequence[str]) -> list[ImageVersion]:
        return self._of(ImageVersion, _versions.id, ids)

    def highest(self, definition_ids: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for some in batches(definition_ids):
            rows = self._session.execute(
                sa.select(_definitions.id, highest_version().scalar_subquery()).where(_definitions.id.in_(some))
            )
            found |= {definition_id: id for definition_id, id in rows if id}
        return found

    def latest(self, gallery_id: str, region: str, *, definition_id: str = "") -> dict[str, VersionOutline]:
        values = {"wanted": definition_id or gallery_id, "region": region}
        return {
            image: VersionOutline(id=id, resource_id=resource_id, shape=DiskShape(os_disk_size=size or 0, disks=count))
            for image, id, resource_id, size, count in self._session.execute(_latest(bool(definition_id)), values)
        }

    def unfinished(self, definition_ids: Sequence[str]) -> list[ImageVersion]:
        is_being_made = _versions.state == ProvisioningState.CREATING
        conditions = (IS_THERE, sa.or_(is_being_made, sa.not_(IS_OFFERED)))
        return self._of(ImageVersion, _versions.definition_id, definition_ids, *conditions)

    def regions(self, definition_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for some in batches(definition_ids):
            for id, region in self._session.execute(_regions(), {"ids": some}):
                found.setdefault(id, []).append(region)
        return {id: tuple(sorted(each)) for id, each in found.items()}

    def lab_counts(self, account_ids: Sequence[str]) -> dict[str, int]:
        column = core_tables.labs.c.account_id
        found: dict[str, int] = {}
        for some in batches(account_ids):
            question = sa.select(column, sa.func.count()).where(column.in_(some)).group_by(column)
            found |= {id: count for id, count in self._session.execute(question)}
        return found

    def _of(self, kind: Any, column: sa.Column[Any], ids: Sequence[str], *conditions: Any) -> list[Any]:
        questions = (sa.select(kind).where(column.in_(some), *conditions) for some in batches(ids))
        return [each for question in questions for each in self._session.scalars(question)]


@cache
def _latest(is_one: bool) -> sa.Select[Any]:
    """Return the statement for the latest version in a region. Images without a replica there are left out early."""
    region: sa.BindParameter[str] = sa.bindparam("region")
    wanted = (_definitions.id if is_one else _definitions.gallery_id) == sa.bindparam("wanted")
    latest = latest_version(region).scalar_subquery()
    chosen = (
        sa.select(_definitions.id.label("definition_id"), latest.label("version_id"))
        .where(wanted, has_copy_in(region))
        .subquery()
    )
    version = core_tables.image_versions.alias()
    disks = sa.select(sa.func.count()).where(_disks.version_id == version.c.id)
    size = sa.select(_disks.size).where(_disks.version_id == version.c.id, _disks.lun == OS_DISK)
    figures = (each.correlate(version).scalar_subquery() for each in (size, disks))
    return sa.select(chosen.c.definition_id, version.c.id, version.c.resource_id, *figures).join_from(
        chosen, version, version.c.id == chosen.c.version_id
    )


@cache
def _regions() -> sa.Select[str, str]:
    here = regions_of_copies()
    is_offered = sa.exists().where(_versions.id == _replicas.version_id, IS_OFFERED)
    holds = sa.exists().where(_replicas.definition_id == _definitions.id, *is_copied_to(here.c.region), is_offered)
    return (
        sa.select(_definitions.id, here.c.region)
        .join_from(core_tables.image_definitions, here, here.c.region.is_not(None))
        .where(_definitions.id.in_(sa.bindparam("ids", expanding=True)), holds)
    )
