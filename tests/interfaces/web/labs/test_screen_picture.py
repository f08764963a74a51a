"""The small picture of a machine's screen on its lab's page, for who may open that screen, while the machine runs."""

import pytest

from galeria.ports.machines import Observation
from tests.interfaces.web.served import NewPortal, Portal
from tests.local_installation import SUBSCRIPTION
from tests.prepared_installations import with_running_lab
from tests.role_assignments import assign_role

LAB = "/labs/campus/algebra"
PICTURE = f"{LAB}/screen.png"
PNG = b"\x89PNG\r\n\x1a\nscreen"


@pytest.fixture
def running(new_portal: NewPortal) -> Portal:
    portal = new_portal(with_running_lab)
    portal.installation.engine.shown = Observation(console="login:", picture=PNG)
    return portal


def test_the_page_shows_the_screen_while_the_machine_runs(running: Portal) -> None:
    browser = running.browser("educator")
    assert f'src="{PICTURE}"' in browser.get(LAB).text

    picture = browser.get(PICTURE)

    assert (picture.status_code, picture.content) == (200, PNG)
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["cache-control"] == "no-store"


def test_a_machine_that_is_off_has_no_picture(running: Portal) -> None:
    running.installation.run(running.installation.begin_stop("algebra"))
    browser = running.browser("educator")

    assert PICTURE not in browser.get(LAB).text
    nothing = browser.get(PICTURE)

    assert (nothing.status_code, nothing.content) == (204, b"")


def test_a_machine_whose_screen_cannot_be_seen_has_no_picture(running: Portal) -> None:
    running.installation.engine.shown = Observation(console="login:", picture=b"")

    assert running.browser("educator").get(PICTURE).status_code == 204


def test_who_may_not_open_the_screen_sees_no_picture_of_it(running: Portal) -> None:
    assign_role(running.installation, "nobody", "Reader", f"/subscriptions/{SUBSCRIPTION}")
    browser = running.browser("nobody")

    page = browser.get(LAB)

    assert page.status_code == 200
    assert PICTURE not in page.text
    assert browser.get(PICTURE).status_code == 403
    assert running.stranger().get(PICTURE).status_code == 303
