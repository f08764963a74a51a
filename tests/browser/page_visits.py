"""People at their browsers: each visit is a window of its own, signed in through the form as a person signs in."""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from tests.browser.browser import SECONDS
from tests.browser.page_checks import NARROW, WIDE
from tests.browser.portal_server import Person, PortalServer

ENGLISH, PORTUGUESE = "en-US", "pt-BR"
LANGUAGES = (ENGLISH, PORTUGUESE)
# Of tests that take minutes in each language; shorter ones see both in continuous integration too.
LANGUAGES_AT_LENGTH = (ENGLISH, pytest.param(PORTUGUESE, marks=pytest.mark.long))
SIGN_IN = "/sign-in"


@dataclass
class Visits:
    """Call it for a page that shows the portal's home. `close` closes all of them."""

    portal_server: PortalServer
    browser: Browser
    _kept: dict[str, StorageState] = field(default_factory=dict)
    _open: list[BrowserContext] = field(default_factory=list)

    def __call__(
        self,
        person: Person | None = None,
        *,
        language: str = ENGLISH,
        narrow: bool = False,
        dark: bool = False,
        javascript: bool = True,
        telephone: bool = False,
        path: str = "/",
    ) -> Page:
        """At `path`. Without a person nobody is signed in. `language` is what the browser prefers."""
        width, height = NARROW if narrow else WIDE
        context = self.browser.new_context(
            base_url=self.portal_server.endpoint,
            # The server's own certificate authority, which this browser has never heard of.
            ignore_https_errors=True,
            locale=language,
            timezone_id="America/Sao_Paulo",
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            has_touch=telephone,
            is_mobile=telephone,
            permissions=["clipboard-read", "clipboard-write"],
            storage_state=self._kept.get(person.name) if person else None,
        )
        self._open.append(context)
        context.set_default_timeout(SECONDS * 1000)
        page = context.new_page()
        if person and not self._is_signed_in(page, person):
            sign_in(page, person)
            self._kept[person.name] = context.storage_state()
        page.goto(path)
        return page

    def _is_signed_in(self, page: Page, person: Person) -> bool:
        """Whoever is signed in is led on from the form. Another test may have ended a session that was kept."""
        if person.name in self._kept and page.request.get(SIGN_IN, max_redirects=0).status == 303:
            return True
        page.goto(SIGN_IN)
        return False

    def close(self) -> None:
        while self._open:
            self._open.pop().close()


def sign_in(page: Page, person: Person) -> None:
    """Where the form is shown; ends at the page that it leads to."""
    page.fill("[name=name]", person.name)
    page.fill("[name=password]", person.password)
    page.locator("form:has([name=password]) button").click()
    page.wait_for_url(lambda url: SIGN_IN not in url)
