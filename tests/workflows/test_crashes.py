"""Every workflow is crashed before and after every step and resumed; then the result must be as if nothing had happened."""

import pytest

from galeria.actions.labs.lab_publishing import begin_scaling, publish_lab
from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.actions.labs.labs import delete_lab
from galeria.actions.labs.machines import redeploy_machine, reimage_machine, reset_password, start_machine
from galeria.actions.versions.versions import VersionRequest, delete_version, put_version
from galeria.domain.images.publishing import ReplicationTarget
from galeria.domain.labs.labs import MachineKind
from galeria.domain.states import LabState, MachineState
from galeria.ports.machines import Machine, Power
from tests.local_installation import MIB, PASSWORD, LocalInstallation, disk_bytes, lab_id, secrets, version_id
from tests.prepared_installations import MakeInstallation, Prepare, with_people
from tests.workflows.crash_cases import (
    BRAZIL,
    Scenario,
    StartedScenario,
    a_class,
    a_lab,
    a_lab_of_an_exported_image,
    a_published_class,
    a_running_lab,
    an_image,
    an_image_in_two_regions,
    changed,
    crash,
    digest_of,
    each_of,
    expect_version,
    stored_chunks,
)


def importing(installation: LocalInstallation) -> StartedScenario:
    operation = installation.begin_import("linux", disk_bytes(), regions=BRAZIL)

    def check() -> None:
        expect_version(installation, version_id("linux"), disk_bytes(), BRAZIL)
        assert installation.context.uploads.all() == []

    return StartedScenario(installation, operation, check)


def creating_a_lab(installation: LocalInstallation) -> StartedScenario:
    operation = installation.begin_lab("algebra", version_id("linux").parent)

    def check() -> None:
        machine = installation.machine("algebra")
        assert machine.state is MachineState.STOPPED
        assert installation.engine.power(installation.guest_of("algebra")) is Power.STOPPED
        assert installation.engine.read(installation.guest_of("algebra"), 0, 4 * MIB) == disk_bytes()

    return StartedScenario(installation, operation, check)


def starting(installation: LocalInstallation) -> StartedScenario:
    operation = installation.begin_start("algebra")

    def check() -> None:
        machine = installation.machine("algebra")
        assert machine.state is MachineState.RUNNING
        assert machine.pending_password_hash == ""
        guest = installation.engine.guest(installation.guest_of("algebra"))
        assert guest.is_ssh_open
        assert list(guest.passwords) == ["educator"]

    return StartedScenario(installation, operation, check)


def stopping(installation: LocalInstallation) -> StartedScenario:
    operation = installation.begin_stop("algebra")

    def check() -> None:
        assert installation.machine("algebra").state is MachineState.STOPPED
        assert installation.engine.power(installation.guest_of("algebra")) is Power.STOPPED

    return StartedScenario(installation, operation, check)


def resetting_a_password(installation: LocalInstallation) -> StartedScenario:
    before = installation.engine.guest(installation.guest_of("algebra")).passwords["educator"]
    with installation.request("educator") as request:
        operation = reset_password(
            request, lab_id("algebra"), "template", account="educator", new_password="Other-horse-8", secrets=secrets()
        )

    def check() -> None:
        assert installation.machine("algebra").state is MachineState.RUNNING
        assert installation.engine.guest(installation.guest_of("algebra")).passwords["educator"] != before

    return StartedScenario(installation, operation, check)


def exporting(installation: LocalInstallation) -> StartedScenario:
    installation.engine.write(installation.guest_of("algebra"), MIB, b"lesson one")
    operation = installation.begin_export("algebra", "Álgebra 1")

    def check() -> None:
        content = changed(disk_bytes(), MIB, b"lesson one")
        expect_version(installation, version_id("Algebra-1"), content, BRAZIL)
        machine = installation.machine("algebra")
        assert machine.layer_digest == digest_of(installation, version_id("Algebra-1"))

    return StartedScenario(installation, operation, check)


def starting_a_specialized_machine(installation: LocalInstallation) -> StartedScenario:
    operation = installation.begin_start("geometry", who="colleague")

    def check() -> None:
        guest = installation.engine.guest(installation.guest_of("geometry"))
        assert guest.is_ssh_open
        assert guest.passwords["colleague"].startswith("$6$")
        assert guest.passwords.get("educator", "!") == "!"

    return StartedScenario(installation, operation, check)


def adding_and_removing_regions(installation: LocalInstallation) -> StartedScenario:
    with installation.request() as request:
        targets = (ReplicationTarget(region="brazilsouth"), ReplicationTarget(region="West Europe"))
        wanted = VersionRequest(location="brazilsouth", tags={}, targets=targets)
        operation = put_version(request, version_id("linux"), wanted)[2]
    assert operation is not None

    def check() -> None:
        expect_version(installation, version_id("linux"), disk_bytes(), ("brazilsouth", "westeurope"))
        assert stored_chunks(installation, "brazilsoutheast") == 0

    return StartedScenario(installation, operation, check)


def deleting_a_version(installation: LocalInstallation) -> StartedScenario:
    with installation.request() as request:
        operation = delete_version(request, version_id("linux"))
    assert operation is not None

    def check() -> None:
        with installation.context.database(reading=True) as uow:
            assert uow.versions.find_by_key(version_id("linux").key) is None
        assert [stored_chunks(installation, region) for region in BRAZIL] == [0, 0]

    return StartedScenario(installation, operation, check)


def deleting_a_lab(installation: LocalInstallation) -> StartedScenario:
    with installation.request("educator") as request:
        operation = delete_lab(request, lab_id("algebra"))
    assert operation is not None

    def check() -> None:
        with installation.context.database(reading=True) as uow:
            assert uow.labs.find_by_key(lab_id("algebra").key) is None
            assert uow.machines.ids() == set()
        assert installation.engine.machines() == []

    return StartedScenario(installation, operation, check)


def reimaging(installation: LocalInstallation) -> StartedScenario:
    installation.engine.write(installation.guest_of("algebra"), 0, b"spoiled")
    with installation.request("educator") as request:
        operation = reimage_machine(request, lab_id("algebra"), "template")

    def check() -> None:
        machine = installation.machine("algebra")
        assert (machine.state, machine.pending_password_hash) == (MachineState.STOPPED, "!")
        assert installation.engine.power(installation.guest_of("algebra")) is Power.STOPPED
        assert installation.engine.read(installation.guest_of("algebra"), 0, 4 * MIB) == disk_bytes()

    return StartedScenario(installation, operation, check)


def redeploying(installation: LocalInstallation) -> StartedScenario:
    installation.engine.write(installation.guest_of("algebra"), MIB, b"kept")
    with installation.request("educator") as request:
        operation = redeploy_machine(request, lab_id("algebra"), "template")

    def check() -> None:
        assert installation.machine("algebra").state is MachineState.RUNNING
        assert installation.engine.guest(installation.guest_of("algebra")).is_ssh_open
        assert installation.engine.read(installation.guest_of("algebra"), MIB, 4) == b"kept"

    return StartedScenario(installation, operation, check)


def publishing(installation: LocalInstallation) -> StartedScenario:
    with installation.request("educator") as request:
        operation = publish_lab(request, lab_id("algebra"))

    def check() -> None:
        with installation.context.database(reading=True) as uow:
            lab = uow.labs.get_by_key(lab_id("algebra").key)
        assert lab.lab_state is LabState.PUBLISHED
        assert lab.published_at is not None
        assert installation.machine("algebra").state is MachineState.STOPPED

    return StartedScenario(installation, operation, check)


def expect_machines(installation: LocalInstallation, count: int) -> None:
    """As many as that, all made and none besides, each over the newest content."""
    with installation.context.database(reading=True) as uow:
        lab = uow.labs.get_by_key(lab_id("algebra").key)
        newest, machines = uow.revisions.find_newest(lab.id), uow.machines.of_lab(lab.id)
        known = uow.machines.ids()
    students = [each for each in machines if each.kind is MachineKind.USER]
    assert lab.lab_state is LabState.PUBLISHED
    assert newest
    assert {each.name for each in students} == {f"student-{number}" for number in range(1, count + 1)}
    assert {(each.state, each.base_digest) for each in students} == {(MachineState.STOPPED, newest.digest)}
    assert {each.id for each in installation.engine.machines()} == known


def publishing_a_class(installation: LocalInstallation) -> StartedScenario:
    with installation.request("educator") as request:
        operation = publish_lab(request, lab_id("algebra"))

    def check() -> None:
        expect_machines(installation, 3)
        with installation.context.database(reading=True) as uow:
            lab = uow.labs.get_by_key(lab_id("algebra").key)
            assert [each.number for each in uow.revisions.of_lab(lab.id)] == [1]

    return StartedScenario(installation, operation, check)


def scaling_a_class(installation: LocalInstallation, to: int = 5) -> StartedScenario:
    with installation.request("educator") as request:
        lab = update_lab(request, lab_id("algebra"), LabSettings(capacity=to), secrets())
        operation = begin_scaling(request, lab)
    assert operation

    def check() -> None:
        expect_machines(installation, to)

    return StartedScenario(installation, operation, check)


def shrinking_a_class(installation: LocalInstallation) -> StartedScenario:
    return scaling_a_class(installation, 1)


def starting_a_students_machine(installation: LocalInstallation) -> StartedScenario:
    with installation.request("educator") as request:
        operation = start_machine(request, lab_id("algebra"), "student-2")
    assert operation

    def check() -> None:
        with installation.context.database(reading=True) as uow:
            machine = uow.machines.get(operation.subject)
        guest = installation.engine.guest(Machine(id=machine.id, region=machine.region))
        assert (machine.state, machine.is_prepared, machine.pending_password_hash) == (MachineState.RUNNING, True, "")
        assert guest.host_name == "algebra-2"
        assert not secrets().differs(guest.passwords["student"], PASSWORD)

    return StartedScenario(installation, operation, check)


def reimaging_a_students_machine(installation: LocalInstallation) -> StartedScenario:
    with installation.request("educator") as request:
        operation = start_machine(request, lab_id("algebra"), "student-2")
    installation.run(operation)
    with installation.request("educator") as request:
        again = reimage_machine(request, lab_id("algebra"), "student-2")

    def check() -> None:
        expect_machines(installation, 3)

    return StartedScenario(installation, again, check)


# Each with what is there before it begins.
SCENARIOS: tuple[tuple[Scenario, Prepare], ...] = (
    (importing, with_people),
    (creating_a_lab, an_image),
    (starting, a_lab),
    (stopping, a_running_lab),
    (resetting_a_password, a_running_lab),
    (reimaging, a_running_lab),
    (redeploying, a_running_lab),
    (publishing, a_running_lab),
    (publishing_a_class, a_class),
    (scaling_a_class, a_published_class),
    (shrinking_a_class, a_published_class),
    (starting_a_students_machine, a_published_class),
    (reimaging_a_students_machine, a_published_class),
    (exporting, a_running_lab),
    (starting_a_specialized_machine, a_lab_of_an_exported_image),
    (adding_and_removing_regions, an_image_in_two_regions),
    (deleting_a_version, an_image_in_two_regions),
    (deleting_a_lab, a_running_lab),
)


@pytest.mark.parametrize(("scenario", "before"), each_of(SCENARIOS, quick=stopping))
def test_a_crash_before_or_after_any_step_changes_nothing(
    scenario: Scenario, before: Prepare, new_installation: MakeInstallation
) -> None:
    crash(scenario, lambda: new_installation(before))
