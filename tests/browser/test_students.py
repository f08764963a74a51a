"""A student's pages on a telephone, an educator's link and class, and registering: pressed as people press them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.class_rows import CAIO, CODE
from tests.browser.page_checks import check_page
from tests.browser.page_visits import ENGLISH, LANGUAGES, PORTUGUESE, Visits
from tests.browser.portal_server import BIA, MARIA

pytestmark = pytest.mark.slow

LAB = "/labs/galeria/algebra"
ROUNDS = 20_000  # milliseconds in which a page asks again several times


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


def test_a_hand_and_a_message_arrive_without_a_page_being_opened_anew(
    visit: Visits, picture: Callable[[Page, str], Path]
) -> None:
    educator = visit(MARIA, path=f"{LAB}/class")
    student = visit(CAIO, narrow=True, telephone=True, language=PORTUGUESE, path="/machines")
    student.get_by_role("button", name="Levantar a mão").click()
    expect(student.get_by_text("Sua mão está levantada desde")).to_be_visible()
    expect(educator.get_by_role("heading", name="1 hand is raised")).to_be_visible(timeout=ROUNDS)
    check_page(educator)
    picture(educator, "class-hand")

    student.get_by_role("heading", name="Algebra").get_by_role("link").click()
    educator.get_by_role("button", name="I come").click()
    expect(student.get_by_text("Maria viu a sua mão e já vem.")).to_be_visible(timeout=ROUNDS)
    student.get_by_role("button", name="Está bem").click()
    expect(student.get_by_role("button", name="Levantar a mão")).to_be_visible()

    educator.get_by_text("Message to the class").click()
    educator.get_by_label("Message", exact=True).fill("Please save your work: we stop in five minutes.")
    educator.get_by_role("button", name="Send").click()
    expect(educator.get_by_text("The message was sent to 1 person.")).to_be_visible()
    educator.get_by_text("Message to the class").click()
    check_page(educator)
    picture(educator, "class-message")
    expect(student.get_by_text("we stop in five minutes")).to_be_visible(timeout=ROUNDS)
    check_page(student)
    picture(student, "my-machine-message")
    student.goto("/machines")
    check_page(student)
    picture(student, "my-machines-message")
    student.get_by_role("button", name="Já li").click()
    expect(student.get_by_text("we stop in five minutes")).to_be_hidden()
    educator.reload()
    educator.get_by_text("Message to the class").click()
    expect(educator.get_by_text("read by 1")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_of_use_is_a_tab_of_the_lab(
    visit: Visits, picture: Callable[[Page, str], Path], language: str
) -> None:
    page = visit(MARIA, path=f"{LAB}/class", language=language)
    page.get_by_role("link", name="Reports" if language == ENGLISH else "Relatórios").click()
    expect(page.get_by_text("Caio Melo")).to_be_visible()
    check_page(page)
    picture(page, f"report-{language}")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "algebra.csv"


def test_the_last_actions_are_reached_from_the_class(visit: Visits, picture: Callable[[Page, str], Path]) -> None:
    page = visit(MARIA, path=f"{LAB}/class")
    page.get_by_role("link", name="Last actions").click()
    expect(page.get_by_role("heading", name="Nothing failed")).to_be_visible()
    check_page(page)
    picture(page, "results")


def test_the_keyboard_keeps_its_place_while_the_wall_is_asked_for_again(visit: Visits) -> None:
    page = visit(MARIA, path=f"{LAB}/class")
    button = page.locator("#wall").get_by_role("button", name="Start", exact=True)
    button.focus()
    was_there = button.element_handle()
    student = visit(CAIO, path="/machines")
    student.get_by_role("button", name="Raise your hand").click()
    expect(page.get_by_role("heading", name="1 hand is raised")).to_be_visible(timeout=ROUNDS)
    expect(button).to_be_focused()
    for _ in range(2):
        with page.expect_response("**/class-wall"):
            pass
    assert was_there.evaluate("button => button.isConnected && document.activeElement === button")
    student.get_by_role("button", name="Take it down").click()
    expect(page.get_by_role("heading", name="1 hand is raised")).to_be_hidden(timeout=ROUNDS)
