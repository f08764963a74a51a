"""Starts wait while the host has no room, and are served in the order in which they were asked for."""

from dataclasses import replace

import pytest

from galeria.actions.core.host_use import host_use, place_in_queue
from galeria.actions.labs.lab_publishing import begin_scaling, publish_lab
from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.actions.labs.labs import delete_lab
from galeria.actions.labs.machines import start_machine, stop_machine
from galeria.actions.versions.operations import cancel_operation
from galeria.domain.errors import Conflict
from galeria.domain.labs.labs import LabMachine
from galeria.domain.labs.sizes import get_size
from galeria.domain.labs.start_queue import StartLimits, memory_cost
from galeria.domain.operations import Operation
from galeria.domain.regions import CloudAccess, Regions
from galeria.domain.settings import DEFAULT_REGIONS, Settings
from galeria.domain.states import MachineState, OperationStatus
from galeria.reconcilers.operations import start_unsettled
from galeria.workflows.classes.start_queue import admit
from tests.local_installation import LocalInstallation, lab_id, secrets
from tests.prepared_installations import MakeInstallation, with_lab

TINY = memory_cost(get_size(Settings().sizes, "Tiny"))


def with_class(installation: LocalInstallation) -> None:
    """With eight students' machines in `algebra`."""
    with_lab(installation)
    with installation.request("educator") as request:
        update_lab(
            request,
            lab_id("algebra"),
            LabSettings(capacity=8, profiles={"useSharedPassword": "Enabled"}),
            secrets(),
        )
        operation = publish_lab(request, lab_id("algebra"))
    installation.run(operation)
    with installation.request("educator") as request:
        assert begin_scaling(request, request.uow.labs.get_by_key(lab_id("algebra").key)) is None


def begun(installation: LocalInstallation, number: int) -> Operation:
    with installation.request("educator") as request:
        operation = start_machine(request, lab_id("algebra"), f"student-{number}")
    assert operation
    return operation


def admitted(installation: LocalInstallation, starts: list[Operation]) -> list[int]:
    """What one round of a server admits, by number."""
    return [
        number for number, each in enumerate(starts, start=1) if waits(installation, each) and ask(installation, each)
    ]


def ask(installation: LocalInstallation, operation: Operation) -> bool:
    return admit(installation.context, operation.id)


def student(installation: LocalInstallation, number: int) -> LabMachine:
    with installation.context.database(reading=True) as uow:
        machines = uow.machines.of_lab(uow.labs.get_by_key(lab_id("algebra").key).id)
    return next(each for each in machines if each.name == f"student-{number}")


def waits(installation: LocalInstallation, operation: Operation) -> bool:
    return installation.operation(operation.id).status is OperationStatus.NOT_STARTED


def places(installation: LocalInstallation, starts: list[Operation]) -> list[int]:
    with installation.context.database(reading=True) as uow:
        request = installation.context.request(uow)
        return [place_in_queue(request, uow.operations.get(each.id)) for each in starts]


def test_eight_start_where_five_have_room(new_installation: MakeInstallation) -> None:
    installation = new_installation(with_class).with_settings(
        Settings(starts=StartLimits(memory_mib=5 * TINY + TINY // 2, at_once=8))
    )
    starts = [begun(installation, number) for number in range(1, 9)]

    assert admitted(installation, starts) == [1, 2, 3, 4, 5]
    assert places(installation, starts) == [0, 0, 0, 0, 0, 1, 2, 3]
    for each in starts[:5]:
        installation.run(each)
    assert admitted(installation, starts) == []
    with installation.context.database(reading=True) as uow:
        use = host_use(installation.context.request(uow))
    assert (use.running, use.starting, use.waiting, use.memory_mib) == (5, 0, 3, 5 * TINY)

    with installation.request("educator") as request:
        stopping = stop_machine(request, lab_id("algebra"), "student-3")
    assert admitted(installation, starts) == []  # until it is off
    installation.run(stopping)
    assert not ask(installation, starts[7])  # nobody overtakes
    assert admitted(installation, starts) == [6]
    assert places(installation, starts[6:]) == [1, 2]


def test_a_round_asks_about_nobody_behind_the_first_without_room(new_installation: MakeInstallation) -> None:
    installation = new_installation(with_class).with_settings(
        Settings(starts=StartLimits(memory_mib=2 * TINY, at_once=8))
    )
    starts = [begun(installation, number) for number in range(1, 7)]
    with installation.request("educator") as request:
        cancel_operation(request, starts[5].id)
    asked: list[str] = []

    class Admitting:
        def start(self, operation_id: str) -> None:
            asked.append(operation_id)
            admit(installation.context, operation_id)

    start_unsettled(installation.context, Admitting())
    assert asked == [each.id for each in (*starts[:3], starts[5])]
    assert [waits(installation, each) for each in starts] == [False, False, True, True, True, False]


def test_few_start_at_the_same_moment(new_installation: MakeInstallation) -> None:
    installation = new_installation(with_class).with_settings(Settings(starts=StartLimits(at_once=2)))
    starts = [begun(installation, number) for number in range(1, 5)]

    assert admitted(installation, starts) == [1, 2]
    installation.run(starts[0])
    assert admitted(installation, starts) == [3]


def test_whoever_gives_up_waits_no_longer(new_installation: MakeInstallation) -> None:
    installation = new_installation(with_class).with_settings(Settings(starts=StartLimits(memory_mib=TINY, at_once=8)))
    starts = [begun(installation, number) for number in range(1, 4)]
    assert admitted(installation, starts) == [1]
    with installation.request("educator") as request:
        cancel_operation(request, starts[1].id)

    assert ask(installation, starts[1])
    assert installation.run(starts[1]).status is OperationStatus.CANCELED
    assert places(installation, starts) == [0, 0, 1]
    assert student(installation, 2).state is MachineState.STOPPED


def test_stopping_one_that_waits_takes_it_out_of_the_queue(new_installation: MakeInstallation) -> None:
    installation = new_installation(with_class).with_settings(Settings(starts=StartLimits(memory_mib=TINY)))
    starts = [begun(installation, number) for number in range(1, 3)]
    assert admitted(installation, starts) == [1]
    with installation.request("educator") as request:
        given_up = stop_machine(request, lab_id("algebra"), "student-2")
        assert given_up
        assert given_up.id == starts[1].id

    assert ask(installation, starts[1])
    installation.run(starts[1])
    assert student(installation, 2).state is MachineState.STOPPED
    with installation.request("educator") as request:
        assert stop_machine(request, lab_id("algebra"), "student-2") is None


def test_a_lab_is_deleted_while_some_of_its_machines_wait(new_installation: MakeInstallation) -> None:
    installation = new_installation(with_class).with_settings(Settings(starts=StartLimits(memory_mib=TINY)))
    starts = [begun(installation, number) for number in range(1, 4)]
    assert admitted(installation, starts) == [1]
    installation.run(starts[0])
    with installation.request("educator") as request:
        deletion = delete_lab(request, lab_id("algebra"))
    for each in starts[1:]:
        assert ask(installation, each)
        installation.run(each)
    assert installation.run(deletion).status is OperationStatus.SUCCEEDED
    assert installation.engine.machines() == []


def test_an_admitted_start_goes_on_after_a_crash(new_installation: MakeInstallation) -> None:
    installation = new_installation(with_class).with_settings(Settings(starts=StartLimits(memory_mib=TINY)))
    start = begun(installation, 1)
    assert ask(installation, start)
    assert ask(installation, start)  # the server that admitted it was killed before its work began


def test_what_never_has_room_is_refused_at_once(new_installation: MakeInstallation) -> None:
    made = new_installation(with_class)
    installation = made.with_settings(replace(made.context.settings, starts=StartLimits(memory_mib=TINY - 1)))
    with pytest.raises(Conflict, match="memory") as refusal:
        begun(installation, 1)
    assert refusal.value.code == "HostTooSmall"


def test_machines_of_a_cloud_take_none_of_the_hosts_memory(new_installation: MakeInstallation) -> None:
    campus = CloudAccess(name="campus", network="labs")
    regions = Regions(tuple(replace(each, cloud=campus) for each in DEFAULT_REGIONS.all[:1]) + DEFAULT_REGIONS.all[1:])
    installation = new_installation(with_class).with_settings(
        Settings(regions=regions, starts=StartLimits(memory_mib=TINY - 1, at_once=2))
    )
    starts = [begun(installation, number) for number in range(1, 4)]
    assert admitted(installation, starts) == [1, 2]
