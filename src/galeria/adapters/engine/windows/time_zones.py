"""Windows' own names of time zones, by the Unicode CLDR's table, which Babel brings."""

import os
from datetime import UTC as UNIVERSAL
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global

YEARS = 20
UTC = "UTC"
_LOCALTIME = Path("/etc/localtime")
_ZONES = "/zoneinfo/"


def windows_zone(zone: str) -> str:
    """Return Windows' name of an IANA time zone such as America/Sao_Paulo; UTC for one that does not exist.

    Babel has one IANA zone for each of Windows'. Another one gets the name of a zone whose clocks agree all year, on its own
    continent where there is one, and of those the one that has agreed most often in twenty years.
    """
    names: dict[str, str] = {}
    for windows, iana in get_global("windows_zone_mapping").items():
        names.setdefault(iana, windows)
    zone = get_global("zone_aliases").get(zone, zone)
    if zone in names:
        return names[zone]
    known = available_timezones()  # reads folders
    if zone not in known:
        return UTC
    wanted = _offsets(zone)
    alike = [iana for iana in sorted(names) if iana in known and _offsets(iana) == wanted]
    near = [iana for iana in alike if iana.split("/")[0] == zone.split("/")[0]]
    past = _offsets(zone, years=YEARS)
    agreeing = max(near or alike, key=lambda iana: _agreements(_offsets(iana, years=YEARS), past), default=None)
    return names[agreeing] if agreeing else UTC


@lru_cache(maxsize=1024)
def _offsets(zone: str, *, years: int = 1) -> list[timedelta | None]:
    """The offsets from UTC every two weeks of so many years, of which this one is the last."""
    start = datetime(datetime.now(tz=UNIVERSAL).year - years + 1, 1, 1, 12, tzinfo=UNIVERSAL)
    place = ZoneInfo(zone)
    return [(start + timedelta(days=14 * number)).astimezone(place).utcoffset() for number in range(26 * years)]


def _agreements(one: list[timedelta | None], other: list[timedelta | None]) -> int:
    return sum(mine == theirs for mine, theirs in zip(one, other, strict=True))


def host_zone() -> str:
    """Return the host's IANA time zone, in which machines with a local clock see the time; UTC where it is not set."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if named:
        return named
    target = os.path.realpath(_LOCALTIME)
    return target.partition(_ZONES)[2] or UTC
