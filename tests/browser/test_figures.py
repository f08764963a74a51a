"""Figures that stores take long to find: the page is there at once, says so, and gets them by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.browser import SECONDS
from tests.browser.conftest import Picture
from tests.browser.page_checks import check_page, check_quiet
from tests.browser.page_visits import ENGLISH
from tests.interfaces.web.served import Portal
from tests.interfaces.web.slow_store import VERSION, Gate, serving_slowly
from tests.prepared_installations import PreparedInstallations

pytestmark = pytest.mark.slow

REGIONS = "Regions of linux 1.0.0"


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def portal(tmp_path: Path, prepared_installations: PreparedInstallations, gate: Gate) -> Iterator[Portal]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with serving_slowly(tmp_path / "installation", prepared_installations, key, gate) as portal:
        yield portal


def window(chromium: Browser, portal: Portal, *, javascript: bool = True) -> BrowserContext:
    """With an administrator signed in."""
    context = chromium.new_context(base_url=portal.services.endpoint, locale=ENGLISH, java_script_enabled=javascript)
    context.set_default_timeout(SECONDS * 1000)
    for name, value in portal.browser().cookies.items():
        context.add_cookies([{"name": name, "value": value, "url": portal.services.endpoint}])
    return context


@pytest.fixture
def page(chromium: Browser, portal: Portal) -> Iterator[Page]:
    with window(chromium, portal) as context:
        yield context.new_page()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text, timeout=SECONDS * 1000)


def test_a_page_whose_prices_take_long_comes_when_they_are_there(page: Page, gate: Gate, picture: Picture) -> None:
    page.goto(f"{VERSION}/regions")
    heading(page, "One moment")
    check_page(page)
    picture(page, "one-moment")

    gate.event.set()

    heading(page, REGIONS)
    expect(page).to_have_title(f"{REGIONS} – Galeria")
    expect(page.locator("main")).to_have_count(1)
    page.get_by_label("Brazil Southeast").check()
    expect(page.locator("#bill")).to_contain_text("Brazil Southeast")
    check_page(page)


def test_without_scripts_the_page_is_opened_again_until_they_are(chromium: Browser, portal: Portal, gate: Gate) -> None:
    with window(chromium, portal, javascript=False) as context:
        page = context.new_page()
        page.goto(f"{VERSION}/regions")
        heading(page, "One moment")
        gate.event.set()
        heading(page, REGIONS)


def test_what_a_deletion_frees_follows_on_the_page(page: Page, gate: Gate, picture: Picture) -> None:
    page.goto(f"{VERSION}/delete")
    expect(page.locator("#freed")).to_contain_text("It is being worked out")
    expect(page.get_by_role("button", name="Delete for good")).to_be_enabled()
    check_page(page)
    picture(page, "being-reckoned")

    gate.event.set()

    expect(page.locator("#freed table")).to_contain_text("Brazil South")
    check_quiet(page)
