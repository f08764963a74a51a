"""The names of time zones that clients send: IANA's in any case, and those of Windows."""

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global


def iana_name(text: str) -> str:
    """Return the zone's name in the IANA list; the text itself where it names no zone, which is for the caller to refuse.

    Windows' zones stand for the one that Unicode's CLDR gives for the whole world; Lab Services' first API took these.
    """
    return _names().get(text.strip().lower(), text)


@cache
def _names() -> dict[str, str]:
    windows = get_global("windows_zone_mapping")
    iana = {name.lower(): name for name in available_timezones()}
    return {name.lower(): zone for name, zone in windows.items()} | iana
