"""Schedules start claimed machines and stop all, each once, also after the service was down."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from galeria.actions.classes.schedules import (
    ScheduleRequest,
    change_occurrence,
    delete_schedule,
    put_schedule,
    restore_occurrence,
)
from galeria.actions.labs.lab_settings import LabSettings
from galeria.actions.labs.machines import start_machine, stop_machine
from galeria.adapters.disks.free_room import DataRoom
from galeria.domain.disk_margin import DiskMargin
from galeria.domain.errors import Invalid
from galeria.domain.labs.labs import LabMachine
from galeria.domain.labs.schedules import Frequency, OccurrenceChange, Recurrence, ScheduleTimes, WeekDay
from galeria.domain.limits import Limit
from galeria.domain.operations import OperationKind
from galeria.domain.states import MachineState, OperationStatus
from galeria.reconcilers.class_times import forget_class_times, keep_class_times
from tests.crashing import Crash
from tests.local_installation import LocalInstallation
from tests.prepared_installations import MakeInstallation, with_lab
from tests.reconcilers.class_rows import (
    LAB,
    SetClock,
    add_students,
    once,
    set_lab,
    set_state,
    states,
    with_clock,
    work,
)

MORNING = "2026-11-23T06:00"
RUNNING, STOPPED, STARTING = MachineState.RUNNING, MachineState.STOPPED, MachineState.STARTING


@pytest.fixture
def school(new_installation: MakeInstallation) -> tuple[LocalInstallation, SetClock]:
    """A lab with two claimed machines and a free one; classes begin without a lead."""
    installation, clock = with_clock(new_installation(with_lab), MORNING)
    add_students(installation, 2)
    add_students(installation, 1, claimed=False)
    set_lab(installation, LabSettings(profiles={"startLead": "PT0S"}))
    return installation, clock


def plan(installation: LocalInstallation, name: str, times: ScheduleTimes) -> None:
    with installation.request() as request:
        put_schedule(request, LAB, name, ScheduleRequest(times=times))


def at(installation: LocalInstallation, clock: SetClock, local: str) -> dict[str, MachineState]:
    """Go to a time of the day, do what is due, and return the states of the students' machines and the template."""
    clock.set(f"2026-11-23T{local}" if len(local) == 5 else local)
    keep_class_times(installation.context)
    begun = work(installation)
    assert all(each.status is OperationStatus.SUCCEEDED for each in begun)
    assert all(each.started_by == "" for each in begun)
    return states(installation)


def running(found: dict[str, MachineState]) -> list[str]:
    return sorted(name for name, state in found.items() if state is RUNNING)


def test_a_class_starts_claimed_machines_and_stops_all(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "class", once("2026-11-23T09:00", "2026-11-23T11:00"))
    assert running(at(installation, clock, "08:59")) == []
    assert running(at(installation, clock, "09:00")) == ["student0-vm", "student1-vm"]
    installation.run(installation.begin_start("algebra"))
    assert running(at(installation, clock, "10:59")) == ["student0-vm", "student1-vm", "template"]
    assert running(at(installation, clock, "11:00")) == []


def test_each_is_done_once(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "class", once("2026-11-23T09:00", "2026-11-23T11:00"))
    at(installation, clock, "09:00")
    with installation.request("student0") as request:
        stop = stop_machine(request, LAB, "student0-vm")
    installation.run(stop)
    assert running(at(installation, clock, "09:30")) == ["student1-vm"], "who went home is not called back"
    at(installation, clock, "11:00")
    with installation.request() as request:
        start = start_machine(request, LAB, "student0-vm")
    installation.run(start)
    assert running(at(installation, clock, "11:05")) == ["student0-vm"], "who goes on afterwards is left alone"
    with installation.context.database(reading=True) as uow:
        (record,) = uow.occurrence_records.of_labs([uow.labs.get_by_key(LAB.key).id])
    assert (record.local_start, bool(record.started_at), bool(record.stopped_at)) == ("2026-11-23T09:00:00", True, True)


def test_machines_start_the_lead_time_before(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    set_lab(installation, LabSettings(profiles={"startLead": None}))
    plan(installation, "class", once("2026-11-23T09:00", "2026-11-23T11:00"))
    assert running(at(installation, clock, "08:49")) == []
    assert running(at(installation, clock, "08:50")) == ["student0-vm", "student1-vm"]


def test_after_a_time_without_the_service_what_is_due_starts(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "class", once("2026-11-23T09:00", "2026-11-23T11:00"))
    assert running(at(installation, clock, "10:55")) == ["student0-vm", "student1-vm"]


def test_after_a_time_without_the_service_what_is_over_stops(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "class", once("2026-11-23T09:00", "2026-11-23T11:00"))
    at(installation, clock, "09:00")
    assert running(at(installation, clock, "2026-11-26T03:00")) == []


def test_what_was_over_before_the_schedule_was_made_stops_nobody(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    installation.run(installation.begin_start("algebra"))
    clock.set("2026-11-23T15:00")
    plan(installation, "class", once("2026-11-23T09:00", "2026-11-23T11:00"))
    assert running(at(installation, clock, "15:01")) == ["template"]


@pytest.mark.parametrize("begins", ["10:00", "11:00", "09:30"])
def test_no_stop_where_another_class_goes_on(school: tuple[LocalInstallation, SetClock], begins: str) -> None:
    installation, clock = school
    plan(installation, "first", once("2026-11-23T09:00", "2026-11-23T11:00"))
    plan(installation, "second", once(f"2026-11-23T{begins}", "2026-11-23T12:00"))
    at(installation, clock, "09:00")
    assert len(running(at(installation, clock, "11:00"))) == 2
    assert len(running(at(installation, clock, "11:30"))) == 2
    assert running(at(installation, clock, "12:00")) == []


def test_the_shorter_of_two_overlapping_classes_stops_nobody(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "day", once("2026-11-23T08:00", "2026-11-23T18:00"))
    plan(installation, "hour", once("2026-11-23T09:00", "2026-11-23T10:00"))
    at(installation, clock, "08:00")
    assert len(running(at(installation, clock, "10:00"))) == 2
    assert running(at(installation, clock, "18:00")) == []


def test_a_schedule_that_only_stops(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "night", once(None, "2026-11-23T22:00"))
    installation.run(installation.begin_start("algebra"))
    assert running(at(installation, clock, "21:59")) == ["template"]
    assert running(at(installation, clock, "22:00")) == []


def weekly() -> ScheduleTimes:
    pattern = Recurrence(frequency=Frequency.WEEKLY, expires_on=date(2026, 12, 31), week_days=(WeekDay.MONDAY,))
    return replace(once("2026-11-23T09:00", "2026-11-23T11:00"), recurrence=pattern)


def change(installation: LocalInstallation, said: OccurrenceChange) -> None:
    with installation.request() as request:
        change_occurrence(request, LAB, "class", said)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_one_class_is_cancelled_and_comes_back(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "class", weekly())
    change(installation, OccurrenceChange(local_start=local("2026-11-23T09:00")))
    assert running(at(installation, clock, "09:00")) == []
    with installation.request() as request:
        restore_occurrence(request, LAB, "class", local("2026-11-23T09:00"))
    assert len(running(at(installation, clock, "09:10"))) == 2


def test_a_class_that_is_cancelled_while_it_runs_stops(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "class", weekly())
    assert len(running(at(installation, clock, "09:00"))) == 2
    change(installation, OccurrenceChange(local_start=local("2026-11-23T09:00")))
    assert running(at(installation, clock, "09:30")) == []


def test_a_class_that_is_moved_while_it_runs_takes_place_again(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "class", weekly())
    at(installation, clock, "09:00")
    moved = OccurrenceChange(
        local_start=local("2026-11-23T09:00"), start=local("2026-11-25T14:00"), stop=local("2026-11-25T15:00")
    )
    change(installation, moved)
    assert running(at(installation, clock, "09:30")) == []
    assert len(running(at(installation, clock, "2026-11-25T14:00"))) == 2
    assert running(at(installation, clock, "2026-11-25T15:00")) == []
    assert len(running(at(installation, clock, "2026-11-30T09:00"))) == 2, "the next one is where it was"


def test_what_a_deleted_schedule_started_is_stopped(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "class", weekly())
    at(installation, clock, "09:00")
    with installation.request() as request:
        assert delete_schedule(request, LAB, "class")
    assert running(at(installation, clock, "09:01")) == []


def test_an_end_that_is_brought_forward_stops_at_once(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "class", once("2026-11-23T09:00", "2026-11-23T11:00"))
    at(installation, clock, "09:00")
    clock.set("2026-11-23T10:00")
    plan(installation, "class", once("2026-11-23T09:00", "2026-11-23T09:45"))
    assert running(at(installation, clock, "10:00")) == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (OccurrenceChange(local_start=local("2026-11-24T09:00")), "has nothing at"),
        (
            OccurrenceChange(local_start=local("2026-11-23T09:00"), stop=local("2026-11-23T10:00")),
            "start or stop only",
        ),
        (
            OccurrenceChange(
                local_start=local("2026-11-23T09:00"), start=local("2026-11-24T09:00"), stop=local("2026-11-25T09:01")
            ),
            "within a day",
        ),
    ],
)
def test_a_change_that_cannot_be(
    school: tuple[LocalInstallation, SetClock], said: OccurrenceChange, words: str
) -> None:
    plan(school[0], "class", weekly())
    with pytest.raises(Invalid, match=words):
        change(school[0], said)


def test_changes_stay_as_far_as_new_times_still_have_them(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, _ = school
    plan(installation, "class", weekly())
    change(installation, OccurrenceChange(local_start=local("2026-11-30T09:00")))
    plan(installation, "class", replace(weekly(), stop=local("2026-11-23T12:00")))
    with installation.context.database(reading=True) as uow:
        assert [len(each.changes) for each in uow.schedules.all()] == [1]
    plan(installation, "class", once("2026-11-23T10:00", "2026-11-23T12:00"))
    with installation.context.database(reading=True) as uow:
        assert [len(each.changes) for each in uow.schedules.all()] == [0]


def machine(installation: LocalInstallation, name: str) -> LabMachine:
    with installation.context.database(reading=True) as uow:
        lab = uow.labs.get_by_key(LAB.key)
        return next(each for each in uow.machines.of_lab(lab.id) if each.name == name)


def test_a_machine_that_is_busy_at_the_moment_is_done_afterwards(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "class", once("2026-11-23T09:00", "2026-11-23T11:00"))
    late = machine(installation, "student0-vm")
    set_state(installation, late, MachineState.REIMAGING)
    assert running(at(installation, clock, "09:00")) == ["student1-vm"]
    set_state(installation, late, STOPPED)
    assert running(at(installation, clock, "09:01")) == ["student0-vm", "student1-vm"]

    set_state(installation, late, MachineState.REDEPLOYING)
    assert running(at(installation, clock, "11:00")) == []
    set_state(installation, late, RUNNING)
    with installation.request() as request:
        installation_start = start_machine(request, LAB, "student1-vm")
    installation.run(installation_start)
    assert running(at(installation, clock, "11:02")) == ["student1-vm"], "it was not busy, and is not stopped twice"


def test_full_disks_put_a_start_off_until_there_is_room(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "class", once("2026-11-23T09:00", "2026-11-23T11:00"))
    no_room = DataRoom(data=installation.folder, margin=DiskMargin(percent=100))
    full = replace(installation, context=replace(installation.context, disk_room=no_room))
    assert running(at(full, clock, "09:00")) == []
    assert len(running(at(installation, clock, "09:05"))) == 2


def test_people_are_not_held_up_by_what_the_service_began(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    settings = installation.context.settings
    limits = replace(settings.limits, operations=Limit(per_person=1, in_all=1))
    narrow = installation.with_settings(replace(settings, limits=limits))
    plan(narrow, "class", once("2026-11-23T09:00", "2026-11-23T11:00"))
    clock.set("2026-11-23T09:00")
    keep_class_times(narrow.context)
    assert states(narrow)["student0-vm"] is STARTING
    assert narrow.begin_start("algebra").kind is OperationKind.START_MACHINE
    with narrow.request("student0") as request:  # nobody has begun to work on it yet
        given_up = stop_machine(request, LAB, "student0-vm")
    assert given_up
    assert (given_up.kind, given_up.cancel_requested) == (OperationKind.START_MACHINE, True)


def test_a_crash_before_the_commit_loses_nothing_and_doubles_nothing(
    school: tuple[LocalInstallation, SetClock], monkeypatch: pytest.MonkeyPatch
) -> None:
    installation, clock = school
    plan(installation, "class", once("2026-11-23T09:00", "2026-11-23T11:00"))
    for moment, count in (("09:00", 2), ("11:00", 0)):
        clock.set(f"2026-11-23T{moment}")
        before = states(installation)
        for place in range(3):
            with monkeypatch.context() as patched:
                crash_at(patched, place)
                with pytest.raises(Crash):
                    keep_class_times(installation.context)
            assert states(installation) == before
            with installation.context.database(reading=True) as uow:
                assert uow.operations.unsettled() == []
        keep_class_times(installation.context)
        keep_class_times(installation.context)  # killed after the commit: the next round finds it done
        assert len(work(installation)) == 2
        assert len(running(states(installation))) == count


def crash_at(patched: pytest.MonkeyPatch, place: int) -> None:
    """Let the power fail when the first operation is begun, when the second is, or when the log is written."""
    begun = 0

    def fail(*_: object, **__: object) -> None:
        raise Crash

    def count(*_: object, **__: object) -> None:
        nonlocal begun
        begun += 1
        if begun > place:
            raise Crash

    if place == 2:
        patched.setattr("galeria.actions.classes.class_times.record_own_audit", fail)
    else:
        patched.setattr("galeria.actions.classes.own_power.begin_own", count)


def test_what_was_long_ago_is_forgotten(school: tuple[LocalInstallation, SetClock]) -> None:
    installation, clock = school
    plan(installation, "class", once("2026-11-23T09:00", "2026-11-23T11:00"))
    at(installation, clock, "09:00")
    at(installation, clock, "11:00")
    for day, left in (("2026-12-01T00:00", 1), ("2026-12-03T00:00", 0)):
        clock.set(day)
        forget_class_times(installation.context)
        assert running(at(installation, clock, day)) == []
        with installation.context.database(reading=True) as uow:
            assert len(uow.occurrence_records.of_labs([uow.labs.get_by_key(LAB.key).id])) == left
