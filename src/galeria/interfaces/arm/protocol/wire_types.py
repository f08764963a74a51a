"""Base of request bodies: camelCase names, unknown properties ignored, enums in any case, null as absent.

Clients of Azure Resource Manager send back whatever they got, read-only properties included: unknown properties are no error.
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
    """Return a validator that reads a member of the enum regardless of case."""

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
    """Return the time in UTC, which a time without a zone is in. Years at the ends of the range cannot be converted."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the date is out of range") from error


Text = Annotated[str, StringConstraints(max_length=4096), AfterValidator(_printable)]
Word = Annotated[str, StringConstraints(max_length=260), AfterValidator(_printable)]
Moment = Annotated[datetime, AfterValidator(_utc)]
# Limits of Azure Resource Manager: 50 tags, names of 512 and values of 256 characters.
TagName = Annotated[
    str, StringConstraints(min_length=1, max_length=512), AfterValidator(_printable), AfterValidator(_tag_name)
]
TagValue = Annotated[str, StringConstraints(max_length=256), AfterValidator(_printable)]
Tags = Annotated[dict[TagName, TagValue], Field(max_length=50)]


class Tracked(Wire):
    """The properties of a PUT that every tracked resource has."""

    location: Word
    tags: Tags | None = None


class Changed(Wire):
    """The properties of a PATCH that every tracked resource has. Tags are replaced as a whole, as in Azure Resource Manager."""

    tags: Tags | None = None
