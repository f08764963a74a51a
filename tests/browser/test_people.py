"""Who is who, in a real browser: the first visit, a colleague let in by a link, and people of another provider."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page_checks import check_page
from tests.browser.page_visits import PORTUGUESE, Visits
from tests.browser.portal_server import PortalServer, running_portal
from tests.interfaces.web.provider.running import RunningProvider, providing

pytestmark = pytest.mark.slow

FONTS = "fonts.googleapis.com"  # that the provider's own pages ask for
PASSWORD = "Correct-Horse-7"
SETTINGS = """
[sign_in.openid]
name = "Campus"
issuer = "{issuer}"
client_id = "galeria"
client_secret = "a secret & more"
create_people = true
role = "Lab Creator"
"""


@pytest.fixture(scope="module")
def campus() -> Iterator[RunningProvider]:
    with providing() as provider:
        yield provider


@pytest.fixture(scope="module")
def portal_server(campus: RunningProvider) -> Iterator[PortalServer]:
    """One where nobody has signed in yet, and that knows the provider."""
    folder = Path(tempfile.mkdtemp(prefix="galeria-web-", dir="/var/tmp"))
    try:
        (folder / "data").mkdir()
        (folder / "data" / "galeria.toml").write_text(SETTINGS.format(issuer=campus.issuer), encoding="utf-8")
        with running_portal(folder) as portal_server:
            campus.control(endpoint=portal_server.endpoint)
            yield portal_server
    finally:
        shutil.rmtree(folder)


def test_the_first_visit_and_a_colleague_let_in(window: Visits, portal_server: PortalServer) -> None:
    admin = first_visit(window, portal_server)
    invitation = let_in(admin, "Caio Lima", "caio")
    caio = follow(window, invitation)
    admin.get_by_role("link", name="Done").click()
    check_page(admin)
    admin.get_by_label("Role", exact=True).select_option("Lab Operator")
    admin.get_by_label("Where the role counts").select_option(label="galeria")
    admin.get_by_role("button", name="Give the role").click()
    expect(admin.get_by_role("row", name="Lab Operator")).to_contain_text("Resource group galeria")
    admin.get_by_role("button", name="Disable").click()
    expect(admin.get_by_role("heading", level=1)).to_contain_text("Disabled")
    caio.reload()
    expect(caio).to_have_url(re.compile("/sign-in"))


def first_visit(window: Visits, portal_server: PortalServer) -> Page:
    """With the link that `galeria connect` prints; ends at the list of people, in English."""
    admin = window(language=PORTUGUESE, path=urlsplit(portal_server.connect["password_link"]).path)
    check_page(admin)
    choose_password(admin, "Começar")
    expect(admin.get_by_role("status")).to_contain_text("Boas-vindas.")
    admin.get_by_role("button", name="English").click()
    admin.get_by_role("link", name="People and roles").click()
    check_page(admin)
    return admin


def let_in(admin: Page, name: str, user_name: str) -> str:
    """The link that a new Lab Creator gets; ends at the page that shows it."""
    admin.get_by_role("link", name="Add a person").click()
    check_page(admin)
    admin.get_by_label("Name", exact=True).fill(name)
    admin.get_by_label("User name").fill(user_name)
    admin.get_by_label("Role", exact=True).select_option("Lab Creator")
    admin.get_by_role("button", name="Add", exact=True).click()
    expect(admin.get_by_role("button", name="Copy")).to_be_visible()
    check_page(admin)
    admin.get_by_role("button", name="Copy").click()
    expect(admin.get_by_role("button", name="Copied")).to_be_visible()
    return str(admin.evaluate("navigator.clipboard.readText()"))


def follow(window: Visits, invitation: str) -> Page:
    """The link works once; ends at the new person's account."""
    page = window(path=invitation)
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose your password")
    choose_password(page, "Start")
    page.goto("/me")
    check_page(page)
    again = window(path=invitation)
    expect(again.get_by_role("heading", level=1)).to_have_text("This link does not work any more")
    check_page(again, besides="status of 404")
    return page


def test_somebody_of_another_provider_comes_and_goes(window: Visits, campus: RunningProvider) -> None:
    page = window(path="/sign-in")
    check_page(page)
    page.get_by_role("link", name="Sign in with Campus").click()
    page.wait_for_url(f"{campus.issuer}/interaction/*", wait_until="domcontentloaded")
    page.locator("[name=login]").fill("davi")
    page.locator("[name=password]").fill("anything")
    page.locator("[type=submit]").click()
    page.locator("[name=prompt][value=consent]").wait_for(state="attached")
    page.locator("[type=submit]").click()
    page.wait_for_url("**/labs")
    page.locator("header summary").click()
    page.get_by_role("link", name="My account").click()
    expect(page.get_by_text("Davi Souza · davi")).to_be_visible()
    check_page(page, besides=FONTS)

    page.locator("header summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    check_page(page, besides=FONTS)
    page.get_by_role("link", name="Sign out there, too").click()
    page.wait_for_url(f"{campus.issuer}/session/end*", wait_until="domcontentloaded")
    page.locator("button[name=logout][value=yes]").click()
    page.wait_for_url("**/sign-in*")

    page.get_by_role("link", name="Sign in with Campus").click()
    page.wait_for_url(f"{campus.issuer}/interaction/*", wait_until="domcontentloaded")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("'Campus' did not let you in, or you said no there.")
    check_page(page, besides=f"status of 401|{FONTS}")


def choose_password(page: Page, button: str) -> None:
    for name in "new", "again":
        page.locator(f"[name={name}]").fill(PASSWORD)
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/labs")
