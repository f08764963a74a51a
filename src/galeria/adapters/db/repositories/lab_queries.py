"""Queries over many labs at once, which return plain rows where there may be thousands."""

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import batches, below
from galeria.adapters.db.tables import core_tables, roster_tables
from galeria.domain.foreign_text import sorting_key
from galeria.domain.images.galleries import ImageVersion, SourceKind
from galeria.domain.labs.labs import LabMachine, MachineKind
from galeria.domain.operations import Operation
from galeria.ports.lab_queries import LabCard, LabOutline, LabTotals

_labs, _definitions = core_tables.labs.c, core_tables.image_definitions.c
_machines, _versions, _operations = core_tables.lab_machines.c, core_tables.image_versions.c, core_tables.operations.c
_drafts = roster_tables.lab_drafts.c
_CARD = ("id", "resource_id", "title", "state", "location", "size", "version_name", "author_id", "created_by")


class SqlLabQueries:
    def __init__(self, session: Session) -> None:
        self._session = session

    def outlines(self, scopes: Sequence[str]) -> list[LabOutline]:
        self._session.flush()
        wide = [each for each in scopes if "/providers/" not in each]
        exact = [each for each in scopes if "/providers/" in each]
        conditions = [below(_labs.key, scope) for scope in wide] + [_labs.key.in_(some) for some in batches(exact)]
        found = {each.id: each for condition in conditions for each in self._outlines(condition)}
        return sorted(found.values(), key=lambda each: (sorting_key(each.title), each.name.lower(), each.id))

    def cards(self, ids: Sequence[str]) -> list[LabCard]:
        shown = (_labs[name] for name in _CARD)
        is_template = sa.and_(_machines.lab_id == _labs.id, _machines.kind == MachineKind.TEMPLATE)
        question = sa.select(
            *shown, _machines.id.label("template"), _machines.state.label("template_state")
        ).outerjoin_from(core_tables.labs, core_tables.lab_machines, is_template)
        rows = (row for some in batches(ids) for row in self._session.execute(question.where(_labs.id.in_(some))))
        found = {row.id: LabCard(**row._mapping) for row in rows}
        return [found[id] for id in ids if id in found]

    def templates(self, lab_ids: Sequence[str]) -> dict[str, LabMachine]:
        is_template = _machines.kind == MachineKind.TEMPLATE
        asked = [sa.select(LabMachine).where(_machines.lab_id.in_(some), is_template) for some in batches(lab_ids)]
        return {each.lab_id: each for question in asked for each in self._session.scalars(question)}

    def totals(
        self, *, author_id: str | None = None, account_id: str | None = None, region: str | None = None
    ) -> LabTotals:
        """A draft counts for nothing while the lab whose template it lost is still being removed under the same key."""
        self._session.flush()
        which = {"author_id": author_id, "account_id": account_id, "location": region}
        labs, capacity = self._counted(core_tables.labs, which)
        is_only = _drafts.key.not_in(sa.select(_labs.key))
        drafts, announced = self._counted(roster_tables.lab_drafts, which, is_only)
        templates = sa.select(sa.func.count()).where(
            _machines.kind == MachineKind.TEMPLATE, _machines.lab_id == _labs.id
        )
        found = self._session.scalar(templates.where(*_those(core_tables.labs, which))) or 0
        return LabTotals(labs=labs + drafts, machines=capacity + announced + found)

    def exports(self, machine_id: str) -> list[ImageVersion]:
        made = (_versions.source_id == machine_id, _versions.source_kind == SourceKind.MACHINE)
        order = (_versions.created_at.desc(), _versions.id)
        return list(self._session.scalars(sa.select(ImageVersion).where(*made).order_by(*order)))

    def last_work(self, subjects: Sequence[str]) -> Operation | None:
        newest = [self._newest(some) for some in batches(subjects)]
        found = [each for each in newest if each]
        return max(found, key=lambda each: (each.created_at, each.id), default=None)

    def _counted(
        self, table: sa.Table, which: Mapping[str, str | None], *conditions: sa.ColumnElement[bool]
    ) -> tuple[int, int]:
        """Return how many rows there are, and the sum of their capacities."""
        counted = sa.select(sa.func.count(table.c.id), sa.func.coalesce(sa.func.sum(table.c.capacity), 0))
        count, capacity = self._session.execute(counted.where(*_those(table, which), *conditions)).one()
        return int(count), int(capacity)

    def _newest(self, subjects: Sequence[str]) -> Operation | None:
        order = (_operations.created_at.desc(), _operations.id.desc())
        asked = sa.select(Operation).where(_operations.subject.in_(subjects)).order_by(*order).limit(1)
        return self._session.scalars(asked).first()

    def _outlines(self, condition: sa.ColumnElement[bool]) -> Iterator[LabOutline]:
        question = (
            sa.select(_labs.id, _labs.resource_id, _labs.title, _labs.image_id, _definitions.display_name)
            .outerjoin_from(core_tables.labs, core_tables.image_definitions, _definitions.id == _labs.definition_id)
            .where(condition)
        )
        for id, resource_id, title, image_id, image in self._session.execute(question).all():
            yield LabOutline(id, _name(resource_id), title, image or _name(image_id))


def _those(table: sa.Table, which: Mapping[str, str | None]) -> Iterator[sa.ColumnElement[bool]]:
    """The conditions on columns by their names; None is no condition."""
    for name, value in which.items():
        if value is not None:
            yield table.c[name] == value


def _name(resource_id: str) -> str:
    return resource_id.rpartition("/")[2]
