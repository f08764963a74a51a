"""A machine does one thing at a time; asking again for the same thing joins it."""

import pytest

from galeria.actions.labs.labs import delete_lab
from galeria.actions.labs.machines import redeploy_machine, reimage_machine, reset_password, start_machine, stop_machine
from galeria.domain.errors import Conflict, Invalid, NotFound
from galeria.domain.operations import Operation
from galeria.domain.states import MachineState, OperationStatus
from galeria.workflows.classes.start_queue import admit
from tests.crashing import Crash, Steps
from tests.local_installation import GALLERY, LocalInstallation, lab_id, secrets
from tests.prepared_installations import MakeInstallation, with_lab

LAB = lab_id("algebra")


@pytest.fixture
def lab(new_installation: MakeInstallation) -> LocalInstallation:
    """Made, not started."""
    return new_installation(with_lab)


def reset(installation: LocalInstallation, password: str = "Other-horse-8", account: str = "ana") -> Operation:
    with installation.request("educator") as request:
        return reset_password(request, LAB, "template", account=account, new_password=password, secrets=secrets())


def test_a_repeated_start_joins_the_one_under_way(lab: LocalInstallation) -> None:
    first = lab.begin_start("algebra")
    assert lab.machine("algebra").state is MachineState.STARTING
    assert lab.begin_start("algebra").id == first.id
    lab.run(first)
    with lab.request("educator") as request:
        assert start_machine(request, LAB, "template") is None


def test_a_busy_machine_takes_no_other_verb(lab: LocalInstallation) -> None:
    start = lab.begin_start("algebra")
    assert admit(lab.context, start.id)  # else it would wait no longer
    with pytest.raises(Conflict, match="start machine is under way"):
        lab.begin_stop("algebra")
    lab.run(start)
    stop = lab.begin_stop("algebra")
    assert lab.begin_stop("algebra").id == stop.id
    with pytest.raises(Conflict, match="stop machine is under way"):
        lab.begin_start("algebra")
    with pytest.raises(Conflict, match="not running"):
        reset(lab)
    lab.run(stop)
    with lab.request("educator") as request:
        assert stop_machine(request, LAB, "template") is None


def test_a_machine_is_busy_while_an_export_closes_its_layer_and_no_longer(lab: LocalInstallation) -> None:
    lab.run(lab.begin_start("algebra"))
    export = lab.begin_export("algebra", "Algebra")
    with pytest.raises(Conflict, match="export template is under way"):
        lab.begin_stop("algebra")
    with pytest.raises(Conflict, match="export template is under way"):
        reset(lab)
    steps = Steps()
    with pytest.raises(Crash):
        lab.run(export, steps.resumed((2, "before")))
    assert lab.run(lab.begin_stop("algebra")).status is OperationStatus.SUCCEEDED
    assert lab.run(export, steps.resumed()).status is OperationStatus.SUCCEEDED


def test_a_password_is_reset_in_a_running_machine_only(lab: LocalInstallation) -> None:
    with pytest.raises(Conflict, match="not running"):
        reset(lab)
    lab.run(lab.begin_start("algebra"))
    for password, account in (("weak", "ana"), ("Other-horse-8", "root"), ("Other-horse-8", "Ana")):
        with pytest.raises(Invalid):
            reset(lab, password, account)
    assert lab.run(reset(lab)).status is OperationStatus.SUCCEEDED
    guest = lab.engine.guest(lab.guest_of("algebra"))
    assert set(guest.passwords) == {"educator", "ana"}
    assert lab.machine("algebra").accounts == ["ana", "educator"]


def test_a_lab_that_is_not_made_or_is_going_has_no_machine_to_start(lab: LocalInstallation) -> None:
    with pytest.raises(NotFound), lab.request("educator") as request:
        start_machine(request, LAB, "vm7")
    lab.begin_lab("geometry", GALLERY.child("images", "linux"))
    with pytest.raises(Conflict, match="is Creating"):
        lab.begin_start("geometry")
    with lab.request("educator") as request:
        delete_lab(request, LAB)
    with pytest.raises(Conflict, match="is Deleting"):
        lab.begin_start("algebra")


def test_what_is_done_with_it_is_in_the_log_by_the_right_that_it_takes(lab: LocalInstallation) -> None:
    lab.run(lab.begin_start("algebra"))
    lab.run(reset(lab))
    for do in (redeploy_machine, reimage_machine):
        with lab.request("educator") as request:
            operation = do(request, LAB, "template")
        lab.run(operation)
    lab.run(lab.begin_start("algebra"))
    lab.run(lab.begin_stop("algebra"))
    machine = f"{LAB.key}/virtualmachines/template"
    with lab.request() as request:
        events = [each.action for each in request.uow.audit.recent(below=machine)]
    verbs = ["stop", "start", "reimage", "redeploy", "resetPassword", "start"]
    assert events == [f"Microsoft.LabServices/labs/virtualMachines/{verb}/action" for verb in verbs]
