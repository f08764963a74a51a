"""Repository of locks. There are few, and every request reads all of them."""

from sqlalchemy import Column, String, Table, UniqueConstraint
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import SqlRepository
from galeria.adapters.db.tables.columns import UtcTime, enum_type
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.locks import Lock, LockLevel
from galeria.domain.messages import Message

locks = Table(
    "locks",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("scope_key", String, nullable=False),
    Column("level", enum_type(LockLevel), nullable=False),
    Column("notes", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String, nullable=False),
    UniqueConstraint("scope_key", "name"),
)


class SqlLockRepository(SqlRepository[Lock]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Lock, locks, Message("lock"))

    def all(self) -> list[Lock]:
        """Return all locks, sorted by scope, then name."""
        return self._where(order=(locks.c.scope_key, locks.c.name))
