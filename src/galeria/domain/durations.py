"""Durations as Azure's Lab Services writes them: ISO 8601, such as PT10H; inside they are whole seconds."""

import re

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

HOUR = 3600
_PARTS = re.compile(
    r"P(?=.)(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.\d+)?S)?)?"
)
_SECONDS = (7 * 24 * HOUR, 24 * HOUR, HOUR, 60, 1)


def parse_duration(text: str, target: str) -> int:
    """Seconds; fractions of one are dropped. Years and months have no fixed length. Raises Invalid that names `target`."""
    found = _PARTS.fullmatch(text.strip().upper())
    if found is None:
        raise Invalid(
            Message("'{text}' is no duration.", text=text),
            hint=Message("Write it as ISO 8601 does: PT10H is ten hours, P1DT30M a day and half an hour."),
            target=target,
        )
    return sum(int(part) * seconds for part, seconds in zip(found.groups(), _SECONDS, strict=True) if part)


def show_duration(seconds: int) -> str:
    """
    >>> show_duration(36_000), show_duration(5400), show_duration(0)
    ('PT10H', 'PT1H30M', 'PT0S')
    """
    hours, rest = divmod(seconds, HOUR)
    minutes, left = divmod(rest, 60)
    parts = ((hours, "H"), (minutes, "M"), (left, "S"))
    return "PT" + ("".join(f"{count}{unit}" for count, unit in parts if count) or "0S")
