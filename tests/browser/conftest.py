"""One Chromium and one server with content for all tests of this folder; each test opens windows of its own."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.browser import chromium_running
from tests.browser.class_rows import add_class
from tests.browser.page_checks import NARROW, ROOT, WIDE, sized
from tests.browser.page_visits import Visits
from tests.browser.portal_server import GALLERY, MARIA, PASSWORD, PortalServer, add_content, running_portal
from tests.system.server_process import ServerProcess

Picture = Callable[[Page, str], Path]


# Of the folder and not of the whole run: other tests need a thread without a running asyncio loop.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with chromium_running() as browser:
        yield browser


@pytest.fixture(scope="package")
def fake_server() -> Iterator[PortalServer]:
    """`galeria serve --fake` in a process of its own, with what `add_content` and `add_class` put in.

    Tests add things under new names.
    """
    folder = Path(tempfile.mkdtemp(prefix="galeria-web-", dir="/var/tmp"))
    try:
        with running_portal(folder) as portal_server:
            add_content(portal_server)
            add_class(portal_server)
            yield portal_server
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="package")
def visits(fake_server: PortalServer, chromium: Browser) -> Visits:
    return Visits(fake_server, chromium)


@pytest.fixture
def visit(visits: Visits) -> Iterator[Visits]:
    """Opens windows: visit(ANA, language="pt-BR", narrow=True). They are closed after the test."""
    yield visits
    visits.close()


@pytest.fixture
def window(portal_server: PortalServer, chromium: Browser) -> Iterator[Visits]:
    """Opens windows on the module's own server. They are closed after the test."""
    visits = Visits(portal_server, chromium)
    yield visits
    visits.close()


@pytest.fixture
def blank(chromium: Browser) -> Iterator[Page]:
    """A window on nothing."""
    with chromium.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}) as context:
        yield context.new_page()


@pytest.fixture
def picture(request: pytest.FixtureRequest, tmp_path: Path) -> Picture:
    """Takes NAME.png and NAME-narrow.png of the whole page: for the documents with --regenerate, else to look at."""
    regenerate = request.config.getoption("--regenerate")
    folder = ROOT / "docs" / "pictures" if regenerate else tmp_path / "pictures"

    def take(page: Page, name: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for (width, height), ending in ((WIDE, ""), (NARROW, "-narrow")):
            with sized(page, width, height):
                page.evaluate("scrollTo(0, 0)")  # what stays in view is then in its own place
                page.screenshot(
                    path=folder / f"{name}{ending}.png", full_page=True, animations="disabled", caret="hide"
                )
        return folder / f"{name}.png"

    return take


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    """A process of one test alone, which may be killed, with a gallery and Maria."""
    folder = Path(tempfile.mkdtemp(prefix="galeria-web-", dir="/var/tmp"))
    portal_server = ServerProcess(folder, probed=folder / "none", log=folder / "server.log")
    try:
        portal_server.start("--fake")
        portal_server.galeria.wait(portal_server.galeria.galleries.put(GALLERY, region="brazilsouth"))
        portal_server.galeria.people.create(MARIA.name, display_name=MARIA.display_name, password=PASSWORD)
        subscription = json.loads((portal_server.data / "connect.json").read_text(encoding="utf-8"))["subscription_id"]
        portal_server.galeria.roles.give(MARIA.name, MARIA.role, f"/subscriptions/{subscription}")
        yield portal_server
    finally:
        portal_server.stop()
        shutil.rmtree(folder)


def endpoint_of(server: ServerProcess) -> str:
    return str(json.loads((server.data / "connect.json").read_text(encoding="utf-8"))["endpoint"])
