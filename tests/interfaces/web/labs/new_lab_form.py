"""The form for a new lab: sending it, and reading its choices and the errors beside its fields."""

import re
from typing import Any

import httpx

from tests.interfaces.web.served import ANYWHERE, Portal
from tests.local_installation import PASSWORD

NEW = "/labs/new"
Fields = dict[str, Any]


def send(
    portal: Portal, browser: httpx.Client, fields: Fields, *, place: str = NEW, status: int = 303
) -> httpx.Response:
    said: Fields = {
        "title": "Álgebra 2",
        "region": "brazilsouth",
        "image": "linux",
        "size": "Tiny",
        "user": "ana",
        "password": PASSWORD,
        **fields,
    }
    return portal.post(browser, place, status=status, page=ANYWHERE, **said)


def check(portal: Portal, browser: httpx.Client, fields: Fields) -> httpx.Response:
    return send(portal, browser, fields, place=f"{NEW}/check", status=200)


def choices(page: httpx.Response, name: str) -> dict[str, str]:
    """Value → the rest of the radio button's tag."""
    return dict(re.findall(rf'name="{name}" value="([^"]*)"([^>]*)>', page.text))


def beside(page: httpx.Response, name: str) -> str:
    found = re.search(rf'<p class="field-error" id="{name}-error"[^>]*>(.*?)</p>', page.text, flags=re.S)
    assert found, name
    return found[1].replace("&#39;", "'")
