"""What moves a student's work is crashed before and after every step and resumed; then the work is where it belongs."""

from pathlib import Path

import pytest

from galeria.actions.labs.labs import delete_lab
from galeria.actions.labs.machines import bring_machine_back, reimage_machine, start_machine
from galeria.domain.classes.work_disks import WORK_FOLDER, WorkDisk
from galeria.domain.states import MachineState
from galeria.reconcilers.kept_work import remove_lost_disks
from tests.local_installation import LocalInstallation, lab_id
from tests.prepared_installations import MakeInstallation, Prepare, with_lab
from tests.workflows.classes.a_class import Class, fill
from tests.workflows.crash_cases import Scenario, StartedScenario, crash, each_of

OWN = "student-1"
ESSAY = "my essay"


def a_claimed_machine(installation: LocalInstallation) -> None:
    """Its lab has work disks, and it was never started."""
    with_lab(installation)
    made = fill(installation)
    made.change(profiles={"workDiskGib": 1}, capacity=2)
    made.publish()
    made.claim("nobody")


def a_machine_with_work(installation: LocalInstallation) -> None:
    a_claimed_machine(installation)
    made = Class(installation)
    made.start(OWN)
    work_file(installation).write_text(ESSAY, encoding="utf-8")
    made.stop(OWN)


def only_disk(installation: LocalInstallation) -> WorkDisk:
    """The only work disk that any row names."""
    with installation.context.database(reading=True) as uow:
        (id,) = uow.work_disks.ids()
        return uow.work_disks.get(id)


def work_file(installation: LocalInstallation) -> Path:
    disk = only_disk(installation)
    return installation.engine.work_file(disk.region, disk.id)


def starting_with_a_new_work_disk(installation: LocalInstallation) -> StartedScenario:
    with installation.request("educator") as request:
        operation = start_machine(request, lab_id("algebra"), OWN)
    assert operation

    def check() -> None:
        disk, own = only_disk(installation), Class(installation).named(OWN)
        guest = Class(installation).guest(own)
        assert (disk.machine_id, disk.is_mounted) == (own.id, True)
        assert (guest.work_disk, guest.mounts) == (disk.id, WORK_FOLDER)
        assert list(installation.engine.work_disks()) == [(disk.region, disk.id)]

    return StartedScenario(installation, operation, check)


def reimaging_with_work(installation: LocalInstallation) -> StartedScenario:
    with installation.request("educator") as request:
        operation = reimage_machine(request, lab_id("algebra"), OWN)

    def check() -> None:
        disk = only_disk(installation)
        assert (disk.machine_id, disk.is_mounted) == (Class(installation).named(OWN).id, False)
        assert work_file(installation).read_text(encoding="utf-8") == ESSAY
        with installation.context.database(reading=True) as uow:
            (kept,) = uow.kept_machines.of_lab(Class(installation).lab.id)
            known = uow.machines.ids() | {kept.id}
        assert {each.id for each in installation.engine.machines()} == known

    return StartedScenario(installation, operation, check)


def bringing_back(installation: LocalInstallation) -> StartedScenario:
    """The machine of revision 1, in the place of one that was used too."""
    made = Class(installation)
    own, content = made.named(OWN), made.content(made.named(OWN))
    made.rewrite(content.upper())
    made.reimage(OWN)
    made.start(OWN)
    with installation.request("educator") as request:
        (kept,) = request.uow.kept_machines.of_machine(own.id)
        operation = bring_machine_back(request, lab_id("algebra"), OWN, kept.id)

    def check() -> None:
        with installation.context.database(reading=True) as uow:
            assert [each.revision for each in uow.kept_machines.of_machine(own.id)] == [2]
            known = uow.machines.ids() | uow.kept_machines.ids()
        back = made.named(OWN)
        assert (back.revision, back.state, made.content(back)) == (1, MachineState.STOPPED, content)
        assert {each.id for each in installation.engine.machines()} == known
        assert work_file(installation).read_text(encoding="utf-8") == ESSAY

    return StartedScenario(installation, operation, check)


def deleting_a_lab_with_work(installation: LocalInstallation) -> StartedScenario:
    with installation.request("educator") as request:
        operation = delete_lab(request, lab_id("algebra"))
    assert operation

    def check() -> None:
        remove_lost_disks(installation.context)
        disk = only_disk(installation)
        assert disk.machine_id is None
        assert disk.kept_until
        assert work_file(installation).read_text(encoding="utf-8") == ESSAY
        assert installation.engine.machines() == []

    return StartedScenario(installation, operation, check)


SCENARIOS: tuple[tuple[Scenario, Prepare], ...] = (
    (starting_with_a_new_work_disk, a_claimed_machine),
    (reimaging_with_work, a_machine_with_work),
    (bringing_back, a_machine_with_work),
    (deleting_a_lab_with_work, a_machine_with_work),
)


@pytest.mark.parametrize(("scenario", "before"), each_of(SCENARIOS, quick=reimaging_with_work))
def test_a_crash_before_or_after_any_step_loses_no_work(
    scenario: Scenario, before: Prepare, new_installation: MakeInstallation
) -> None:
    crash(scenario, lambda: new_installation(before))
