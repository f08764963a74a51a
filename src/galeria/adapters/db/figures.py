"""Counts for monitoring, each in one statement that reads no whole rows."""

from dataclasses import dataclass

import sqlalchemy as sa

from galeria.adapters.db.engine import reading
from galeria.adapters.db.tables.core_tables import image_versions, lab_machines, labs, operations, replicas
from galeria.domain.states import UNSETTLED
from galeria.ports.figures import Figures
from galeria.ports.work import Clock


@dataclass(frozen=True, kw_only=True)
class SqlFigures:
    """Implements `FigureSource`."""

    engine: sa.Engine
    clock: Clock

    def read(self) -> Figures:
        """Count in one transaction, which holds up nobody."""
        with reading(self.engine).connect() as connection:
            begun = connection.scalar(
                sa.select(sa.func.min(operations.c.created_at)).where(operations.c.status.in_(UNSETTLED))
            )
            return Figures(
                operations=_counts(connection, operations.c.kind, operations.c.status),
                oldest_operation_seconds=(self.clock.now() - begun).total_seconds() if begun else 0.0,
                machines=_counts(connection, lab_machines.c.region, lab_machines.c.state),
                labs=_counts(connection, labs.c.location, labs.c.lab_state),
                copies=_counts(connection, replicas.c.region, replicas.c.state, _is_of_a_version()),
                stored_bytes=_stored(connection),
            )


def _counts(
    connection: sa.Connection,
    first: sa.Column[str],
    second: sa.Column[str],
    condition: "sa.ColumnElement[bool] | None" = None,
) -> dict[tuple[str, str], int]:
    query = sa.select(first, second, sa.func.count()).group_by(first, second)
    rows = connection.execute(query if condition is None else query.where(condition))
    return {(str(one), str(two)): count for one, two, count in rows}


def _is_of_a_version() -> "sa.ColumnElement[bool]":
    """The rows of deleted versions stay."""
    there = sa.select(image_versions.c.id).where(image_versions.c.deleted_at.is_(None))
    return replicas.c.version_id.in_(there)


def _stored(connection: sa.Connection) -> dict[str, int]:
    total = sa.func.coalesce(sa.func.sum(replicas.c.own_bytes), 0)
    rows = connection.execute(sa.select(replicas.c.region, total).group_by(replicas.c.region))
    return {region: int(stored) for region, stored in rows}
