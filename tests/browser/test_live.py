"""What goes on is shown while it goes on: by events, else by asking; after a reload, a broken line, the end of the server."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.browser import SECONDS
from tests.browser.conftest import endpoint_of
from tests.browser.page_checks import check_page, check_quiet
from tests.browser.page_visits import ENGLISH, sign_in
from tests.browser.portal_server import AWAY, HOME, MARIA
from tests.local_installation import MIB, disk_bytes
from tests.system.server_process import ServerProcess

pytestmark = pytest.mark.slow

STORE, REPLICATE = "Store the disk", "Replicate to the other regions"
BROKEN = "ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET|ERR_INCOMPLETE_CHUNKED|ERR_FAILED|ERR_NETWORK"
EVENTS = "**/operations/*/events"
IN_TIME = 30_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Ends of the addresses that the page has asked for since it was opened."""

    parts: list[str]

    def times(self, part: str) -> int:
        return self.parts.count(part)


@pytest.fixture
def page(chromium: Browser, server: ServerProcess) -> Iterator[Page]:
    with opened(chromium, server) as context:
        page = context.new_page()
        page.goto("/sign-in")
        sign_in(page, MARIA)
        yield page


def opened(chromium: Browser, server: ServerProcess) -> BrowserContext:
    context = chromium.new_context(base_url=endpoint_of(server), ignore_https_errors=True, locale=ENGLISH)
    context.set_default_timeout(SECONDS * 1000)
    return context


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk.raw"
    path.write_bytes(disk_bytes(4 * MIB))
    return path


def begin(server: ServerProcess, disk: Path, *regions: str) -> str:
    """An import's operation."""
    begun = server.begin_import("linux", disk, regions=(HOME, *regions)).begun
    assert begun.operation is not None
    return begun.operation.rpartition("/")[2].partition("?")[0]


def listen(page: Page) -> Asked:
    asked = Asked(parts=[])
    page.on("request", lambda request: asked.parts.append(request.url.rpartition("/")[2]))
    return asked


def mark(page: Page) -> None:
    """Gone as soon as the page is loaded again."""
    page.evaluate("window.isTheSamePage = true")


def is_the_same(page: Page) -> bool:
    return bool(page.evaluate("window.isTheSamePage === true"))


def expect_step(page: Page, name: str, status: str) -> None:
    step = page.locator(f"ol.steps li.{status}", has_text=name)
    expect(step.first).to_be_visible(timeout=IN_TIME)


def expect_end(page: Page) -> None:
    """The page is loaded again by itself, and shows it as ended."""
    page.wait_for_function("() => window.isTheSamePage !== true", timeout=IN_TIME)
    expect(page.locator("main .work .state")).to_have_text("Succeeded", timeout=IN_TIME)
    assert page.locator("[sse-connect]").count() == 0


def watch_to_the_end(page: Page, server: ServerProcess, disk: Path) -> Asked:
    """Each step appears on a page that nobody touches."""
    with server.held_up(AWAY):
        with server.held_up(HOME):
            id = begin(server, disk, AWAY)
            asked = listen(page)
            page.goto(f"/operations/{id}")
            mark(page)
            expect_step(page, STORE, "running")
        expect_step(page, STORE, "succeeded")
        expect_step(page, REPLICATE, "running")
        expect(page.locator(".work-left")).to_contain_text("%")
        assert is_the_same(page)
    expect_end(page)
    return asked


def test_an_operation_is_followed_by_events(page: Page, server: ServerProcess, disk: Path) -> None:
    asked = watch_to_the_end(page, server, disk)

    assert (asked.times("events"), asked.times("part")) == (1, 0)
    check_page(page)


def test_where_events_are_blocked_the_page_asks(page: Page, server: ServerProcess, disk: Path) -> None:
    page.route(EVENTS, lambda route: route.abort())
    asked = watch_to_the_end(page, server, disk)

    assert asked.times("part") > 0
    check_quiet(page, besides=BROKEN)


def test_where_events_are_refused_the_page_asks(page: Page, server: ServerProcess, disk: Path) -> None:
    page.route(EVENTS, lambda route: route.fulfill(status=502, body="Bad gateway"))
    asked = watch_to_the_end(page, server, disk)

    assert asked.times("part") > 0
    check_quiet(page, besides="status of 502")


def test_where_events_are_kept_back_the_page_asks(page: Page, server: ServerProcess, disk: Path) -> None:
    kept: list[Route] = []

    def keep(route: Route) -> None:
        kept.append(route)

    page.route(EVENTS, keep)
    asked = watch_to_the_end(page, server, disk)

    assert (asked.times("events"), asked.times("part") > 0) == (1, True)
    check_quiet(page)


def test_progress_survives_a_reload(page: Page, server: ServerProcess, disk: Path) -> None:
    with server.held_up(AWAY):
        page.goto(f"/operations/{begin(server, disk, AWAY)}")
        expect_step(page, REPLICATE, "running")
        for _ in range(3):
            page.reload()
            expect_step(page, STORE, "succeeded")
            expect_step(page, REPLICATE, "running")
        mark(page)
    expect_end(page)


def test_progress_survives_the_end_of_the_server(page: Page, server: ServerProcess, disk: Path) -> None:
    """kill -9 in the middle: the open page goes on by itself once the server is back, and so does a new one."""
    with server.held_up(AWAY):
        id = begin(server, disk, AWAY)
        page.goto(f"/operations/{id}")
        mark(page)
        expect_step(page, REPLICATE, "running")
        server.kill()
        expect(page.locator(".work .away")).to_contain_text("The server does not answer.", timeout=IN_TIME)
        expect_step(page, REPLICATE, "running")
        with page.expect_response(re.compile(f"{id}/(events|part)"), timeout=IN_TIME):
            server.start("--fake")
        expect(page.locator(".work .away")).to_have_count(0, timeout=IN_TIME)
        expect_step(page, STORE, "succeeded")
        expect_step(page, REPLICATE, "running")
        assert is_the_same(page)
        other = page.context.new_page()
        other.goto(f"/operations/{id}")
        mark(other)
        expect_step(other, STORE, "succeeded")
        expect_step(other, REPLICATE, "running")
    for each in (page, other):
        expect_end(each)
    check_quiet(page, besides=BROKEN)
    check_quiet(other)


def test_a_sign_out_in_another_tab_reaches_the_open_page(page: Page, server: ServerProcess, disk: Path) -> None:
    with server.held_up(AWAY):
        page.goto(f"/operations/{begin(server, disk, AWAY)}")
        expect_step(page, REPLICATE, "running")
        other = page.context.new_page()
        other.goto("/operations")
        other.locator("details.menu summary").click()
        other.get_by_role("button", name="Sign out", exact=True).click()
        page.wait_for_url("**/sign-in*", timeout=IN_TIME)
    check_quiet(page)


def test_an_export_is_followed_on_the_labs_page_through_the_end_of_the_server(
    page: Page, server: ServerProcess, disk: Path
) -> None:
    server.imported("linux", disk)
    server.galeria.wait(server.galeria.accounts.attach("campus"))
    server.make_lab("algebra", server.image_id("linux"))
    server.wait(server.galeria.machines.start("algebra"))
    with server.held_up(AWAY):
        page.goto("/labs/galeria/algebra/export")
        page.fill("#name", "Algebra, first term")
        away = page.locator(f"input[name=regions][value={AWAY}]")
        away.check()
        page.get_by_role("button", name="Export", exact=True).click()
        page.wait_for_url("**/labs/galeria/algebra*")
        expect_step(page, "Store the changes", "succeeded")
        expect_step(page, REPLICATE, "running")
        check_page(page)
        page.reload()
        expect_step(page, REPLICATE, "running")
        server.kill()
        server.start("--fake")
        page.reload()
        expect_step(page, "Store the changes", "succeeded")
        expect_step(page, REPLICATE, "running")
    exported = page.get_by_text("The template was exported to the Shared Image Gallery.")
    expect(exported).to_be_visible(timeout=IN_TIME)


def test_a_button_that_is_held_down_when_work_ends_is_not_taken_away(
    page: Page, server: ServerProcess, disk: Path
) -> None:
    server.imported("linux", disk)
    server.galeria.wait(server.galeria.accounts.attach("campus"))
    server.make_lab("algebra", server.image_id("linux"))
    page.goto("/labs/galeria/algebra/export")
    page.fill("#name", "Held down")
    with server.held_up(HOME):
        page.get_by_role("button", name="Export", exact=True).click()
        page.wait_for_url("**/labs/galeria/algebra*")
        expect(page.locator(".under-way ol.steps li.running")).to_be_visible(timeout=IN_TIME)
        mark(page)
        page.locator("#title").scroll_into_view_if_needed()
        box = page.get_by_role("button", name="Save", exact=True).bounding_box()
        assert box
        page.mouse.move(box["x"] + 5, box["y"] + 5)
        page.mouse.down()
    page.wait_for_function("() => document.querySelector('[data-poll]').line.readyState === EventSource.CLOSED")
    assert is_the_same(page)
    with page.expect_response(lambda answer: answer.request.method == "POST", timeout=IN_TIME) as answered:
        page.mouse.up()
    assert answered.value.url.endswith("/algebra/edit")


def test_a_machine_that_starts_is_followed_on_the_labs_page(page: Page, server: ServerProcess, disk: Path) -> None:
    server.imported("linux", disk)
    server.galeria.wait(server.galeria.accounts.attach("campus"))
    with server.held_up(HOME):
        server.begin_lab("algebra", server.image_id("linux"))
        page.goto("/labs/galeria/algebra")
        mark(page)
        expect(page.locator(".head .state")).to_have_text("Creating")
    expect(page.locator(".head .state")).to_have_text("Stopped", timeout=IN_TIME)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".head .state")).to_have_text("Running", timeout=IN_TIME)
