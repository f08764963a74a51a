"""The first click counts, straight after typing, and no choice is lost to an answer that is older than it."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.page_checks import check_quiet
from tests.browser.page_visits import Visits
from tests.browser.portal_server import ANA, AWAY, HOME, IMAGE, LAB, MARIA, PASSWORD
from tests.browser.presses import press, type_into
from tests.browser.walk import GROUP
from tests.waiting import until

pytestmark = pytest.mark.slow

CHECK = "**/labs/new/check"


def choose_image(page: Page, name: str = IMAGE) -> None:
    press(page.locator("#images label", has_text=name))


def create(page: Page) -> None:
    press(page.locator("#new-lab-make button"))


def test_a_lab_is_made_by_the_first_click_straight_after_the_password(visit: Visits) -> None:
    page = visit(ANA, path="/labs/new")
    type_into(page.locator("#title"), "First click")
    choose_image(page)
    type_into(page.locator("#password"), PASSWORD)
    create(page)

    page.wait_for_url(f"**/labs/{GROUP}/First-click")
    check_quiet(page)


def test_a_region_pressed_straight_from_a_text_stays(visit: Visits) -> None:
    page = visit(ANA, path="/labs/new")
    type_into(page.locator("#title"), "Elsewhere")
    with page.expect_response(CHECK):
        press(page.locator("#regions label", has=page.locator(f"#region-{AWAY}")))
    choose_image(page)
    page.wait_for_load_state("networkidle")

    expect(page.locator(f"#region-{AWAY}")).to_be_checked()
    expect(page.locator("#images label", has_text=IMAGE).locator("input")).to_be_checked()
    expect(page.locator("#new-lab-sum")).to_contain_text("Brazil Southeast")


def test_an_answer_that_is_older_than_a_choice_changes_nothing(visit: Visits) -> None:
    """The answer to the first choice arrives after the second one was made."""
    page = visit(ANA, path="/labs/new")
    held = hold_up(page)
    press(page.locator("#regions label", has=page.locator(f"#region-{AWAY}")))
    until_held(page, held)
    press(page.locator("#regions label", has=page.locator(f"#region-{HOME}")))
    with page.expect_response(CHECK):
        held[0].continue_()

    page.wait_for_load_state("networkidle")
    expect(page.locator(f"#region-{HOME}")).to_be_checked()


def test_nothing_is_exchanged_under_a_button_that_is_held_down(visit: Visits) -> None:
    page = visit(ANA, path="/labs/new")
    with page.expect_response(CHECK):
        choose_image(page)
    expect(page.locator("#new-lab-sum")).to_contain_text(IMAGE)  # nothing of the answer waits for a press to end
    held = hold_up(page)
    type_into(page.locator("#title"), "Held down")
    button = page.locator("#new-lab-make button")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    until_held(page, held)
    with page.expect_response(CHECK):
        held[0].continue_()
    expect(page.locator("#new-lab-sum")).to_contain_text("Give the lab a title")
    page.mouse.up()

    expect(page.locator("#new-lab-sum")).to_contain_text("“Held down” is made from")


def test_the_buttons_stay_where_they_are_while_what_is_made_of_a_long_title_is_told(visit: Visits) -> None:
    page = visit(ANA, path="/labs/new")
    choose_image(page)
    expect(page.locator("#new-lab-sum")).to_contain_text(IMAGE)
    held = hold_up(page)
    type_into(page.locator("#title"), "Algebra for everybody who came late, " * 3)
    until_held(page, held)
    button = page.locator("#new-lab-make button")
    before, summary = button.bounding_box(), page.locator("#new-lab-sum").bounding_box()
    with page.expect_response(CHECK):
        held[0].continue_()
    expect(page.locator("#new-lab-sum")).to_contain_text("is made from")

    grown = page.locator("#new-lab-sum").bounding_box()
    assert summary
    assert grown
    assert grown["height"] > summary["height"] + 100
    assert button.bounding_box() == before


@pytest.mark.parametrize("narrow", [False, True])
def test_what_the_pointer_is_on_stays_under_it_while_a_price_above_it_comes(visit: Visits, narrow: bool) -> None:
    """The estimate of an export stands above its button, and is shorter while the number is wrong."""
    page = visit(MARIA, path=f"/labs/{GROUP}/{LAB}/export", narrow=narrow)
    type_into(page.locator("#version"), "x")
    expect(page.locator("#estimate")).to_contain_text("Correct what is marked")
    held = hold_up(page, "**/export/estimate")
    type_into(page.locator("#version"), "7.0.0")
    until_held(page, held)
    button = page.get_by_role("button", name="Export", exact=True)
    button.scroll_into_view_if_needed()
    before, estimate = button.bounding_box(), page.locator("#estimate").bounding_box()
    assert before
    assert estimate
    page.mouse.move(before["x"] + 5, before["y"] + 5)
    with page.expect_response("**/export/estimate"):
        held[0].continue_()
    expect(page.locator("#estimate")).to_contain_text("Price per month")

    grown = page.locator("#estimate").bounding_box()
    assert grown
    assert grown["height"] > estimate["height"] + 100
    after = button.bounding_box()
    assert after
    assert abs(after["y"] - before["y"]) <= 1


def test_checks_run_on_forms_that_are_not_complete(visit: Visits) -> None:
    page = visit(ANA, path="/labs/new")
    type_into(page.locator("#find"), "nothing has this name")
    expect(page.locator("#images")).to_contain_text("No image fits.")
    type_into(page.locator("#find"), "algebra")
    choose_image(page)
    expect(page.locator("#kind")).not_to_be_empty()
    expect(page.locator("#title")).to_have_value("")
    check_quiet(page)


def test_a_refused_lab_keeps_all_that_was_typed(visit: Visits) -> None:
    page = visit(ANA, path="/labs/new")
    type_into(page.locator("#title"), "Refused at first")
    type_into(page.locator("#user"), "root")
    type_into(page.locator("#password"), PASSWORD)
    create(page)
    expect(page.locator("#user-error")).not_to_be_empty()
    expect(page.locator("#image-error")).not_to_be_empty()
    expect(page.locator("#password")).to_have_value(PASSWORD)
    choose_image(page)
    expect(page.locator("#image-error")).to_be_empty()
    type_into(page.locator("#user"), "ana")
    create(page)

    page.wait_for_url(f"**/labs/{GROUP}/Refused-at-first")
    check_quiet(page, besides=re.escape("status of 400"))


def hold_up(page: Page, check: str = CHECK) -> list[Route]:
    """The next check that the page asks for waits in the list."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(check, hold, times=1)
    return held


def until_held(page: Page, held: list[Route]) -> None:
    """Routes are called only while the page is waited for."""

    def look() -> bool:
        page.wait_for_timeout(20)
        return bool(held)

    until(look, "the page asks for a check")
