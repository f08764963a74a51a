"""Leases as rows of a database that several processes share: one for each holder, gone with its process.

A row is counted only while the process that wrote it was not given up, and given up it changes nothing any more (`Fence`).
So a holder that was stopped, cut off or killed frees its leases within seconds, and can do no harm afterwards.
"""

from uuid import uuid4

import sqlalchemy as sa

from galeria.adapters.db.engine import LEASING, UNIT, Fence, fenced
from galeria.adapters.db.tables.process_tables import leases

_TAKERS = 0x67616C67  # PostgreSQL's advisory locks have numbers, not names: any that nobody else uses


class DatabaseLeases:
    """Takes and gives back leases for this process. Safe for several threads."""

    def __init__(self, engine: sa.Engine, fence: Fence) -> None:
        self._engine = fenced(engine, fence).execution_options(**{UNIT: LEASING})
        self._process_id = fence.process_id

    def find(self, name: str, *, exclusive: bool) -> str | None:
        """Take the lease at once and return the id to give it back by; None where others hold it.

        An exclusive one excludes all others, those of this process too. Raises Unavailable.
        """
        others = leases.c.name == name
        with self._engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TAKERS)))
            hindering = sa.select(leases.c.id).where(others if exclusive else sa.and_(others, leases.c.is_exclusive))
            if connection.scalar(hindering.limit(1)) is not None:
                return None
            id = str(uuid4())
            row = {"id": id, "name": name, "process_id": self._process_id, "is_exclusive": exclusive}
            connection.execute(sa.insert(leases).values(**row))
        return id

    def give_back(self, id: str) -> None:
        """Give the lease back. May be repeated. Raises Unavailable."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(leases).where(leases.c.id == id))
