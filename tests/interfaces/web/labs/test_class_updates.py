"""Who stands on an earlier revision is told; educators and students update machines, and bring back what they were."""

import re

import httpx
import pytest

from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.actions.rosters.machine_claims import claim_any
from galeria.domain.labs.labs import LabMachine
from galeria.domain.states import MachineState
from tests.interfaces.web.labs.published_class import PAGE, published, students
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import lab_id, secrets

MINE = "/machines/campus/algebra/student-1"
LAB = lab_id("algebra")


def own(portal: Portal) -> LabMachine:
    return next(each for each in students(portal) if each.name == "student-1")


def kept_in(page: httpx.Response) -> list[str]:
    return re.findall(r'name="kept" value="([0-9a-f]+)"', page.text)


@pytest.fixture
def portal(new_portal: NewPortal) -> Portal:
    """A student has used the first machine; the template was changed and published since."""
    portal = published(new_portal)
    installation, browser = portal.installation, portal.browser("educator")
    with installation.request("educator") as request:
        update_lab(request, LAB, LabSettings(open_access=True, usage_quota="PT9H"), secrets())
    with installation.request("nobody") as request:
        assert claim_any(request, request.uow.labs.get_by_key(LAB.key)).name == "student-1"
    portal.post(browser, f"{PAGE}/student-1/start")
    portal.work()
    installation.run(installation.begin_start("algebra"))
    installation.engine.write(installation.guest_of("algebra"), 0, b"lesson two")
    portal.post(browser, f"{PAGE}-publish")
    portal.work()
    return portal


def test_an_educator_updates_a_class_at_the_next_stop(portal: Portal) -> None:
    browser = portal.browser("educator")
    assert "1 stand on an earlier revision" in text_of(browser.get(PAGE))
    portal.post(browser, f"{PAGE}-update", do="stop")
    assert (own(portal).update_at_stop, own(portal).revision) == (True, 1)
    assert "Updated at its next stop" in text_of(browser.get(PAGE))
    portal.post(browser, f"{PAGE}/student-1/update", do="not")
    assert not own(portal).update_at_stop

    portal.post(browser, f"{PAGE}-update", do="now")
    with portal.installation.context.database(reading=True) as uow:
        (begun,) = uow.operations.unsettled()
    portal.installation.run(begun)
    assert (own(portal).revision, own(portal).state) == (2, MachineState.STOPPED)
    page = browser.get(PAGE)
    assert "earlier revision" not in text_of(page)

    (kept,) = kept_in(page)
    portal.post(browser, f"{PAGE}/student-1/back", kept=kept)
    portal.work()
    assert own(portal).revision == 1


def test_a_student_updates_the_own_machine_and_goes_back(portal: Portal) -> None:
    browser = portal.browser("nobody")
    assert "Your educator has published a newer version." in text_of(browser.get("/machines"))
    portal.post(browser, f"{MINE}/update", page="/machines", do="stop")
    assert "Your machine gets it at its next stop." in text_of(browser.get("/machines"))
    assert "receberá" in text_of(portal.browser("nobody", "pt-BR").get("/machines"))
    portal.post(browser, f"{MINE}/update", page="/machines", do="now")
    portal.work()
    assert own(portal).revision == 2

    (kept,) = kept_in(browser.get("/machines"))
    portal.post(browser, f"{MINE}/back", page="/machines", kept=kept)
    portal.work()
    assert own(portal).revision == 1
    portal.post(browser, f"{MINE}/back", page="/machines", status=404, kept=kept)
