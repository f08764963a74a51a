"""The two main scenarios in a real browser, with three people, on real machines, in both languages.

A: an administrator attaches a gallery and imports an image; an educator makes a lab from it. B: the educator exports the
template; a colleague makes the next lab from that, in another region, without the old password.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from galeria.bootstrap.demo_host import build_demo_files
from galeria.interfaces.demo.people import DemoFiles
from tests.browser.conftest import Picture
from tests.browser.page_checks import check_page
from tests.browser.page_visits import ENGLISH, LANGUAGES_AT_LENGTH, Visits
from tests.browser.portal_server import ANA, AWAY, BIA, HOME, MARIA, PortalServer, running_portal
from tests.browser.walk import (
    GROUP,
    WORK_SECONDS,
    NewLab,
    Walk,
    beside,
    create_gallery,
    import_file,
    make_lab,
    shell_of,
    words,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

ANAS, BIAS = "Course-Work-2026", "Another-Course-7"


@pytest.fixture(scope="module")
def material() -> Iterator[DemoFiles]:
    folder = Path(tempfile.mkdtemp(prefix="galeria-walk-", dir="/var/tmp"))
    yield build_demo_files(folder / "material")
    shutil.rmtree(folder)


@pytest.fixture
def portal_server() -> Iterator[PortalServer]:
    """With real machines, and nothing in it but people."""
    folder = Path(tempfile.mkdtemp(prefix="galeria-walk-", dir="/var/tmp"))
    folder.chmod(0o755)  # machines run as another user
    try:
        with running_portal(folder, fake=False) as portal_server:
            yield portal_server
            for lab in portal_server.galeria.labs.list():
                portal_server.galeria.wait(portal_server.galeria.labs.delete(lab["id"]), seconds=WORK_SECONDS)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("language", LANGUAGES_AT_LENGTH)
def test_three_people_walk_both_scenarios(
    window: Visits, portal_server: PortalServer, material: DemoFiles, picture: Picture, language: str
) -> None:
    say, ending = words(language), "" if language == ENGLISH else "-pt"
    maria, ana, bia = (Walk(page=window(each, language=language), say=say) for each in (MARIA, ANA, BIA))

    def photograph(page: Page, name: str) -> None:
        """What was typed is checked by now, and nothing on the page is exchanged any more."""
        page.evaluate("document.activeElement.blur()")
        page.wait_for_load_state("networkidle")
        check_page(page)
        picture(page, name + ending)

    an_image_from_outside(maria, material, photograph)
    a_lab_from_it(ana, photograph)
    the_template_is_exported(ana, photograph)
    the_next_lab_elsewhere(bia, ana, photograph)
    what_it_costs(maria, photograph)


def an_image_from_outside(maria: Walk, material: DemoFiles, photograph: Callable[[Page, str], None]) -> None:
    """Scenario A, the administrator's part."""
    create_gallery(maria, "campus")
    import_file(maria, material.qcow2, "Linux for algebra")
    photograph(maria.page, "version")
    import_file(maria, material.too_large, "Linux with 130 GB")
    maria.go(f"/accounts/{GROUP}/labs/images")
    maria.expect_text("Linux with 130 GB")
    maria.expect_text("130 GB")
    cure = maria.say("Raise the limit to %(size)s GB") % {"size": 131}
    expect(maria.page.get_by_role("link", name=cure)).to_be_visible()
    photograph(maria.page, "images")


def a_lab_from_it(ana: Walk, photograph: Callable[[Page, str], None]) -> None:
    """Scenario A, the educator's part."""
    make_lab(ana, NewLab(name="algebra", image="Linux for algebra", region=HOME, user="ana", password=ANAS), photograph)
    ana.expect_state(f"/labs/{GROUP}/algebra", "Stopped")
    ana.press("Start")
    ana.expect_state(f"/labs/{GROUP}/algebra", "Running")
    photograph(ana.page, "template")
    shell = shell_of(ana, "algebra", password=ANAS)
    photograph(ana.page, "connect")
    assert beside(lambda: shell.run("echo 'Lesson one' > lesson.txt && sync && whoami")) == "ana"
    ana.go(f"/labs/{GROUP}/algebra/screen")
    expect(ana.page.locator("#screen-state")).to_have_text(ana.say("Connected"), timeout=WORK_SECONDS * 1000)
    expect(ana.page.locator("#screen canvas")).to_be_visible()


def the_template_is_exported(ana: Walk, photograph: Callable[[Page, str], None]) -> None:
    """Scenario B, the educator's part: the walk of the article."""
    ana.go(f"/labs/{GROUP}/algebra")
    ana.press("Export to Shared Image Gallery")
    ana.page.fill("#name", "Algebra, first term")
    expect(ana.page.locator("#estimate table")).to_be_visible()
    photograph(ana.page, "export")
    ana.press("Export")
    ana.page.wait_for_url(f"**/labs/{GROUP}/algebra*")
    ana.expect_text(ana.say("The template was exported to the Shared Image Gallery."), seconds=WORK_SECONDS)
    photograph(ana.page, "exported")


def the_next_lab_elsewhere(bia: Walk, ana: Walk, photograph: Callable[[Page, str], None]) -> None:
    """Scenario B, the colleague's part."""
    wanted = NewLab(name="geometry", image="Algebra, first term", region=AWAY, user="bia", password=BIAS)
    make_lab(bia, wanted, photograph)
    bia.expect_state(f"/labs/{GROUP}/geometry", "Stopped")
    bia.press("Start")
    bia.expect_state(f"/labs/{GROUP}/geometry", "Running")
    shell = shell_of(bia, "geometry", password=BIAS)
    assert beside(lambda: shell.run("sudo cat /home/ana/lesson.txt")) == "Lesson one"
    old = type(shell)(host=shell.host, port=shell.port, user="ana", password=ANAS)
    assert beside(old.is_refused)


def what_it_costs(maria: Walk, photograph: Callable[[Page, str], None]) -> None:
    maria.go("/costs")
    maria.expect_text("Algebra, first term")
    photograph(maria.page, "costs")
    maria.go(f"/galleries/{GROUP}/campus/images/Linux-for-algebra/versions/1.0.0/delete")
    maria.expect_text("algebra")
    photograph(maria.page, "impact")
