"""What the wire types have in common: camelCase names, unknown properties ignored, enums in any case, null as absent.

Clients send back whatever they got, read-only properties included (ARM contract), so nothing unknown is an error.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

E = TypeVar("E", bound=StrEnum)


class Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


def any_case(kind: type[E]) -> BeforeValidator:
    """A member of the enum, its value written in any case."""

    def read(value: object) -> object:
        spelled = {member.value.lower(): member for member in kind}
        return spelled.get(value.lower(), value) if isinstance(value, str) else value

    return BeforeValidator(read)


def _printable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a NUL character is not text")
    return text


def _tag_name(name: str) -> str:
    if set(name) & set("<>%&\\?/"):
        raise ValueError("a tag's name has none of < > % & \\ ? /")
    return name


def _utc(moment: datetime) -> datetime:
    """A time without a zone is in UTC. Years at the very ends do not survive the conversion."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the date is out of range") from error


Text = Annotated[str, StringConstraints(max_length=4096), AfterValidator(_printable)]
Word = Annotated[str, StringConstraints(max_length=260), AfterValidator(_printable)]
Moment = Annotated[datetime, AfterValidator(_utc)]
# Limits of Azure Resource Manager: 50 tags, 512 and 256 characters.
TagName = Annotated[
    str, StringConstraints(min_length=1, max_length=512), AfterValidator(_printable), AfterValidator(_tag_name)
]
TagValue = Annotated[str, StringConstraints(max_length=256), AfterValidator(_printable)]
Tags = Annotated[dict[TagName, TagValue], Field(max_length=50)]


class Tracked(Wire):
    """The part of a PUT that every tracked resource has."""

    location: Word
    tags: Tags | None = None


class Changed(Wire):
    """The part of a PATCH that every tracked resource has. Tags are replaced as a whole (ARM contract)."""

    tags: Tags | None = None
