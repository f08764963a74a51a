"""What a class brings besides publishing and scaling, crashed before and after every step."""

import pytest

from galeria.actions.labs.lab_publishing import publish_lab
from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.actions.labs.labs import delete_lab
from galeria.actions.labs.machines import redeploy_machine, reset_password, start_machine, stop_machine
from galeria.actions.rosters.lab_users import delete_user
from galeria.actions.rosters.machine_claims import claim_machine
from galeria.domain.labs.labs import LabMachine
from galeria.domain.operations import Operation
from galeria.domain.states import MachineState
from galeria.ports.machines import Machine, Power
from tests.local_installation import MIB, LocalInstallation, lab_id, secrets
from tests.prepared_installations import MakeInstallation, Prepare
from tests.workflows.crash_cases import (
    Scenario,
    StartedScenario,
    a_class,
    a_published_class,
    crash,
    each_of,
)

LAB = lab_id("algebra")
PASSWORD = "Another-horse-9"


def student(installation: LocalInstallation, number: int) -> LabMachine:
    with installation.context.database(reading=True) as uow:
        machines = uow.machines.of_lab(uow.labs.get_by_key(LAB.key).id)
    return next(each for each in machines if each.name == f"student-{number}")


def on_host(machine: LabMachine) -> Machine:
    return Machine(id=machine.id, region=machine.region)


def start(installation: LocalInstallation, number: int, who: str = "educator") -> Operation:
    with installation.request(who) as request:
        operation = start_machine(request, LAB, f"student-{number}")
    assert operation
    return operation


def a_claimed_class(installation: LocalInstallation) -> None:
    """Somebody has the second of three machines, which has run once."""
    a_published_class(installation)
    with installation.request("educator") as request:
        update_lab(request, LAB, LabSettings(open_access=True, usage_quota="PT5H"), secrets())
    with installation.request("nobody") as request:
        claim_machine(request, request.uow.labs.get_by_key(LAB.key), "student-2")
    installation.run(start(installation, 2))


def a_claimed_class_of_own_passwords(installation: LocalInstallation) -> None:
    """Somebody has the second machine, and nobody a password."""
    a_class(installation)
    with installation.request("educator") as request:
        said = LabSettings(open_access=True, usage_quota="PT5H", profiles={"useSharedPassword": "Disabled"})
        update_lab(request, LAB, said, secrets())
    with installation.request("educator") as request:
        operation = publish_lab(request, LAB)
    installation.run(operation)
    with installation.request("nobody") as request:
        claim_machine(request, request.uow.labs.get_by_key(LAB.key), "student-2")


def stopping_a_students_machine(installation: LocalInstallation) -> StartedScenario:
    with installation.request("nobody") as request:
        operation = stop_machine(request, LAB, "student-2")
    assert operation

    def check() -> None:
        machine = student(installation, 2)
        assert machine.state is MachineState.STOPPED
        assert installation.engine.power(on_host(machine)) is Power.STOPPED

    return StartedScenario(installation, operation, check)


def redeploying_a_students_machine(installation: LocalInstallation) -> StartedScenario:
    installation.engine.write(on_host(student(installation, 2)), MIB, b"kept")
    with installation.request("nobody") as request:
        operation = redeploy_machine(request, LAB, "student-2")

    def check() -> None:
        machine = student(installation, 2)
        assert machine.state is MachineState.RUNNING
        assert installation.engine.read(on_host(machine), MIB, 4) == b"kept"

    return StartedScenario(installation, operation, check)


def setting_an_own_password_before_the_first_start(installation: LocalInstallation) -> StartedScenario:
    """The machine is off and has never run."""
    with installation.request("nobody") as request:
        operation = reset_password(
            request, LAB, "student-2", account="student", new_password=PASSWORD, secrets=secrets()
        )

    def check() -> None:
        assert student(installation, 2).state is MachineState.STOPPED
        installation.run(start(installation, 2, "nobody"))
        guest = installation.engine.guest(on_host(student(installation, 2)))
        assert not secrets().differs(guest.passwords["student"], PASSWORD)

    return StartedScenario(installation, operation, check)


def removing_a_user(installation: LocalInstallation) -> StartedScenario:
    """What the user had on the machine is gone before anybody else gets it."""
    before = student(installation, 2)
    installation.engine.write(on_host(before), MIB, b"a secret")
    with installation.context.database(reading=True) as uow:
        user = uow.lab_users.get(str(before.claimed_by))
    with installation.request("educator") as request:
        operation = delete_user(request, LAB, user.name).operation
    assert operation

    def check() -> None:
        machine = student(installation, 2)
        assert (machine.state, machine.claimed_by, machine.is_prepared) == (MachineState.STOPPED, None, False)
        assert installation.engine.read(on_host(machine), MIB, 8) != b"a secret"

    return StartedScenario(installation, operation, check)


def publishing_again(installation: LocalInstallation) -> StartedScenario:
    """Free machines are made anew of what changed; the one that somebody has is left as it is."""
    held = student(installation, 2)
    installation.run(installation.begin_start("algebra"))
    installation.engine.write(installation.guest_of("algebra"), 2 * MIB, b"lesson two")
    with installation.request("educator") as request:
        operation = publish_lab(request, LAB)

    def check() -> None:
        machines = [student(installation, number) for number in (1, 2, 3)]
        assert [each.revision for each in machines] == [2, 1, 2]
        assert (machines[1].id, machines[1].state) == (held.id, MachineState.RUNNING)
        for each in (machines[0], machines[2]):
            assert installation.engine.read(on_host(each), 2 * MIB, 10) == b"lesson two"

    return StartedScenario(installation, operation, check)


def deleting_a_class(installation: LocalInstallation) -> StartedScenario:
    """With a machine that runs."""
    with installation.request("educator") as request:
        operation = delete_lab(request, LAB)
    assert operation

    def check() -> None:
        with installation.context.database(reading=True) as uow:
            assert uow.labs.find_by_key(LAB.key) is None
            assert uow.machines.ids() == set()
        assert installation.engine.machines() == []

    return StartedScenario(installation, operation, check)


SCENARIOS: tuple[tuple[Scenario, Prepare], ...] = (
    (stopping_a_students_machine, a_claimed_class),
    (redeploying_a_students_machine, a_claimed_class),
    (setting_an_own_password_before_the_first_start, a_claimed_class_of_own_passwords),
    (removing_a_user, a_claimed_class),
    (publishing_again, a_claimed_class),
    (deleting_a_class, a_claimed_class),
)


@pytest.mark.parametrize(("scenario", "before"), each_of(SCENARIOS, quick=stopping_a_students_machine))
def test_a_crash_before_or_after_any_step_changes_nothing(
    scenario: Scenario, before: Prepare, new_installation: MakeInstallation
) -> None:
    crash(scenario, lambda: new_installation(before))
