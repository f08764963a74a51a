"""Column types that convert between the database and the types of the domain.

In-place changes of dicts and lists are detected one level deep; nested values must be replaced as a whole.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.ext.mutable import MutableDict, MutableList
from sqlalchemy.util import memoized_property

from galeria.domain.errors import GaleriaError
from galeria.domain.messages import Message, verbatim


class UtcTime(sa.TypeDecorator[datetime]):
    """A time column: times with any zone are stored as UTC and returned as UTC, also in SQLite, which knows no zones."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise GaleriaError(
                Message("The time {value} has no zone.", value=str(value)),
                hint=Message("Report this as a fault in Galeria."),
            )
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Read SQLite's text in one go: a page of 100 versions has 600 times, most of which are missing."""
        return _utc_in_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _utc_in_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


class MessageText(sa.TypeDecorator[Message]):
    """A message as JSON. A sentence that was stored before there were messages comes out verbatim, and "" is EMPTY."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: Message | None, dialect: sa.Dialect) -> str | None:
        return verbatim(value).to_json() if value is not None else None

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Message | None:
        return Message.from_json(value) if value is not None else None


def enum_type(kind: type[StrEnum]) -> sa.Enum:
    """Return a column type for a StrEnum, stored as its value.

    The database does not check it, so that a new value needs no migration.
    """
    return sa.Enum(
        kind, native_enum=False, create_constraint=False, length=40, values_callable=lambda k: [m.value for m in k]
    )


def key_type() -> sa.String:
    """Return text sorted by its bytes, so that an index answers prefix queries; PostgreSQL's locale orders ignore the '/'."""
    return sa.String().with_variant(sa.String(collation="C"), "postgresql")


def number_key(number: str) -> str:
    """Return a version's number as text that sorts like the number: its parts padded with zeros."""
    return ".".join(part.zfill(10) for part in number.split("."))


class _OwnedBy:
    """Knows the row that a value belongs to, by a plain dict.

    The library's own is a dict of weak references, which is six objects for each value. With whatever else a request leaves
    to the garbage collector, a page of 50 images left 2,100 objects, and one of 37 answers took 50 ms longer. Nothing needs the
    weak references: what is noted here does not lead back to the value.
    """

    @memoized_property
    def _parents(self) -> WeakKeyDictionary[Any, Any]:
        return {}  # type: ignore[return-value]  # all that is done with it a dict does, too


class _OwnedList(_OwnedBy, MutableList[Any]):
    pass


class _OwnedDict(_OwnedBy, MutableDict[str, Any]):
    pass


def string_list() -> sa.types.TypeEngine[Any]:
    """Return a column type for a list of strings, stored as JSON."""
    return _OwnedList.as_mutable(sa.JSON())


def string_map() -> sa.types.TypeEngine[Any]:
    """Return a column type for a dict with string keys, stored as JSON."""
    return _OwnedDict.as_mutable(sa.JSON())
