"""Every page of the portal, found by its links, keeps what all pages promise; nobody is led to what they may not see."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from bench.server.walk import PageRoute, Walked, page_routes, walk
from galeria.adapters.durable import WorkerlessStarter
from galeria.bootstrap.container import open_container
from galeria.bootstrap.server import application
from tests.browser.class_rows import CAIO
from tests.browser.page_checks import check_page
from tests.browser.page_visits import ENGLISH, LANGUAGES, LANGUAGES_AT_LENGTH, Visits
from tests.browser.portal_server import ANA, MARIA, Person, PortalServer

pytestmark = pytest.mark.slow

OK = 200
Walk = Callable[[Person], Walked]


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[PageRoute]]:
    parts = open_container(tmp_path_factory.mktemp("routes"), fake=True)
    yield page_routes(application(parts, "https://localhost", WorkerlessStarter()))
    parts.close()


@pytest.fixture
def walk_as(visit: Visits, fake_server: PortalServer, routes: list[PageRoute]) -> Walk:
    """A walk with somebody's session."""

    def walk_as(person: Person) -> Walked:
        cookies = visit(person).context.cookies()
        trust = ssl.create_default_context(cafile=str(Path(fake_server.connect["ca_file"])))
        with httpx.Client(base_url=fake_server.endpoint, verify=trust, trust_env=False) as client:
            client.headers["Cookie"] = "; ".join(f"{each.get('name')}={each.get('value')}" for each in cookies)
            return walk(client, routes)

    return walk_as


@pytest.mark.parametrize("language", LANGUAGES_AT_LENGTH)
def test_each_page_of_an_administrator_keeps_every_promise(visit: Visits, walk_as: Walk, language: str) -> None:
    _check_all(visit(MARIA, language=language), walk_as(MARIA))


def test_each_page_of_an_educator_keeps_every_promise(visit: Visits, walk_as: Walk) -> None:
    _check_all(visit(ANA, language=ENGLISH), walk_as(ANA))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_of_a_student_keeps_every_promise(visit: Visits, walk_as: Walk, language: str) -> None:
    _check_all(visit(CAIO, language=language), walk_as(CAIO))


def test_a_student_is_led_to_the_own_machine(walk_as: Walk) -> None:
    found = {route.name for route in walk_as(CAIO).unfound}

    assert not {"web_my_machines", "web_my_machine", "web_my_machine_screen", "web_my_machine_password"} & found
    assert {"web_lab", "web_lab_people"} <= found


@pytest.mark.parametrize("person", [MARIA, ANA, CAIO], ids=lambda person: str(person.name))
def test_no_link_leads_to_a_refusal(walk_as: Walk, person: Person) -> None:
    assert walk_as(person).refused == {}


def test_an_administrator_is_led_to_every_page(walk_as: Walk) -> None:
    strangers = {"web_sign_in", "web_welcome", "web_lab_welcome", "web_calendar"}
    # Of who has claimed a machine, or holds a code that nobody links to.
    students = {
        "web_register",
        "web_my_machines_part",
        "web_my_machine_news",
        "web_my_machine",
        "web_my_machine_screen",
        "web_my_machine_password",
        "web_my_machine_ask_reimage",
        "web_my_machine_rdp",
    }
    # Of machines that failed or run, and there is none.
    machines = {
        "web_operation_picture",
        "web_lab_picture",
        "web_lab_terminal",
        "web_class_screen",
        "web_class_picture",
    }

    assert {route.name for route in walk_as(MARIA).unfound} <= strangers | students | machines


def _check_all(page: Page, walked: Walked) -> None:
    """Checks them all before it fails. Pieces that scripts ask for are seen in their pages."""
    problems, looked_at = [], 0
    for found in walked.pages:
        if found.status != OK or not found.is_html:
            continue
        page.goto(found.address)
        if not page.title():
            continue
        looked_at += 1
        try:
            check_page(page)
        except AssertionError as error:
            problems.append(str(error))
        page.clear_console_messages()
        page.clear_page_errors()
    assert looked_at > 1
    assert not problems, "\n".join(problems)
