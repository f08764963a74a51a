"""The first pages that people meet: the sign-in, and what is not there."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Picture
from tests.browser.page_checks import check_page, check_quiet
from tests.browser.page_visits import LANGUAGES, PORTUGUESE, SIGN_IN, Visits, sign_in
from tests.browser.portal_server import ANA, MARIA

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sign_in_page_keeps_every_promise(visit: Visits, picture: Picture, language: str) -> None:
    page = visit(language=language, path=SIGN_IN)

    expect(page.locator("html")).to_have_attribute("lang", "pt-BR" if language == PORTUGUESE else "en")
    check_page(page)
    picture(page, f"sign-in-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_home_page_keeps_every_promise(visit: Visits, language: str) -> None:
    check_page(visit(MARIA, language=language))


def test_a_wrong_password_is_reported_on_the_page(visit: Visits) -> None:
    page = visit(path=SIGN_IN)
    page.fill("[name=name]", ANA.name)
    page.fill("[name=password]", "wrong")
    page.locator("form:has([name=password]) button").click()

    expect(page.get_by_role("alert")).to_contain_text("wrong")
    expect(page.locator("[name=name]")).to_have_value(ANA.name)
    check_page(page, besides="status of 401")


def test_whoever_comes_by_a_link_is_led_on_to_it(visit: Visits) -> None:
    page = visit(path="/operations")
    sign_in(page, ANA)

    expect(page).to_have_url(re.compile("/operations$"))
    check_quiet(page)


def test_the_pages_can_be_read_without_scripts(visit: Visits) -> None:
    page = visit(ANA, javascript=False)

    assert page.locator("h1").inner_text()


def test_a_page_that_is_not_there_says_so(visit: Visits) -> None:
    page = visit(ANA, path="/nowhere")

    expect(page.locator("main")).to_contain_text("no such page")
    check_page(page, besides="status of 404")
