"""Common base of repositories: objects are found by id, and resources by the key made from their ARM id."""

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.domain.errors import missing
from galeria.domain.messages import Message
from galeria.domain.resources import Resource

T = TypeVar("T")
R = TypeVar("R", bound=Resource)

QUESTION = 500
"""Ids asked for in one statement: SQLite's oldest limit on bound values is 999."""


class SqlRepository(Generic[T]):
    """A repository of one class; `word` is the thing's name in messages."""

    def __init__(self, session: Session, kind: type[T], table: sa.Table, word: Message) -> None:
        self._session = session
        self._kind = kind
        self._table = table
        self._word = word

    def add(self, thing: T) -> None:
        self._session.add(thing)

    def remove(self, thing: T) -> None:
        """Remove the row at once, so that another of the same name may be added in the same unit of work."""
        self._session.flush()
        self._session.delete(thing)
        self._session.flush()

    def find(self, id: str) -> T | None:
        # The session finds an object that was just added only after a flush.
        self._session.flush()
        return self._session.get(self._kind, id)

    def get(self, id: str) -> T:
        thing = self.find(id)
        if thing is None:
            raise missing(self._word, id)
        return thing

    def of_ids(self, ids: Collection[str]) -> list[T]:
        return [each for some in batches(sorted(ids)) for each in self._where(self._id.in_(some), order=(self._id,))]

    def ids(self) -> set[str]:
        return set(self._session.scalars(sa.select(self._id)))

    @property
    def _id(self) -> sa.Column[str]:
        (column,) = self._table.primary_key.columns
        return column

    def _where(self, *conditions: sa.ColumnElement[bool], order: tuple[Any, ...] = ()) -> list[T]:
        question = sa.select(self._kind).where(*conditions)
        return list(self._session.scalars(question.order_by(*order) if order else question))


class SqlResourceRepository(SqlRepository[R]):
    """A repository of resources. Lists are sorted by name regardless of case, then by key."""

    def find_by_key(self, key: str) -> R | None:
        question = _by_key(type(self), self._kind, self._table)  # type: ignore[arg-type]  # classes have a hash
        return self._session.scalars(question, {"sought": key}).first()

    def get_by_key(self, key: str) -> R:
        thing = self.find_by_key(key)
        if thing is None:
            raise missing(self._word, key.rsplit("/", 1)[-1])
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
        """Return how many resources below the key `prefix` lie in the region `location`."""
        inside = (below(self._table.c.key, prefix), self._table.c.location == location, *self._there())
        return self._session.scalar(sa.select(sa.func.count()).select_from(self._table).where(*inside)) or 0

    def _named_order(self, *conditions: sa.ColumnElement[bool]) -> list[R]:
        return sorted(self._where(*conditions), key=lambda thing: (thing.name.lower(), thing.key))

    @staticmethod
    def _there() -> tuple[sa.ColumnElement[bool], ...]:
        """Return the conditions that leave out resources that are deleted but keep their row."""
        return ()


@cache  # putting it together costs as much as asking it, several times in every request
def _by_key(repository: type[Any], kind: type[Any], table: sa.Table) -> sa.Select[Any]:
    return sa.select(kind).where(table.c.key == sa.bindparam("sought"), *repository._there())


def below(column: sa.ColumnElement[str], prefix: str) -> sa.ColumnElement[bool]:
    """Return the condition for keys that continue with '/' after `prefix`.

    '0' is the character after '/', so that the condition is a range, which an index answers.
    """
    return sa.and_(column >= prefix + "/", column < prefix + "0")


def at_or_below(column: sa.ColumnElement[str], prefix: str) -> sa.ColumnElement[bool]:
    return sa.or_(column == prefix, below(column, prefix))


def batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Split the ids into lists that are short enough for one statement."""
    return (ids[start : start + QUESTION] for start in range(0, len(ids), QUESTION))
