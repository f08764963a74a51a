"""The last action on each machine of a class: failed ones are in front, say why, and are tried again alone or together."""

import pytest

from galeria.actions.classes.last_actions import list_last_actions
from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message
from galeria.domain.states import OperationStatus
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.interfaces.web.students.classes import with_class
from tests.local_installation import lab_id

ALGEBRA = lab_id("algebra")
LAB = "/labs/campus/algebra"
RESULTS = f"{LAB}/results"


@pytest.fixture
def portal(new_portal: NewPortal) -> Portal:
    """Two machines whose starts have failed, since the host had a fault that is gone."""
    portal = new_portal(with_class)
    educator, engine = portal.browser("educator"), portal.installation.engine
    for name in ("vm1", "vm2"):
        portal.post(educator, f"{LAB}/class/{name}/start", page=f"{LAB}/class")
    engine.fail_on["start"] = Unavailable(Message("The host is on fire."), hint=Message("Put it out."))
    portal.work()
    engine.fail_on.clear()
    return portal


def statuses(portal: Portal) -> dict[str, OperationStatus | None]:
    with portal.installation.request("educator") as request:
        _, found = list_last_actions(request, ALGEBRA)
    return {each.machine.name: each.operation.status if each.operation else None for each in found}


def test_what_failed_is_in_front_and_says_why(portal: Portal) -> None:
    assert set(statuses(portal).values()) == {OperationStatus.FAILED}
    educator = portal.browser("educator")
    shown = text_of(educator.get(RESULTS))
    assert "2 actions failed" in shown
    assert "vm1 Start machine Failed The host is on fire." in shown
    portal.post(educator, RESULTS, page=RESULTS, machine="vm1")
    portal.work()
    assert list(statuses(portal).items()) == [("vm2", OperationStatus.FAILED), ("vm1", OperationStatus.SUCCEEDED)]
    assert "1 action failed" in text_of(educator.get(f"{RESULTS}/part"))


def test_all_that_failed_is_tried_again_together(portal: Portal) -> None:
    educator = portal.browser("educator")
    assert "Try all of them again" in text_of(educator.get(RESULTS))
    portal.post(educator, RESULTS, page=RESULTS, machine="")
    assert "2 actions are tried again." in text_of(educator.get(RESULTS))
    portal.work()
    assert set(statuses(portal).values()) == {OperationStatus.SUCCEEDED}
    assert "Nothing failed" in text_of(educator.get(RESULTS))


def test_only_the_last_action_of_a_machine_counts(portal: Portal) -> None:
    educator = portal.browser("educator")
    portal.post(educator, f"{LAB}/class/vm1/reimage", page=f"{LAB}/class")
    portal.work()
    assert statuses(portal)["vm1"] is OperationStatus.SUCCEEDED
    portal.post(educator, RESULTS, page=RESULTS, machine="vm1")
    assert portal.work() == []


def test_strangers_neither_see_nor_retry(portal: Portal) -> None:
    nobody = portal.browser("nobody")
    assert nobody.get(RESULTS).status_code == 404
    portal.post(nobody, RESULTS, status=404, machine="")
    assert set(statuses(portal).values()) == {OperationStatus.FAILED}
