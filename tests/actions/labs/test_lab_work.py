"""Publishing a lab, making a machine anew, and labs that wait for their template."""

import pytest

from galeria.actions.core.locks import put_lock
from galeria.actions.labs.classic_labs import (
    DraftRequest,
    delete_account_and_labs,
    delete_template,
    list_either,
    put_lab,
)
from galeria.actions.labs.lab_publishing import publish_lab, sync_group
from galeria.actions.labs.lab_settings import LabSettings
from galeria.actions.labs.machines import redeploy_machine, reimage_machine
from galeria.actions.people.roles import give_role
from galeria.domain.errors import Conflict, Forbidden, GaleriaError, MachineFailed
from galeria.domain.labs.labs import Lab
from galeria.domain.locks import LockLevel
from galeria.domain.messages import Message
from galeria.domain.states import LabState, MachineState, OperationStatus, ProvisioningState
from tests.actions.labs.lab_changes import ALGEBRA, IMAGE, change, held
from tests.local_installation import ACCOUNT, GROUP, MIB, LocalInstallation, disk_bytes, secrets
from tests.prepared_installations import MakeInstallation, with_lab
from tests.role_assignments import assign_role


@pytest.fixture
def lab(new_installation: MakeInstallation) -> LocalInstallation:
    """With the lab 'algebra', whose template is off."""
    return new_installation(with_lab)


def test_publishing_shuts_the_template_down_and_opens_the_lab(lab: LocalInstallation) -> None:
    lab.run(lab.begin_start("algebra"))
    with lab.request("educator") as request:
        operation = publish_lab(request, ALGEBRA)
        assert publish_lab(request, ALGEBRA).id == operation.id
    assert held(lab).lab_state is LabState.PUBLISHING
    assert lab.run(operation).status is OperationStatus.SUCCEEDED
    published = held(lab)
    assert published.lab_state is LabState.PUBLISHED
    assert published.published_at is not None
    assert lab.machine("algebra").state is MachineState.STOPPED
    with pytest.raises(Forbidden, match="publish"), lab.request("colleague") as request:
        publish_lab(request, ALGEBRA)


def test_a_publication_that_fails_leaves_a_draft_that_can_be_published(lab: LocalInstallation) -> None:
    lab.run(lab.begin_start("algebra"))
    lab.engine.fail_on["stop"] = MachineFailed(Message("It does not stop."), hint=Message("Pull the plug."))
    with lab.request("educator") as request:
        operation = publish_lab(request, ALGEBRA)
    assert lab.run(operation).status is OperationStatus.FAILED
    assert (held(lab).lab_state, held(lab).failure) == (LabState.DRAFT, "It does not stop.")
    del lab.engine.fail_on["stop"]
    lab.run(lab.begin_stop("algebra"))
    with lab.request("educator") as request:
        operation = publish_lab(request, ALGEBRA)
    lab.run(operation)
    assert held(lab).lab_state is LabState.PUBLISHED


def test_a_group_that_nobody_knows_is_not_synchronized(lab: LocalInstallation) -> None:
    with lab.request("educator") as request:
        sync_group(request, ALGEBRA)
    change(
        lab, LabSettings(profiles={"rosterProfile": {"activeDirectoryGroupId": "8a1e2b1c-5d0f-4f9e-9a53-0c8f3a4e5b6d"}})
    )
    with pytest.raises(Conflict, match="not known here"), lab.request("educator") as request:
        sync_group(request, ALGEBRA)


def test_a_reimaged_template_is_its_image_again_with_a_locked_account(lab: LocalInstallation) -> None:
    lab.run(lab.begin_start("algebra"))
    lab.engine.write(lab.guest_of("algebra"), 0, b"spoiled")
    with lab.request("educator") as request:
        operation = reimage_machine(request, ALGEBRA, "template")
        assert reimage_machine(request, ALGEBRA, "template").id == operation.id
    done = lab.run(operation)
    assert (done.status, done.outputs["passwordLocked"]) == (OperationStatus.SUCCEEDED, True)
    assert lab.machine("algebra").state is MachineState.STOPPED
    assert lab.engine.read(lab.guest_of("algebra"), 0, MIB) == disk_bytes(MIB)
    lab.run(lab.begin_start("algebra"))
    assert lab.engine.guest(lab.guest_of("algebra")).passwords == {"educator": "!"}


def test_a_template_is_not_reimaged_under_an_export(lab: LocalInstallation) -> None:
    lab.begin_export("algebra", "Saved")
    for begin in (reimage_machine, redeploy_machine):
        with pytest.raises(Conflict), lab.request("educator") as request:
            begin(request, ALGEBRA, "template")


@pytest.mark.parametrize("running", [True, False])
def test_a_redeployed_machine_is_as_it_was(lab: LocalInstallation, running: bool) -> None:
    if running:
        lab.run(lab.begin_start("algebra"))
    with lab.request("educator") as request:
        operation = redeploy_machine(request, ALGEBRA, "template")
    assert lab.run(operation).status is OperationStatus.SUCCEEDED
    assert lab.machine("algebra").state is (MachineState.RUNNING if running else MachineState.STOPPED)
    assert lab.engine.guest(lab.guest_of("algebra")).is_running is running


def test_an_operator_exports_and_an_assistant_does_not(lab: LocalInstallation) -> None:
    assign_role(lab, "nobody", "Lab Assistant", GROUP.key)
    with pytest.raises(Forbidden, match="saveImage"):
        lab.begin_export("algebra", "Mine", who="nobody")
    assign_role(lab, "nobody", "Lab Operator", GROUP.key)
    assert lab.run(lab.begin_export("algebra", "Mine", who="nobody")).status is OperationStatus.SUCCEEDED


def test_a_lab_without_template_is_a_draft_until_it_gets_one(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    with installation.request("educator") as request:
        draft, is_new = put_lab(request, ACCOUNT, ALGEBRA, DraftRequest(capacity=5, usage_quota="PT1H"), secrets())
    assert (is_new, draft.capacity, draft.location) == (True, 5, "brazilsouth")
    with installation.request("educator") as request:
        assert not put_lab(request, ACCOUNT, ALGEBRA, DraftRequest(capacity=6), secrets())[1]
        assert [each.capacity for each in list_either(request, ACCOUNT)] == [6]
    with pytest.raises(Forbidden), installation.request("colleague") as request:
        put_lab(request, ACCOUNT, ALGEBRA, DraftRequest(capacity=7), secrets())
    with pytest.raises(Forbidden):
        installation.begin_lab("algebra", IMAGE, who="colleague")
    installation.run(installation.begin_lab("algebra", IMAGE))
    with installation.request("educator") as request:
        (made,) = list_either(request, ACCOUNT)
        assert isinstance(made, Lab)
        operation = delete_template(request, ACCOUNT, ALGEBRA)
    assert installation.run(operation).status is OperationStatus.SUCCEEDED
    with installation.request("educator") as request:
        assert not isinstance(list_either(request, ACCOUNT)[0], Lab)
        put_lab(request, ACCOUNT, ALGEBRA, DraftRequest(capacity=8), secrets())


def test_a_lab_that_waits_for_its_template_takes_roles_and_locks(installation: LocalInstallation) -> None:
    with installation.request("educator") as request:
        put_lab(request, ACCOUNT, ALGEBRA, DraftRequest(capacity=5), secrets())
    with installation.request() as request:
        give_role(request, "nobody", "Reader", str(ALGEBRA))
        assert put_lock(request, str(ALGEBRA), "keep", level=LockLevel.READ_ONLY, notes="")[1]
    with pytest.raises(Conflict, match="keep"), installation.request("educator") as request:
        put_lab(request, ACCOUNT, ALGEBRA, DraftRequest(capacity=6), secrets())


def test_in_old_words_an_account_takes_its_labs_along(lab: LocalInstallation) -> None:
    with lab.request() as request:
        was_there, begun = delete_account_and_labs(request, ACCOUNT)
    assert was_there
    assert [lab.run(each).status for each in begun] == [OperationStatus.SUCCEEDED]
    with lab.context.database(reading=True) as uow:
        assert uow.labs.find_by_key(ALGEBRA.key) is None


def test_a_lab_that_is_being_deleted_takes_no_change(lab: LocalInstallation) -> None:
    with lab.request("educator") as request:
        delete_template(request, ACCOUNT, ALGEBRA)
    assert held(lab).state is ProvisioningState.DELETING
    with pytest.raises(GaleriaError, match="being deleted"):
        change(lab, LabSettings(title="x"))
    with pytest.raises(Conflict, match="being deleted"):
        lab.begin_lab("algebra", IMAGE)
