"""Windows' own names of time zones, by the Unicode CLDR's table, which Babel brings."""

import os
from datetime import UTC as UNIVERSAL
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global

UTC = "UTC"
_LOCALTIME = Path("/etc/localtime")
_ZONES = "/zoneinfo/"


def windows_zone(zone: str) -> str:
    """Return Windows' name of an IANA time zone such as America/Sao_Paulo; UTC for one that does not exist.

    Babel has one IANA zone for each of Windows'. Another one gets the name of a zone whose clocks agree all year, on its own
    continent where there is one.
    """
    names: dict[str, str] = {}
    for windows, iana in get_global("windows_zone_mapping").items():
        names.setdefault(iana, windows)
    if zone in names:
        return names[zone]
    if zone not in available_timezones():
        return UTC
    wanted = _year(zone)
    alike = [iana for iana in sorted(names) if iana in available_timezones() and _year(iana) == wanted]
    near = [iana for iana in alike if iana.split("/")[0] == zone.split("/")[0]]
    return names[(near or alike)[0]] if alike else UTC


def _year(zone: str) -> list[timedelta | None]:
    """The offsets from UTC every two weeks of this year."""
    start = datetime(datetime.now(tz=UNIVERSAL).year, 1, 1, 12, tzinfo=UNIVERSAL)
    place = ZoneInfo(zone)
    return [(start + timedelta(days=14 * number)).astimezone(place).utcoffset() for number in range(26)]


def host_zone() -> str:
    """Return the host's IANA time zone, in which machines with a local clock see the time; UTC where it is not set."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if named:
        return named
    target = os.path.realpath(_LOCALTIME)
    return target.partition(_ZONES)[2] or UTC
