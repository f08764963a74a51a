"""Publishing makes a class's machines from the template's content, each with an identity of its own."""

from dataclasses import replace

import pytest

from galeria.actions.labs.lab_publishing import publish_lab
from galeria.actions.labs.lab_settings import LabSettings, NonAdminAccount
from galeria.actions.labs.labs import create_lab
from galeria.actions.labs.machines import reset_password, start_machine
from galeria.domain.errors import Conflict
from galeria.domain.labs.labs import LabCreateOption
from galeria.domain.states import LabState, MachineState, OperationStatus
from tests.crashing import Crash, Steps
from tests.local_installation import (
    lab_id,
    lab_request,
    secrets,
    version_id,
)
from tests.prepared_installations import MakeInstallation, with_lab
from tests.workflows.classes.a_class import MARK, Class


def test_what_was_written_in_the_template_is_in_every_machine(algebra: Class) -> None:
    operation = algebra.publish()

    assert (operation.status, operation.error_message) == (OperationStatus.SUCCEEDED, "")
    students = algebra.students
    assert [each.name for each in students] == [f"student-{number}" for number in range(1, 9)]
    assert {each.state for each in students} == {MachineState.STOPPED}
    assert {each.claimed_by for each in students} == {None}
    assert {algebra.content(each) for each in students} == {MARK}
    assert algebra.lab.lab_state is LabState.PUBLISHED
    assert operation.outputs["machines"] == 8
    assert algebra.installation.machine("algebra").state is MachineState.STOPPED


def test_each_machine_gets_an_identity_at_its_first_start_and_keeps_the_templates_accounts(algebra: Class) -> None:
    algebra.publish()
    first, second, *_ = algebra.students
    for each in (first, second):
        assert algebra.start(each.name).status is OperationStatus.SUCCEEDED

    guests = [algebra.guest(each) for each in (first, second)]
    assert [each.host_name for each in guests] == ["algebra-1", "algebra-2"]
    assert [each.identity for each in guests] == [1, 1]
    assert [each.passwords for each in guests] == [{}, {}]  # nothing was set: those of the template are on the disk
    assert {each.renew_identity for each in algebra.students[:2]} == {False}


def test_an_account_without_rights_is_what_students_use(algebra: Class) -> None:
    algebra.change(non_admin=NonAdminAccount(user_name="student", password="plain-Horse-7"))
    algebra.publish()
    algebra.start("student-1")

    guest = algebra.guest(algebra.students[0])
    assert algebra.students[0].user_name == "student"
    assert not secrets().differs(guest.passwords["student"], "plain-Horse-7")
    assert "student" not in guest.admins


def test_everybody_sets_a_password_before_the_first_start(algebra: Class) -> None:
    algebra.change(profiles={"useSharedPassword": "Disabled"}, usage_quota="PT1H")
    algebra.publish()
    own = algebra.claim("nobody")
    with algebra.installation.request("nobody") as request, pytest.raises(Conflict, match="password") as refusal:
        start_machine(request, lab_id("algebra"), own.name)
    assert refusal.value.code == "PasswordNotSet"

    with algebra.installation.request("nobody") as request:
        operation = reset_password(
            request,
            lab_id("algebra"),
            own.name,
            account=own.user_name,
            new_password="my-own-Horse-8",
            secrets=secrets(),
        )
    assert algebra.installation.run(operation).status is OperationStatus.SUCCEEDED
    assert algebra.start(own.name, "nobody").status is OperationStatus.SUCCEEDED
    assert not secrets().differs(algebra.guest(own).passwords[own.user_name], "my-own-Horse-8")


def test_more_machines_leave_the_others_alone(algebra: Class) -> None:
    algebra.publish()
    before = {each.id for each in algebra.students}

    operation = algebra.change(capacity=10)

    assert operation
    assert operation.status is OperationStatus.SUCCEEDED
    assert len(algebra.students) == 10
    assert before < {each.id for each in algebra.students}
    assert algebra.lab.lab_state is LabState.PUBLISHED


def test_a_capacity_that_is_changed_meanwhile_is_matched_afterwards(algebra: Class) -> None:
    installation = algebra.installation
    with installation.request("educator") as request:
        publishing = publish_lab(request, lab_id("algebra"))
    steps = Steps()
    with pytest.raises(Crash):
        installation.run(publishing, steps.resumed((6, "before")))
    assert len(algebra.students) == 8
    assert algebra.change(capacity=9) is None
    installation.run(publishing, steps.resumed())

    assert algebra.lab.lab_state is LabState.SCALING
    with installation.context.database(reading=True) as uow:
        (scaling,) = uow.operations.running_on(algebra.lab.id)
    assert installation.run(scaling).status is OperationStatus.SUCCEEDED
    assert (len(algebra.students), algebra.lab.lab_state) == (9, LabState.PUBLISHED)


def test_fewer_machines_take_those_only_that_nobody_holds(algebra: Class) -> None:
    algebra.publish()
    held = algebra.claim("nobody")

    algebra.change(capacity=1)

    assert [each.id for each in algebra.students] == [held.id]
    with pytest.raises(Conflict, match="Nobody") as refusal:
        algebra.change(capacity=0)
    assert refusal.value.code == "MachinesAreClaimed"
    assert algebra.lab.capacity == 1


def test_publishing_again_without_a_change_makes_no_revision(algebra: Class) -> None:
    algebra.publish()
    before = {each.id for each in algebra.students}
    algebra.publish()

    with algebra.installation.context.database(reading=True) as uow:
        assert [each.number for each in uow.revisions.of_lab(algebra.lab.id)] == [1]
    assert {each.id for each in algebra.students} == before


def test_a_new_revision_replaces_free_machines_and_waits_for_those_that_are_held(algebra: Class) -> None:
    algebra.publish()
    held = algebra.claim("nobody")
    algebra.start(held.name)
    algebra.rewrite(MARK.upper())

    students = {each.name: each for each in algebra.students}
    assert len(students) == 8
    assert {name: each.revision for name, each in students.items()} == {
        name: 1 if name == held.name else 2 for name in students
    }
    assert algebra.content(students[held.name]) == MARK
    assert {algebra.content(each) for name, each in students.items() if name != held.name} == {MARK.upper()}

    assert algebra.reimage(held.name).status is OperationStatus.SUCCEEDED
    renewed = algebra.named(held.name)
    assert (renewed.revision, renewed.claimed_by, renewed.id) == (2, held.claimed_by, held.id)
    assert algebra.content(renewed) == MARK.upper()


def test_the_content_of_the_past_is_kept_while_a_machine_stands_on_it(algebra: Class) -> None:
    algebra.publish()
    held = algebra.claim("nobody")
    installation = algebra.installation
    algebra.rewrite(MARK.upper())

    with installation.context.database(reading=True) as uow:
        contents = uow.machines.contents("brazilsouth") | uow.revisions.contents("brazilsouth")
        digests = [each.digest for each in uow.revisions.of_lab(algebra.lab.id)]
    assert set(digests) <= contents
    assert held.base_digest == digests[0]
    assert set(installation.context.cache.bases("brazilsouth")) >= set(digests)


def test_a_lab_without_a_template_publishes_its_image(new_installation: MakeInstallation) -> None:
    made = Class(new_installation(with_lab))
    installation = made.installation
    wanted = replace(
        lab_request("geometry", version_id("linux").parent),
        create_option=LabCreateOption.IMAGE,
        settings=LabSettings(
            capacity=2,
            profiles={"useSharedPassword": "Enabled"},
            non_admin=NonAdminAccount(user_name="student", password="plain-Horse-7"),
        ),
    )
    with installation.request("educator") as request:
        _, _, operation = create_lab(request, lab_id("geometry"), wanted, secrets())
    installation.run(operation)
    with installation.request("educator") as request:
        operation = publish_lab(request, lab_id("geometry"))
    assert installation.run(operation).status is OperationStatus.SUCCEEDED
    with installation.request("educator") as request:
        operation = start_machine(request, lab_id("geometry"), "student-2")
    assert installation.run(operation).status is OperationStatus.SUCCEEDED

    with installation.context.database(reading=True) as uow:
        row = uow.machines.of_lab(uow.labs.get_by_key(lab_id("geometry").key).id)[1]
    guest = made.guest(row)
    assert guest.host_name == "geometry-2"
    assert guest.identity == 1
    assert set(guest.passwords) == {"educator", "student"}
    assert not secrets().differs(guest.passwords["student"], "plain-Horse-7")
    assert guest.admins == ("educator",)
