"""A student's pages on a telephone, an educator's link, and registering: pressed as people press them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.class_rows import CAIO, CODE
from tests.browser.page_checks import check_page
from tests.browser.page_visits import PORTUGUESE, Visits
from tests.browser.portal_server import BIA, MARIA

pytestmark = pytest.mark.slow


def test_a_student_lands_on_the_machines_and_is_told_what_cannot_be_pressed(
    visit: Visits, picture: Callable[[Page, str], Path]
) -> None:
    page = visit(CAIO, narrow=True, telephone=True, language=PORTUGUESE)
    expect(page).to_have_url(f"{visit.portal_server.endpoint}/machines")
    expect(page.get_by_role("heading", name="Minhas máquinas")).to_be_visible()
    page.get_by_text("Conectar").first.click()
    expect(page.get_by_text("A máquina está desligada. Ligue-a primeiro.").first).to_be_visible()
    check_page(page)
    picture(page, "my-machines")
    page.get_by_role("heading", name="Algebra").get_by_role("link").click()
    check_page(page)
    picture(page, "my-machine")


def test_the_link_of_a_lab_is_shown_large_to_be_printed(visit: Visits, picture: Callable[[Page, str], Path]) -> None:
    page = visit(MARIA, path="/labs/galeria/algebra/people")
    expect(page.get_by_role("img", name="QR code of the registration link")).to_be_visible()
    expect(page.get_by_text("dora@example.org")).to_be_visible()
    check_page(page)
    picture(page, "people")
    page.get_by_role("link", name="Show it large, to print it").click()
    check_page(page)
    picture(page, "people-link")


def test_a_list_is_looked_at_before_anybody_is_added(visit: Visits) -> None:
    page = visit(MARIA, path="/labs/galeria/algebra/people")
    page.get_by_label("E-mail addresses").fill("Nome;E-mail\nEva;eva@example.org\nx;wrong")
    page.get_by_role("button", name="Look at the list").click()
    expect(page.get_by_text("1 person is new.")).to_be_visible()
    expect(page.get_by_text("Line 3:")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Add 1 person").click()
    expect(page.get_by_text("1 person was added.")).to_be_visible()
    expect(page.get_by_text("eva@example.org")).to_be_visible()


def test_who_finds_no_machine_left_is_told(visit: Visits, picture: Callable[[Page, str], Path]) -> None:
    page = visit(BIA, path=f"/register/{CODE}", narrow=True, telephone=True)
    check_page(page)
    picture(page, "register")
    page.get_by_role("button", name="Register, and get my machine").click()
    expect(page.get_by_text("has no machine left")).to_be_visible()
    check_page(page, besides="409")
