"""Kinds of columns: what comes out of the database has the domain's own type.

In-place changes of dicts and lists are noticed one level deep; what lies deeper is replaced as a whole, not changed.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.mutable import MutableDict, MutableList

from galeria.domain.errors import GaleriaError
from galeria.domain.messages import Message, verbatim


class UtcTime(sa.TypeDecorator[datetime]):
    """Times with a zone go in, UTC comes out; SQLite, which knows no zones, stores the UTC clock."""

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
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class MessageText(sa.TypeDecorator[Message]):
    """A message as JSON. A sentence that was stored before there were messages comes out verbatim, and "" is EMPTY."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: Message | None, dialect: sa.Dialect) -> str | None:
        return verbatim(value).to_json() if value is not None else None

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Message | None:
        return Message.from_json(value) if value is not None else None


def word(kind: type[StrEnum]) -> sa.Enum:
    """A StrEnum, stored as its value. No check in the database: a new word needs no migration."""
    return sa.Enum(
        kind, native_enum=False, create_constraint=False, length=40, values_callable=lambda k: [m.value for m in k]
    )


def key_type() -> sa.String:
    """Text in the order of its bytes, so that an index answers "starts with"; other orders of PostgreSQL skip the '/'."""
    return sa.String().with_variant(sa.String(collation="C"), "postgresql")


def words() -> sa.types.TypeEngine[Any]:
    """A list of strings."""
    return MutableList.as_mutable(sa.JSON())


def pairs() -> sa.types.TypeEngine[Any]:
    """A dict with string keys."""
    return MutableDict.as_mutable(sa.JSON())
