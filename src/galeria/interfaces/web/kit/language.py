"""The language and time zone of a page."""

import re
from datetime import UTC, tzinfo
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.requests import HTTPConnection

from galeria.interfaces.login.browser.texts import language_of
from galeria.interfaces.time_zones import iana_name
from galeria.interfaces.web.kit.catalogues import LANGUAGES

LANGUAGE_COOKIE = "language"
ZONE_COOKIE = "zone"
NAMES = {"en": "English", "pt-BR": "Português (Brasil)"}
# IANA's names, and Windows', which have dots, spaces and parentheses.
_ZONE = re.compile(r"[A-Za-z0-9_+\-. ()]{1,50}(/[A-Za-z0-9_+\-]{1,30}){0,2}")


def read_language(http: HTTPConnection) -> str:
    """Return the language that the person chose, else the one that the browser prefers."""
    chosen = http.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else language_of(http.headers.get("accept-language", ""))


def read_zone(http: HTTPConnection) -> tzinfo:
    """Return the browser's time zone, which a script has put into a cookie; UTC without one."""
    name = unquote(http.cookies.get(ZONE_COOKIE, ""))
    if not _ZONE.fullmatch(name):
        return UTC
    try:
        return ZoneInfo(iana_name(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
