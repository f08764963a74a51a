"""Without JavaScript: every page can be read, and everything that is a simple form works."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page_checks import check_quiet
from tests.browser.page_visits import SIGN_IN, Visits, sign_in
from tests.browser.portal_server import ANA, AWAY, GALLERY, HOME, IMAGE, LAB, MARIA, PASSWORD
from tests.browser.walk import GROUP

pytestmark = pytest.mark.slow

IMAGE_PLACE = f"/galleries/{GROUP}/{GALLERY}/images/Linux-for-algebra"
IMAGES = f"/accounts/{GROUP}/labs/images"
WORK_SECONDS = 60
READ = {
    "/labs": "Algebra",
    f"/labs/{GROUP}/{LAB}": "First term",
    "/labs/new": IMAGE,
    "/images": IMAGE,
    "/galleries": GALLERY,
    f"/galleries/{GROUP}/{GALLERY}": IMAGE,
    IMAGE_PLACE: "1.0.0",
    f"{IMAGE_PLACE}/versions/1.0.0": "Brazil Southeast",
    f"{IMAGE_PLACE}/versions/1.0.0/regions": "Brazil Southeast",
    f"{IMAGE_PLACE}/versions/1.0.0/delete": "Algebra",
    "/operations": "Create version",
    "/accounts": "labs",
    f"/accounts/{GROUP}/labs/gallery": GALLERY,
    IMAGES: "Two disks",
    f"/accounts/{GROUP}/labs/policies": "Brazil South",
    "/import": "galeria image import",
    "/people": "Ana",
    "/people/ana": "Lab Creator",
    "/costs": IMAGE,
    "/activity": "Lab made or changed",
    "/me": "Everywhere",
}
"""Pages, and what an administrator reads there."""


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).first.click()


def until(page: Page, is_so: Callable[[], bool]) -> None:
    """Opens the page again and again, as somebody without scripts does."""
    deadline = time.monotonic() + WORK_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        page.goto(page.url)


def state_is(page: Page, state: str) -> bool:
    return page.locator(".head .state").inner_text() == state


def may_press(page: Page, name: str) -> bool:
    return page.locator("main").get_by_role("button", name=name, exact=True, disabled=False).count() > 0


def test_every_main_page_can_be_read(visit: Visits) -> None:
    page = visit(MARIA, javascript=False)
    for place, told in READ.items():
        page.goto(place)
        until(page, lambda told=told: told in page.content())  # type: ignore[misc]  # figures may still be on their way
        main = page.locator("main")
        expect(main.locator("h1")).to_be_visible()
        # What stands in <noscript> is only in the page's source: Chromium shows it where scripts are off in its settings.
        assert told in page.content(), place
        if place != "/import":
            assert told in main.inner_text() or main.locator(f'[value="{told}"]').count(), place
        check_quiet(page)


def test_pages_are_followed_by_their_links(visit: Visits) -> None:
    page = visit(ANA, javascript=False, path="/labs")
    page.get_by_role("link", name="Algebra").first.click()
    expect(page.locator("h1")).to_have_text("Algebra")
    page.get_by_role("link", name="Operations").click()
    expect(page).to_have_url(re.compile("/operations$"))


def test_people_sign_in_choose_a_language_and_sign_out(visit: Visits) -> None:
    page = visit(javascript=False, path=f"{SIGN_IN}?next=/galleries")
    page.fill("[name=name]", ANA.name)
    page.fill("[name=password]", "wrong")
    page.locator("form:has([name=password]) button").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    sign_in(page, ANA)
    expect(page).to_have_url(re.compile("/galleries$"))
    page.get_by_role("button", name="Português").click()
    expect(page.locator("h1")).to_have_text("Galerias")
    page.get_by_text("Ana", exact=True).click()
    page.get_by_role("button", name="Sair").click()
    page.goto("/labs")
    assert SIGN_IN in page.url


def test_a_gallery_is_made(visit: Visits) -> None:
    page = visit(MARIA, javascript=False, path="/galleries/new")
    page.fill("#name", "not a name!")
    press(page, "Create the gallery")
    expect(page.locator("#name-error")).not_to_be_empty()
    expect(page.locator("#name")).to_have_value("not a name!")
    page.fill("#name", "without_scripts")
    press(page, "Create the gallery")
    expect(page.locator("h1")).to_have_text("without_scripts")
    page.goto("/galleries")
    expect(page.locator("main")).to_contain_text("without_scripts")


def test_images_are_disabled_enabled_and_filtered(visit: Visits) -> None:
    page = visit(MARIA, javascript=False, path=IMAGES)
    row = page.locator("tr", has_text="Two disks")
    for button, state in (("Disable", "disabled"), ("Enable", "enabled")):
        row.get_by_role("checkbox").check()
        press(page, f"{button} selected images")
        expect(row.locator(".state").last).to_have_text(state)
    page.fill("#q", "two DISKS")
    press(page, "Show")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_lab_is_made_started_exported_and_stopped(visit: Visits) -> None:
    page = visit(ANA, javascript=False, path="/labs/new")
    page.fill("#title", "Plain lab")
    page.locator(f"#region-{HOME}").check()
    page.locator("#images label", has_text=IMAGE).get_by_role("radio").check()
    page.fill("#user", "ana")
    press(page, "Show what can be chosen now")
    expect(page.locator("#title")).to_have_value("Plain lab")
    expect(page.locator("#new-lab-sum")).to_contain_text("“Plain lab” is made from Linux for algebra 1.0.0")
    page.fill("#password", "weak")
    press(page, "Create")
    expect(page.locator("#password-error")).to_contain_text("too weak")
    page.fill("#password", PASSWORD)
    press(page, "Create")
    page.wait_for_url(f"**/labs/{GROUP}/Plain-lab")
    until(page, lambda: state_is(page, "Stopped"))
    until(page, lambda: may_press(page, "Start"))  # what made the lab ends a moment later
    press(page, "Start")
    until(page, lambda: state_is(page, "Running"))

    export(page)

    page.goto(f"/labs/{GROUP}/Plain-lab")
    until(page, lambda: may_press(page, "Stop"))
    press(page, "Stop")
    until(page, lambda: state_is(page, "Stopped"))
    check_quiet(page, besides="status of 400")


def export(page: Page) -> None:
    """From the running lab's page: a button shows the price, opening the page again shows the end."""
    link = page.get_by_role("link", name="Export to Shared Image Gallery")
    until(page, lambda: link.count() > 0)  # the machine runs a moment before its start is done
    link.click()
    page.fill("#name", "Plain image")
    page.locator(f"#region-{AWAY}").uncheck()
    press(page, "Recalculate")
    expect(page.locator("#name")).to_have_value("Plain image")
    expect(page.locator("#estimate table tbody tr")).to_have_count(1)
    page.locator(f"#region-{AWAY}").check()
    press(page, "Recalculate")
    expect(page.locator("#estimate table tbody tr")).to_have_count(2)
    press(page, "Export")
    page.wait_for_url(f"**/labs/{GROUP}/Plain-lab*")
    told = page.get_by_text("The template was exported to the Shared Image Gallery.")
    until(page, lambda: told.count() > 0)
