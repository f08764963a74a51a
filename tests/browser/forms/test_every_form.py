"""Each form of the portal is sent by the first press on its button, straight after the last letter was typed."""

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.routing import iter_route_contexts
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page, Response, expect
from starlette.routing import compile_path

from galeria.adapters.durable import WorkerlessStarter
from galeria.bootstrap.container import open_container
from galeria.bootstrap.server import application
from galeria.interfaces.client.compute import NewDefinition
from galeria.interfaces.client.labs import NewLab
from tests.browser.browser import SECONDS
from tests.browser.forms.forms_of_portal import (
    CHECKS,
    FORMS,
    IN_THE_HEAD,
    NOT_PRESSED,
    OF_STUDENTS,
    STEERING,
    FormPress,
)
from tests.browser.page_checks import check_quiet
from tests.browser.page_visits import SIGN_IN, Visits, sign_in
from tests.browser.portal_server import (
    BIA,
    GALLERY,
    HOME,
    MARIA,
    PASSWORD,
    Person,
    PortalServer,
    add_content,
    add_image,
    running_portal,
    send_file,
)
from tests.browser.presses import press, type_into
from tests.browser.walk import GROUP
from tests.local_installation import disk_bytes
from tests.system.server_process import begin_disks
from tests.system.store_lease import store_held_up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PROVIDER = """
[sign_in.openid]
name = "Campus"
issuer = "https://localhost:1"
client_id = "galeria"
client_secret = "x"
"""


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The paths of all forms, by the names of their routes."""
    parts = open_container(tmp_path_factory.mktemp("routes"), fake=True)
    app = application(parts, "https://localhost", WorkerlessStarter())
    named = [each for each in iter_route_contexts(app.routes) if (each.name or "").startswith("web_")]
    yield {str(each.name): str(each.path) for each in named if "POST" in (each.methods or ())}
    parts.close()


@pytest.fixture(scope="module")
def portal_server() -> Iterator[PortalServer]:
    """One of its own, since the forms change everything."""
    folder = Path(tempfile.mkdtemp(prefix="galeria-forms-", dir="/var/tmp"))
    try:
        (folder / "data").mkdir()
        (folder / "data" / "galeria.toml").write_text(PROVIDER, encoding="utf-8")
        with running_portal(folder) as portal_server:
            add_content(portal_server)
            (folder / "more").mkdir()
            disk = folder / "another.raw"
            disk.write_bytes(disk_bytes(seed=3))
            add_image(portal_server, "Other Linux", disk)
            galeria = portal_server.galeria
            galeria.wait(galeria.definitions.put(GALLERY, "Empty", NewDefinition(display_name="Empty"), region=HOME))
            more = folder / "more"
            send_file(replace(portal_server, folder=more), MARIA, disk)
            yield portal_server
    finally:
        shutil.rmtree(folder)


def test_every_form_has_a_press(routes: dict[str, str]) -> None:
    assert set(routes) - CHECKS == {each.route for each in FORMS} | STEERING | IN_THE_HEAD | NOT_PRESSED | OF_STUDENTS


def test_each_form_is_sent_by_the_first_press(
    window: Visits, portal_server: PortalServer, routes: dict[str, str]
) -> None:
    page, places = window(), dict[str, str]()
    for each in FORMS:
        if each.route == "web_welcomed":
            page = window(path=places["welcome"])
        if each.route == "web_my_session":
            sign_in(window(path=SIGN_IN), MARIA)
            sign_in(window(path=SIGN_IN), MARIA)
        if each.route == "web_import_create":
            places["upload"] = upload_of(page)
        open_form(page, each, each.path.format(**places))
        sent(page, routes[each.route], button_of(page, each))
        if each.route in ("web_people_new", "web_person_password"):  # the newest link is the one that works
            places["welcome"] = page.locator("#secret").inner_text()
        if each.route == "web_people_new_program":
            places["program"] = page.locator("dd code").first.inner_text()
    check_quiet(page, besides="status of 40[14]")


def test_what_goes_on_is_ended_and_begun_again_by_the_first_press(
    window: Visits, portal_server: PortalServer, routes: dict[str, str]
) -> None:
    owner = portal_server.add(Person(name="dora", display_name="Dora", role="Owner"))
    page = window(owner, path="/operations")
    image = str(portal_server.galeria.images.get("Other-Linux")["properties"]["sharedGalleryId"])
    with held_up(portal_server, HOME):
        wanted = NewLab(image=image, user="ana", password=PASSWORD, region=HOME, title="Held up")
        portal_server.galeria.labs.create("held-up", wanted)
        open_page(page, f"/labs/{GROUP}/held-up")
        sent(page, routes["web_lab_cancel"], main_button(page, "Cancel"))
    disk = portal_server.folder / "third.raw"
    disk.write_bytes(disk_bytes(seed=4))
    for route in ("web_operation_retry", "web_version_retry"):
        with held_up(portal_server, HOME):
            begun = begin(portal_server, route.replace("_", "-"), disk)
            open_page(page, f"/operations/{begun}")
            sent(page, routes["web_operation_cancel"], main_button(page, "Cancel"))
        until_there(page, "Try again")
        if route == "web_version_retry":
            press(page.get_by_role("link", name="Open what it works on"))
            page.wait_for_url("**/versions/1.0.0")
        sent(page, routes[route], main_button(page, "Try again"))


def test_the_head_of_a_page_signs_out_by_the_first_press(window: Visits, routes: dict[str, str]) -> None:
    page = window(BIA, path="/labs")
    press(page.locator("header summary"))
    sent(page, routes["web_sign_out"], page.get_by_role("button", name="Sign out", exact=True))
    page.wait_for_url("**/sign-in")


def open_page(page: Page, place: str) -> None:
    """Opens the place also where the page before is on its way to another one by itself.

    An empty page comes in between: what the page before had begun to open could follow even after the place was there.
    """
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            page.goto("about:blank")
            page.goto(place)
            if urlsplit(page.url).path == urlsplit(place).path:
                return
            assert time.monotonic() < deadline, f"{place} led to {page.url}"
        except PlaywrightError as error:
            overtaken = any(each in error.message for each in ("interrupted", "ERR_ABORTED", "Not attached"))
            if not overtaken or time.monotonic() > deadline:
                raise


def upload_of(page: Page) -> str:
    """One of her files that are no images yet."""
    page.goto("/import")
    return str(page.locator("a[href^='/import/']").first.get_attribute("href")).rpartition("/")[2]


def open_form(page: Page, form: FormPress, place: str) -> None:
    """With everything chosen and typed."""
    open_page(page, place)
    if form.patient:
        until_there(page, form.button, row=form.row)
    for each in filter(None, (form.opened, *form.chosen)):
        press(page.locator("main").locator(each).first)
    for field, text in form.typed.items():
        typed = page.locator(field)
        expect(typed).to_be_attached()
        if typed.get_attribute("type") == "date":
            # Day, month and year are places of their own: typing begins at the first one, as when somebody comes by Tab.
            typed.focus()
            page.keyboard.type(text)
            expect(typed).not_to_have_value("")
        else:
            type_into(typed, text)


def button_of(page: Page, form: FormPress) -> Locator:
    return in_row(page, form.row, form.button) if form.row else main_button(page, form.button)


def in_row(page: Page, row: str, name: str) -> Locator:
    return page.locator("main").locator("tr, li.card", has_text=row).get_by_role("button", name=name)


def main_button(page: Page, name: str) -> Locator:
    named = page.locator("main").get_by_role("button", name=re.compile(f"^{re.escape(name)}( |$)"))
    return named.filter(visible=True).and_(page.locator("button:not(.visually-hidden)")).first


def sent(page: Page, path: str, button: Locator) -> None:
    """The press sends the form of the path, and it is not refused."""
    pattern = compile_path(path)[0]

    def is_it(answer: Response) -> bool:
        return answer.request.method == "POST" and pattern.match(urlsplit(answer.url).path) is not None

    mark(page)
    with page.expect_response(is_it) as answered:
        press(button)
    assert answered.value.status < 400, f"{path}: {page.locator('main').inner_text()}"
    if answered.value.headers.get("hx-redirect"):
        page.wait_for_function("() => window.isPressed !== true")
    page.wait_for_load_state("networkidle")


def mark(page: Page) -> None:
    """Marks the page that is there now, which is gone with it, also where one that followed what went on loads itself again."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            page.evaluate("window.isPressed = true")
            return
        except PlaywrightError as error:
            if "context was destroyed" not in error.message or time.monotonic() > deadline:
                raise
            page.wait_for_load_state()


def until_there(page: Page, *buttons: str, row: str = "") -> str:
    """Returns the button that is there. The page is opened again and again, since not every one follows what goes on."""
    deadline = time.monotonic() + SECONDS
    while True:
        for each in buttons:
            if (in_row(page, row, each) if row else main_button(page, each)).count():
                return each
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        open_page(page, page.url)


def held_up(portal_server: PortalServer, region: str) -> AbstractContextManager[object]:
    return store_held_up(portal_server.folder / "data", region)


def begin(portal_server: PortalServer, name: str, disk: Path) -> str:
    """An import's operation."""
    begun = begin_disks(portal_server.galeria, name, disk).begun
    assert begun.operation is not None
    return begun.operation.rpartition("/")[2].partition("?")[0]
