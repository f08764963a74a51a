"""What all repositories have in common: things are found by id and, where they are resources, by key."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.domain.resources import Resource

T = TypeVar("T")
R = TypeVar("R", bound=Resource)

QUESTION = 500
"""Ids asked for in one statement: SQLite's oldest limit on bound values is 999."""

_HINT = Message("Check its name, or list what there is; somebody may have deleted it.")


class SqlRepository(Generic[T]):
    """`word` is what a person calls such a thing."""

    def __init__(self, session: Session, kind: type[T], table: sa.Table, word: Message) -> None:
        self._session = session
        self._kind = kind
        self._table = table
        self._word = word

    def add(self, thing: T) -> None:
        self._session.add(thing)

    def remove(self, thing: T) -> None:
        """At once, so that another of the same name may be added in the same unit of work."""
        self._session.flush()
        self._session.delete(thing)
        self._session.flush()

    def find(self, id: str) -> T | None:
        # An object that was added a moment ago is known to the session only after this.
        self._session.flush()
        return self._session.get(self._kind, id)

    def get(self, id: str) -> T:
        thing = self.find(id)
        if thing is None:
            raise NotFound(Message("The {word} '{id}' was not found.", word=self._word, id=id), hint=_HINT)
        return thing

    def _where(self, *conditions: sa.ColumnElement[bool], order: tuple[Any, ...] = ()) -> list[T]:
        question = sa.select(self._kind).where(*conditions)
        return list(self._session.scalars(question.order_by(*order) if order else question))


class SqlResourceRepository(SqlRepository[R]):
    """Lists come by name in any case, things of one name by key."""

    def find_by_key(self, key: str) -> R | None:
        found = self._where(self._table.c.key == key, *self._there())
        return found[0] if found else None

    def get_by_key(self, key: str) -> R:
        thing = self.find_by_key(key)
        if thing is None:
            raise NotFound(
                Message("The {word} '{name}' was not found.", word=self._word, name=key.rsplit("/", 1)[-1]),
                hint=_HINT,
            )
        return thing

    def spelled(self, keys: Collection[str]) -> dict[str, str]:
        columns = self._table.c
        rows = self._session.execute(
            sa.select(columns.key, columns.resource_id).where(columns.key.in_(keys), *self._there())
        )
        return {key: id for key, id in rows}

    def below(self, prefix: str) -> list[R]:
        return self._named_order(below(self._table.c.key, prefix), *self._there())

    def count(self, prefix: str, location: str) -> int:
        """How many are below `prefix` in that region."""
        inside = (below(self._table.c.key, prefix), self._table.c.location == location, *self._there())
        return self._session.scalar(sa.select(sa.func.count()).select_from(self._table).where(*inside)) or 0

    def _named_order(self, *conditions: sa.ColumnElement[bool]) -> list[R]:
        return sorted(self._where(*conditions), key=lambda thing: (thing.name.lower(), thing.key))

    def _there(self) -> tuple[sa.ColumnElement[bool], ...]:
        """Conditions that leave out what has only its row left."""
        return ()


def below(column: sa.ColumnElement[str], prefix: str) -> sa.ColumnElement[bool]:
    """Keys that go on with '/' after `prefix`. '0' is the character after '/': a range, which an index answers."""
    return sa.and_(column >= prefix + "/", column < prefix + "0")


def at_or_below(column: sa.ColumnElement[str], prefix: str) -> sa.ColumnElement[bool]:
    return sa.or_(column == prefix, below(column, prefix))


def batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at once as a database takes in one statement."""
    return (ids[start : start + QUESTION] for start in range(0, len(ids), QUESTION))
