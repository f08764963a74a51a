"""Ways into a template: commands, a remote-desktop file, the screen's page, and a new password."""

import httpx
import pytest

from galeria.domain.images.galleries import OsType
from galeria.ports.machines import Machine
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import PASSWORD, lab_id
from tests.prepared_installations import with_lab
from tests.role_assignments import assign_role

ALGEBRA = "/labs/campus/algebra"
SCREEN = f"{ALGEBRA}/screen"
NEW_PASSWORD = "Other-Horse-8"


@pytest.fixture
def made(new_portal: NewPortal) -> Portal:
    """With a lab of the educator, off."""
    return new_portal(with_lab)


@pytest.fixture
def running(made: Portal) -> Portal:
    made.installation.run(made.installation.begin_start("algebra"))
    return made


@pytest.fixture
def browser(made: Portal) -> httpx.Client:
    return made.browser("educator")


def guest(portal: Portal) -> Machine:
    return portal.installation.guest_of("algebra")


def test_the_command_for_ssh_is_there_to_be_copied(running: Portal, browser: httpx.Client) -> None:
    page = browser.get(f"{ALGEBRA}/connect")
    port = running.installation.machine("algebra").ssh_port
    assert f"ssh -p {port} educator@127.0.0.1" in page.text
    assert 'data-copy="#ssh-near"' in page.text
    assert f'href="{SCREEN}"' in page.text


def test_a_machine_that_is_off_is_reported_and_started_from_there(made: Portal, browser: httpx.Client) -> None:
    for place in (f"{ALGEBRA}/connect", SCREEN, f"{ALGEBRA}/password"):
        page = browser.get(place)
        assert "Start it first." in text_of(page)
        assert f'action="{ALGEBRA}/start"' in page.text
    assert "screen.js" not in browser.get(SCREEN).text
    assert 'name="password"' not in browser.get(f"{ALGEBRA}/password").text


def test_the_remote_desktop_file_goes_through_the_tunnel(running: Portal, browser: httpx.Client) -> None:
    assert ":127.0.0.1:3389" in browser.get(f"{ALGEBRA}/connect").text
    file = browser.get(f"{ALGEBRA}/connect/template.rdp")
    assert file.headers["content-type"] == "application/x-rdp"
    assert "attachment" in file.headers["content-disposition"]
    assert "full address:s:127.0.0.1:13389\r\n" in file.text
    assert "username:s:educator\r\n" in file.text


def test_windows_is_reached_by_its_own_port(running: Portal, browser: httpx.Client) -> None:
    machine = running.installation.machine("algebra")
    with running.installation.context.database() as uow:
        lab = uow.labs.get(machine.lab_id)
        lab.os_type, lab.profiles = OsType.WINDOWS, {}
        uow.commit()
    page = browser.get(f"{ALGEBRA}/connect")
    assert f"127.0.0.2:{machine.ssh_port}" in text_of(page)
    assert "ssh -p" not in page.text
    assert f"full address:s:127.0.0.2:{machine.ssh_port}\r\n" in browser.get(f"{ALGEBRA}/connect/template.rdp").text


def test_the_screens_page_loads_its_module_and_nothing_inline(running: Portal, browser: httpx.Client) -> None:
    page = browser.get(SCREEN)
    assert '<script type="module" src="/static/' in page.text
    assert 'data-console="/console/campus/algebra/template"' in page.text
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert policy == browser.get("/labs").headers["content-security-policy"]


def test_the_screen_is_for_those_who_may_set_a_password(running: Portal) -> None:
    assign_role(running.installation, "nobody", "Lab Assistant", lab_id("algebra").key)
    page = running.browser("nobody").get(SCREEN)
    assert page.status_code == 200
    assert "Educator" in text_of(page)  # can do this
    assert "data-console" not in page.text
    assert running.browser("colleague").get(f"{ALGEBRA}/connect").text.count(f'href="{SCREEN}"') == 0


def test_a_new_password_is_set_in_the_running_machine(running: Portal, browser: httpx.Client) -> None:
    before = running.installation.engine.guest(guest(running)).passwords["educator"]
    answer = running.post(browser, f"{ALGEBRA}/password", account="educator", password=NEW_PASSWORD)
    assert answer.headers["location"] == ALGEBRA
    running.work()
    assert running.installation.engine.guest(guest(running)).passwords["educator"] != before


@pytest.mark.parametrize(
    ("account", "password", "told"),
    [("Ana", NEW_PASSWORD, "cannot be the name of a user"), ("ana", "short", "The password is too weak.")],
)
def test_what_is_wrong_is_reported_beside_the_field(
    running: Portal, browser: httpx.Client, account: str, password: str, told: str
) -> None:
    again = running.post(browser, f"{ALGEBRA}/password", status=400, account=account, password=password)
    assert told in text_of(again)
    assert f'value="{account}"' in again.text
    assert password not in again.text.replace(f'value="{account}"', "")
    assert running.begun.ids == []


def test_passwords_stand_on_no_page(running: Portal, browser: httpx.Client) -> None:
    for place in (ALGEBRA, f"{ALGEBRA}/connect", f"{ALGEBRA}/password", SCREEN):
        assert PASSWORD not in browser.get(place).text
