"""What somebody typed or saved is not lost: to an ended session, an absent server, another language, or another tab."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page_checks import NARROW, WIDE, check_fits, check_quiet
from tests.browser.page_visits import SIGN_IN, Visits, sign_in
from tests.browser.portal_server import AWAY, HOME, IMAGE, LAB, MARIA, PASSWORD, Person, PortalServer
from tests.browser.presses import press, type_into
from tests.browser.walk import GROUP

pytestmark = pytest.mark.slow

LONG = "Wort" * 30
TOLD = ".form-said"


@pytest.fixture
def caio(fake_server: PortalServer, request: pytest.FixtureRequest) -> Person:
    """Somebody of this test alone, whose sessions may end."""
    name = re.sub(r"[^a-z]", "", request.node.name)[-20:]
    return fake_server.add(Person(name=name, display_name="Caio", role="Lab Creator"))


def fill_in(page: Page, title: str) -> None:
    type_into(page.locator("#title"), title)
    press(page.locator(f"#regions label:has(#region-{AWAY})"))
    press(page.locator("#images label", has_text=IMAGE))
    type_into(page.locator("#password"), PASSWORD)


def create(page: Page) -> None:
    press(page.locator("#new-lab-make button"))


def sign_out_elsewhere(page: Page) -> Page:
    """In another tab of the same browser."""
    other = page.context.new_page()
    other.goto("/me")
    press(other.locator("header summary"))
    press(other.locator("header").get_by_role("button", name="Sign out"))
    other.wait_for_url(f"**{SIGN_IN}")
    return other


def test_a_session_that_ended_in_a_form_costs_nothing(visit: Visits, caio: Person) -> None:
    page = visit(caio, path="/labs/new")
    fill_in(page, "Signed out")
    other = sign_out_elsewhere(page)
    create(page)
    expect(page.locator(TOLD)).to_contain_text("You are signed out")
    with page.context.expect_page() as opened:
        press(page.locator(TOLD).get_by_role("link", name="Sign in in a new tab"))
    other.close()
    sign_in(opened.value, caio)
    expect(page.locator("#title")).to_have_value("Signed out")
    create(page)

    page.wait_for_url(f"**/labs/{GROUP}/Signed-out")
    check_quiet(page, besides="status of 403")


def test_a_check_says_that_the_session_ended(visit: Visits, caio: Person) -> None:
    page = visit(caio, path="/labs/new")
    sign_out_elsewhere(page)
    type_into(page.locator("#title"), "Not yet sent")

    expect(page.locator(TOLD)).to_contain_text("You are signed out")
    expect(page.locator("#title")).to_have_value("Not yet sent")


def test_a_form_is_not_sent_as_somebody_else(visit: Visits, caio: Person) -> None:
    page = visit(caio, path="/labs/new")
    fill_in(page, "Somebody else")
    other = sign_out_elsewhere(page)
    sign_in(other, MARIA)
    create(page)

    expect(page.locator(TOLD)).to_contain_text("Somebody else is signed in")
    other.goto(f"/labs/{GROUP}/Somebody-else")
    expect(other.locator("h1")).to_have_text("Not found")


def test_a_server_that_is_away_costs_nothing(visit: Visits, caio: Person) -> None:
    page = visit(caio, path="/labs/new")
    fill_in(page, "Away for a moment")
    page.route("**/labs/new", lambda route: route.abort())
    create(page)
    expect(page.locator(TOLD)).to_contain_text("The server does not answer")
    page.unroute("**/labs/new")
    create(page)

    page.wait_for_url(f"**/labs/{GROUP}/Away-for-a-moment")


def test_another_language_keeps_what_is_filled_in(visit: Visits, caio: Person) -> None:
    page = visit(caio, path="/labs/new")
    fill_in(page, "Álgebra")
    press(page.get_by_role("button", name="Português"))

    expect(page.locator("h1")).to_have_text("Novo laboratório")
    expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    expect(page.locator("#title")).to_have_value("Álgebra")
    expect(page.locator("#password")).to_have_value(PASSWORD)
    expect(page.locator(f"#region-{AWAY}")).to_be_checked()
    expect(page.locator("#images label", has_text=IMAGE).locator("input")).to_be_checked()
    create(page)
    page.wait_for_url(f"**/labs/{GROUP}/Algebra*")


def test_the_second_of_two_tabs_is_told_that_the_first_one_saved(visit: Visits) -> None:
    place = f"/labs/{GROUP}/{LAB}"
    # The second one's value is the one that the lab had, so that the tests after this one find it so.
    first = visit(MARIA, path=place)
    second = first.context.new_page()
    second.goto(place)
    type_into(first.locator("#description"), "From the first tab")
    press(first.get_by_role("button", name="Save"))
    expect(first.get_by_role("status").first).to_contain_text("saved")
    type_into(second.locator("#description"), "First term")
    press(second.get_by_role("button", name="Save"))

    expect(second.get_by_role("alert")).to_contain_text("Somebody saved other values")
    expect(second.locator("#description")).to_have_value("First term")
    press(second.get_by_role("button", name="Save"))
    expect(second.get_by_role("status").first).to_contain_text("saved")
    expect(second.locator(".lead").first).to_have_text("First term")


def test_opening_the_page_of_a_new_persons_link_again_leads_to_the_person(visit: Visits) -> None:
    page = visit(MARIA, path="/people/add/person")
    type_into(page.locator("#name"), "reloaded")
    press(page.get_by_role("button", name="Add", exact=True))
    expect(page.locator("#secret")).to_contain_text("/welcome/")
    page.reload()

    expect(page).to_have_url(re.compile("/people/reloaded$"))
    expect(page.locator("h1")).to_contain_text("reloaded")


def test_the_menu_of_the_person_obeys_escape_and_a_click_elsewhere(visit: Visits) -> None:
    page = visit(MARIA, path="/labs")
    menu, summary = page.locator("details.menu"), page.locator("details.menu summary")
    press(summary)
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()
    press(summary)
    press(page.locator("h1"))
    expect(menu).not_to_have_attribute("open", "")


def test_a_title_of_one_long_word_fits_every_page_that_shows_it(visit: Visits, fake_server: PortalServer) -> None:
    page = visit(MARIA, path="/labs/new")
    type_into(page.locator("#title"), LONG)
    type_into(page.locator("#find"), IMAGE)
    press(page.locator("#images label", has_text=IMAGE))
    press(page.locator(f"#regions label:has(#region-{HOME})"))
    type_into(page.locator("#password"), PASSWORD)
    create(page)
    page.wait_for_url(f"**/labs/{GROUP}/Wort*")
    expect(page.locator(".head .state")).to_have_text("Stopped", timeout=60_000)  # it opens itself again until then
    place = page.url
    for each in (
        place,
        f"{place}/connect",
        f"{place}/export",
        f"{place}/delete",
        f"{place}/screen",
        "/labs",
        "/operations",
    ):
        page.goto(each)
        check_fits(page, WIDE, NARROW)
