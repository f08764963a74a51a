"""The page on which an educator publishes a lab, says what students get, and steers their machines."""

from galeria.domain.labs.labs import MachineKind
from galeria.domain.states import LabState, MachineState
from tests.interfaces.web.labs.published_class import PAGE, WANTED, published, students
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import lab_id
from tests.prepared_installations import with_lab


def claim_all(portal: Portal) -> None:
    """As if somebody held each machine."""
    with portal.installation.context.database() as uow:
        for machine in uow.machines.of_lab(uow.labs.get_by_key(lab_id("algebra").key).id):
            if machine.kind is MachineKind.USER:
                machine.claimed_by = machine.id
        uow.commit()


def run_waiting(portal: Portal) -> None:
    """What a server's round begins by itself."""
    with portal.installation.context.database(reading=True) as uow:
        waiting = uow.operations.unsettled()
    for operation in waiting:
        portal.installation.run(operation)


def test_a_lab_is_published_with_what_students_get(new_portal: NewPortal) -> None:
    portal = published(new_portal)
    with portal.installation.context.database(reading=True) as uow:
        lab = uow.labs.get_by_key(lab_id("algebra").key)
    assert (lab.lab_state, lab.capacity, lab.non_admin_user) == (LabState.PUBLISHED, 3, "student")
    shown = text_of(portal.browser("educator").get(PAGE))
    assert "0 of 3 run" in shown
    assert "Revision 1" in shown
    assert shown.count("Free student-") == 3


def test_all_start_and_stop_with_one_button(new_portal: NewPortal) -> None:
    portal = published(new_portal)
    claim_all(portal)
    browser = portal.browser("educator")
    portal.post(browser, f"{PAGE}-power", do="start")
    assert {each.state for each in students(portal)} == {MachineState.STARTING}
    run_waiting(portal)
    assert "3 of 3 run" in text_of(browser.get(f"{PAGE}-wall"))
    portal.post(browser, f"{PAGE}-power", do="stop")
    run_waiting(portal)
    assert {each.state for each in students(portal)} == {MachineState.STOPPED}


def test_one_is_started_looked_at_and_made_anew(new_portal: NewPortal) -> None:
    portal = published(new_portal)
    browser = portal.browser("educator")
    portal.post(browser, f"{PAGE}/student-2/start")
    portal.work()
    assert "student-2/screen" in browser.get(PAGE).text
    assert "/console/campus/algebra/student-2" in browser.get(f"{PAGE}/student-2/screen").text
    assert browser.get(f"{PAGE}/student-2/screen.png").status_code in (200, 204)
    assert "Everything on the machine's disk is lost." in text_of(browser.get(f"{PAGE}/student-2/reimage"))
    portal.post(browser, f"{PAGE}/student-2/reimage")
    portal.work()
    assert [each.is_prepared for each in students(portal)] == [False, False, False]


def test_a_wrong_capacity_is_said_beside_its_field(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    browser = portal.browser("educator")
    wrong = portal.post(browser, f"{PAGE}-settings", status=400, **{**WANTED, "capacity": "401"})
    assert "A lab has no room for 401 users." in text_of(wrong)


def test_who_may_only_read_sees_no_screen(new_portal: NewPortal) -> None:
    portal = published(new_portal)
    with portal.installation.context.database() as uow:
        person = portal.installation.people["nobody"]
        (given, *_) = uow.people.assignments(portal.installation.people["admin"].id)
        given.principal_id, given.role = person.id, "Reader"
        uow.commit()
    browser = portal.browser("nobody")
    assert "0 of 3 run" in text_of(browser.get(PAGE))
    assert portal.post(browser, f"{PAGE}-power", status=403, do="start")
    assert browser.get(f"{PAGE}/student-1/screen.png").status_code == 403
