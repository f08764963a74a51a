"""Durations are ISO 8601 texts such as PT10H in Azure's Lab Services API, and whole seconds in this code."""

import re

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

HOUR = 3600
_PARTS = re.compile(
    r"P(?=.)(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.\d+)?S)?)?"
)
_SECONDS = (7 * 24 * HOUR, 24 * HOUR, HOUR, 60, 1)


def parse_duration(text: str, target: str) -> int:
    """Returns the seconds of an ISO 8601 duration; fractions of a second are dropped.

    Raises Invalid that names `target`, also for years and months, which have no fixed length.
    """
    found = _PARTS.fullmatch(text.strip().upper())
    if found is None:
        raise Invalid(
            Message("'{text}' is no duration.", text=text),
            hint=Message("Write it as ISO 8601 does: PT10H is ten hours, P1DT30M a day and half an hour."),
            target=target,
        )
    return sum(int(part) * seconds for part, seconds in zip(found.groups(), _SECONDS, strict=True) if part)


def show_duration(seconds: int) -> str:
    """Writes seconds as an ISO 8601 duration in hours, minutes and seconds.

    >>> show_duration(36_000), show_duration(5400), show_duration(0)
    ('PT10H', 'PT1H30M', 'PT0S')
    """
    hours, rest = divmod(seconds, HOUR)
    minutes, left = divmod(rest, 60)
    parts = ((hours, "H"), (minutes, "M"), (left, "S"))
    return "PT" + ("".join(f"{count}{unit}" for count, unit in parts if count) or "0S")
