"""Signing in through the form, and what a browser then holds."""

from http.cookies import SimpleCookie

import httpx

from tests.interfaces.web.served import ANYWHERE, Portal
from tests.local_installation import PASSWORD


def sign_in(
    portal: Portal,
    browser: httpx.Client,
    *,
    name: str = "educator",
    password: str = PASSWORD,
    next: str = "/operations",
    status: int = 303,
) -> httpx.Response:
    page = "/sign-in" if is_out(browser) else ANYWHERE
    return portal.post(browser, "/sign-in", status=status, page=page, name=name, password=password, next=next)


def is_out(browser: httpx.Client) -> bool:
    return browser.get(ANYWHERE).status_code == 303


def cookies(answer: httpx.Response) -> SimpleCookie:
    found = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        found.load(header)
    return found
