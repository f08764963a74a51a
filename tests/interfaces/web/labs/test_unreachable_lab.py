"""The page of a template that is on and not reached, or whose agent is missing: what it shows, and what it offers instead."""

import re

import pytest

from galeria.domain.labs.ways_in import NO_AGENT, WayIn
from galeria.ports.machines import Observation
from galeria.reconcilers.machine_power import match_power
from tests.interfaces.web.served import Portal, text_of
from tests.local_installation import GALLERY, MIB, disk_bytes

ALGEBRA = "/labs/campus/algebra"
PICTURE = b"\x89PNG\r\n\x1a\nscreen"
SHOWN = Observation(console="Loading <b>Linux</b> & more\nlab login:", picture=PICTURE)


@pytest.fixture
def taught(portal: Portal) -> Portal:
    installation = portal.installation
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    installation.run(installation.begin_lab("algebra", GALLERY.child("images", "linux")))
    installation.engine.shown = SHOWN
    return portal


def start(portal: Portal, *silent: WayIn) -> None:
    portal.installation.engine.silent = set(silent)
    portal.installation.run(portal.installation.begin_start("algebra"))


def picture_of(page: str) -> str:
    found = re.search(r'<img src="(/operations/[^"]+/screen.png)" alt="The machine', page)
    assert found
    return found[1]


def test_a_failed_start_shows_the_machines_console_and_screen(taught: Portal) -> None:
    start(taught, WayIn.SSH)
    browser = taught.browser("educator")
    page = browser.get(ALGEBRA)
    assert '<pre tabindex="0">Loading &lt;b&gt;Linux&lt;/b&gt; &amp; more\nlab login:</pre>' in page.text
    answer = browser.get(picture_of(page.text))
    assert answer.content == PICTURE
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "no-store"
    own = picture_of(page.text).removesuffix("/screen.png")
    assert picture_of(browser.get(own).text) == picture_of(page.text)
    assert taught.browser("nobody").get(picture_of(page.text)).status_code == 404


def test_who_began_it_and_may_not_read_the_machine_any_more_sees_nothing_of_it(taught: Portal) -> None:
    start(taught, WayIn.SSH)
    browser = taught.browser("educator")
    place = picture_of(browser.get(ALGEBRA).text)
    with taught.installation.context.database() as uow:
        for held in uow.people.assignments(taught.installation.people["educator"].id):
            uow.people.remove_assignment(held)
        uow.commit()
    page = browser.get(place.removesuffix("/screen.png"))
    assert page.status_code == 404
    assert "No answer by SSH." not in page.text
    assert browser.get(place).status_code == 404


def test_an_operation_that_has_not_failed_has_no_picture(taught: Portal) -> None:
    start(taught)
    with taught.installation.context.database(reading=True) as uow:
        (operation, *_) = uow.operations.recent()
    page = taught.browser("educator").get(f"/operations/{operation.id}")
    assert page.status_code == 200
    assert "screen.png" not in page.text
    assert taught.browser("educator").get(f"/operations/{operation.id}/screen.png").status_code == 404


def test_a_machine_that_is_on_and_not_reached_can_be_stopped_and_looked_at(taught: Portal) -> None:
    start(taught, WayIn.SSH)
    browser = taught.browser("educator")
    page = browser.get(ALGEBRA)
    assert "is on, but cannot be reached" in text_of(page)
    for place in ("start", "stop"):
        assert f'action="{ALGEBRA}/{place}"' in page.text
    assert f'href="{ALGEBRA}/screen"' in page.text
    assert 'id="screen-frame"' in browser.get(f"{ALGEBRA}/screen").text
    assert "The template is on, but cannot be reached: No answer by SSH." in text_of(browser.get(f"{ALGEBRA}/connect"))
    taught.installation.engine.silent = set()
    match_power(taught.installation.context)
    assert "cannot be reached" not in text_of(browser.get(ALGEBRA))
    assert f'href="{ALGEBRA}/connect"' in browser.get(ALGEBRA).text


def test_a_machine_that_somebody_else_switched_on_says_why_it_does_not_run(taught: Portal) -> None:
    taught.installation.engine.start(taught.installation.guest_of("algebra"), ssh=False)
    taught.installation.engine.silent = {WayIn.SSH}
    match_power(taught.installation.context)
    assert "switched on outside of Galeria" in text_of(taught.browser("educator").get(ALGEBRA))


@pytest.mark.parametrize(
    ("language", "told"), [("en", "does not answer: a password"), ("pt-BR", "não responde: não é")]
)
def test_a_running_machine_without_an_agent_is_stopped_before_its_password_is_set(
    taught: Portal, language: str, told: str
) -> None:
    start(taught, WayIn.AGENT)
    match_power(taught.installation.context)
    browser = taught.browser("educator", language=language)
    assert told in text_of(browser.get(ALGEBRA))
    page = browser.get(f"{ALGEBRA}/password")
    assert f'action="{ALGEBRA}/stop"' in page.text
    assert f'action="{ALGEBRA}/password"' not in page.text
    if language == "en":
        assert f"{NO_AGENT} Stop the machine, set the password, and start it again." in text_of(page)
    refused = taught.post(browser, f"{ALGEBRA}/password", status=400, account="ana", password="Other-horse-8")
    assert f'action="{ALGEBRA}/password"' not in refused.text


def test_a_machine_whose_agent_answers_says_so_and_takes_a_password(taught: Portal) -> None:
    start(taught)
    browser = taught.browser("educator")
    assert "Agent in the machine answers" in text_of(browser.get(ALGEBRA))
    assert f'action="{ALGEBRA}/password"' in browser.get(f"{ALGEBRA}/password").text
