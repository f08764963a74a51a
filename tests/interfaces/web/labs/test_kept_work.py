"""The page of a lab's deletion names whose work is kept, and another page gives it back."""

import re

import pytest

from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.actions.rosters.machine_claims import claim_any
from galeria.domain.labs.labs import LabMachine
from tests.interfaces.web.labs.published_class import PAGE, published, students
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import lab_id, secrets

KEPT = "/labs/campus/algebra/kept-work"
LAB = lab_id("algebra")


def claimed(portal: Portal) -> LabMachine:
    """The student's machine, which was used."""
    with portal.installation.request("nobody") as request:
        own = claim_any(request, request.uow.labs.get_by_key(LAB.key))
    browser = portal.browser("educator")
    for verb in ("start", "stop"):
        portal.post(browser, f"{PAGE}/{own.name}/{verb}")
        portal.work()
    return next(each for each in students(portal) if each.id == own.id)


@pytest.fixture
def portal(new_portal: NewPortal) -> Portal:
    portal = published(new_portal)
    with portal.installation.request("educator") as request:
        update_lab(request, LAB, LabSettings(open_access=True, profiles={"workDiskGib": 1}), secrets())
    return portal


def test_a_deletion_says_first_whose_work_is_kept(portal: Portal) -> None:
    browser = portal.browser("educator")
    assert "kept for 14 days" not in text_of(browser.get("/labs/campus/algebra/delete"))
    claimed(portal)
    asked = text_of(browser.get("/labs/campus/algebra/delete"))
    assert "The work disks of these people are kept for 14 days, and can be given back in another lab: Nobody" in asked
    assert "3 machines of students" in asked


def test_what_work_takes_is_told(portal: Portal) -> None:
    browser = portal.browser("educator")
    assert "on the host now" not in text_of(browser.get(PAGE))
    own = claimed(portal)
    with portal.installation.context.database(reading=True) as uow:
        disk = uow.work_disks.find_of_machine(own.id)
    assert disk
    portal.installation.engine.work_file(disk.region, disk.id).write_bytes(bytes(3 << 20))
    assert "Work disks of this lab take 3 MB on the host now." in text_of(browser.get(PAGE))


def test_kept_work_is_given_back_with_one_button(portal: Portal) -> None:
    browser = portal.browser("educator")
    assert "Nothing is kept that you could give back." in text_of(browser.get(KEPT))
    own = claimed(portal)
    people = browser.get("/labs/campus/algebra/people")
    (user,) = set(re.findall(r"/people/([0-9a-f-]{36})", people.text))
    portal.post(browser, f"/labs/campus/algebra/people/{user}/remove")
    portal.work()
    assert "is not among the people of this lab" in text_of(browser.get(KEPT))
    assert "não está entre as pessoas" in text_of(portal.browser("educator", "pt-BR").get(KEPT))

    again = claimed(portal)
    page = browser.get(KEPT)
    (disk,) = re.findall(r'name="disk" value="([0-9a-f]+)"', page.text)
    assert f"Give back in {again.name}" in text_of(page)
    portal.post(browser, KEPT, disk=disk)
    with portal.installation.context.database(reading=True) as uow:
        work = uow.work_disks.find_of_machine(again.id)
    assert work
    assert work.id == disk
    assert own.claimed_by != again.claimed_by
