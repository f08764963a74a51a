"""Students' hours: what counts, what is free, warnings, the end, refills, and what a crash costs."""

from dataclasses import replace

import pytest

from galeria.actions.classes.schedules import ScheduleRequest, put_schedule
from galeria.actions.classes.usage import find_usage_warning
from galeria.actions.labs.lab_settings import LabSettings
from galeria.actions.labs.machines import start_machine, stop_machine
from galeria.actions.rosters.lab_users import UserRequest, update_user
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.labs.labs import LabMachine
from galeria.domain.labs.roster import LabUser
from galeria.domain.labs.ways_in import WayIn
from galeria.domain.states import MachineState
from galeria.ports.database import UnitOfWork
from galeria.ports.machines import Machine
from galeria.reconcilers.class_times import keep_class_times
from galeria.reconcilers.usage import keep_usage
from tests.crashing import Crash
from tests.local_installation import LocalInstallation
from tests.prepared_installations import MakeInstallation, with_lab
from tests.reconcilers.class_rows import LAB, SetClock, add_students, once, set_lab, set_state, states, with_clock, work

School = tuple[LocalInstallation, SetClock, LabMachine]
NAME = "student0-vm"
HOUR = 3600


@pytest.fixture
def school(new_installation: MakeInstallation) -> School:
    """A lab with one student, who has an hour, on a Monday at seven."""
    installation, clock = with_clock(new_installation(with_lab), "2026-11-23T07:00")
    (machine,) = add_students(installation, 1)
    set_lab(installation, LabSettings(usage_quota="PT1H", profiles={"startLead": "PT0S"}))
    return installation, clock, machine


def start(installation: LocalInstallation, who: str = "student0") -> None:
    with installation.request(who) as request:
        operation = start_machine(request, LAB, NAME)
    installation.run(operation)


def stop(installation: LocalInstallation) -> None:
    with installation.request("student0") as request:
        operation = stop_machine(request, LAB, NAME)
    installation.run(operation)


def minutes(school: School, count: int) -> None:
    """Let minutes pass, each with its round, and do what these begin."""
    installation, clock, _ = school
    for _ in range(count):
        clock.pass_by(minutes=1)
        keep_class_times(installation.context)
        keep_usage(installation.context)
        work(installation)


def user(installation: LocalInstallation) -> LabUser:
    with installation.context.database(reading=True) as uow:
        (found,) = uow.lab_users.of_lab(uow.labs.get_by_key(LAB.key).id)
    return found


def sessions(installation: LocalInstallation) -> list[tuple[str, int, bool]]:
    with installation.context.database(reading=True) as uow:
        used = uow.usage.of_lab(uow.labs.get_by_key(LAB.key).id)
    return [(each.cause.value, each.seconds // 60, each.is_open) for each in used]


def messages(school: School) -> list[str]:
    installation, _, machine = school
    return installation.engine.guest(Machine(id=machine.id, region=machine.region)).messages


def is_running(school: School) -> bool:
    return states(school[0])[NAME] is MachineState.RUNNING


def test_what_a_student_starts_counts_by_the_minute(school: School) -> None:
    installation, _, _ = school
    start(installation)
    minutes(school, 11)
    assert (user(installation).total_usage, sessions(installation)) == (600, [("student", 10, True)])
    stop(installation)
    minutes(school, 5)
    assert (user(installation).total_usage, sessions(installation)) == (600, [("student", 10, False)])
    start(installation)
    minutes(school, 3)
    assert user(installation).total_usage == 720
    assert sessions(installation) == [("student", 10, False), ("student", 2, True)]


def test_the_educators_start_is_free(school: School) -> None:
    installation, _, _ = school
    start(installation, "educator")
    minutes(school, 90)
    assert is_running(school)
    assert (user(installation).total_usage, sessions(installation)) == (0, [("educator", 89, True)])


def test_a_class_is_free_and_time_before_and_after_it_counts(school: School) -> None:
    installation, clock, _ = school
    with installation.request() as request:
        for name, begin, end in (("a", "07:30", "08:30"), ("b", "08:30", "09:00")):
            times = once(f"2026-11-23T{begin}", f"2026-11-23T{end}")
            put_schedule(request, LAB, name, ScheduleRequest(times=times))
    start(installation)
    minutes(school, 110)
    assert is_running(school)
    assert user(installation).total_usage == 28 * 60
    assert sessions(installation) == [("student", 28, False), ("schedule", 81, True)]
    clock.set("2026-11-23T09:00")
    keep_class_times(installation.context)
    work(installation)
    assert not is_running(school)
    start(installation)
    minutes(school, 3)
    assert user(installation).total_usage == 30 * 60


def test_warned_twice_in_the_guest_and_the_pages_and_stopped_at_the_end(school: School) -> None:
    installation, _, machine = school
    start(installation)
    minutes(school, 45)
    assert messages(school) == []
    minutes(school, 1)
    assert messages(school) == ["Your hours end in 15 minutes; then this machine is shut down. Save your work."]
    with installation.request() as request:
        lab, row = request.uow.labs.get_by_key(LAB.key), request.uow.machines.get(machine.id)
        assert str(find_usage_warning(request, lab, row)) == messages(school)[0]
    minutes(school, 10)
    assert len(messages(school)) == 2
    assert "5 minutes" in messages(school)[1]
    minutes(school, 4)
    assert is_running(school)
    minutes(school, 1)
    assert not is_running(school)
    assert user(installation).total_usage == HOUR


def test_a_start_without_hours_is_refused_and_says_who_helps(school: School) -> None:
    installation, _, _ = school
    start(installation)
    minutes(school, 62)
    with pytest.raises(Conflict, match="are used up") as told:
        start(installation)
    assert (told.value.code, "Ask Educator for more hours" in str(told.value.hint)) == ("QuotaExceeded", True)
    with installation.request("educator") as request:
        update_user(request, LAB, "student0", UserRequest(extra_quota="PT30M"))
    start(installation)
    minutes(school, 2)
    assert is_running(school)


def test_hours_that_are_added_count_at_once(school: School) -> None:
    installation, _, _ = school
    start(installation)
    minutes(school, 58)
    with installation.request("educator") as request:
        update_user(request, LAB, "student0", UserRequest(extra_quota="PT1H"))
    minutes(school, 30)
    assert is_running(school)
    minutes(school, 20)
    assert [each.split(";")[0] for each in messages(school)] == [
        "Your hours end in 15 minutes",
        "Your hours end in 5 minutes",
        "Your hours end in 15 minutes",
    ], "warned anew"


def test_without_a_quota_machines_are_there_in_class_only(school: School) -> None:
    installation, clock, _ = school
    set_lab(installation, LabSettings(usage_quota="PT0S"))
    with pytest.raises(Conflict, match="during classes only"):
        start(installation)
    with installation.request() as request:
        times = once("2026-11-23T09:00", "2026-11-23T10:00")
        put_schedule(request, LAB, "class", ScheduleRequest(times=times))
    clock.set("2026-11-23T09:10")
    start(installation)
    minutes(school, 5)
    assert is_running(school)


@pytest.mark.parametrize("where", ["lab_users", "own_power", "commit"])
def test_a_crash_costs_a_student_nothing(school: School, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    installation, clock, _ = school
    start(installation)
    minutes(school, 60)
    before = (user(installation).total_usage, sessions(installation))
    clock.pass_by(minutes=1)
    places = {
        "lab_users": "galeria.actions.classes.usage.seconds_left",
        "own_power": "galeria.actions.classes.own_power.begin_own",
        "commit": "galeria.actions.classes.usage.record_own_audit",
    }

    def fail(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(places[where], fail)
        with pytest.raises(Crash):
            keep_usage(installation.context)
    assert (user(installation).total_usage, sessions(installation)) == before
    minutes(school, 1)
    assert not is_running(school)
    assert user(installation).total_usage - before[0] <= 120


def test_what_nobody_watched_is_not_counted(school: School) -> None:
    installation, clock, _ = school
    start(installation)
    minutes(school, 6)
    clock.pass_by(hours=5)
    minutes(school, 6)
    assert user(installation).total_usage == 10 * 60
    assert sessions(installation) == [("student", 5, False), ("student", 5, True)]


def test_hours_are_refilled_each_week(school: School) -> None:
    installation, clock, _ = school
    start(installation)
    minutes(school, 62)
    set_lab(installation, LabSettings(profiles={"weeklyRefill": {"weekDay": "Monday", "timeZoneId": "Europe/Lisbon"}}))
    with pytest.raises(Conflict):
        start(installation)
    clock.set("2026-11-29T20:59")
    with pytest.raises(Conflict):
        start(installation)
    clock.set("2026-11-29T21:00")  # midnight in Lisbon
    start(installation)
    minutes(school, 30)
    assert is_running(school)
    assert user(installation).total_usage > HOUR, "all that was ever used"
    minutes(school, 35)
    assert not is_running(school)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"weekDay": "Someday", "timeZoneId": "UTC"}, "no day"),
        ({"weekDay": "Monday", "timeZoneId": "Mars/Base"}, "no time zone"),
    ],
)
def test_a_refill_that_cannot_be(school: School, said: dict[str, str], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        set_lab(school[0], LabSettings(profiles={"weeklyRefill": said}))


def test_a_machine_without_an_agent_is_told_nothing_and_counted_all_the_same(school: School) -> None:
    installation, _, _ = school
    installation.engine.silent.add(WayIn.AGENT)
    start(installation)
    minutes(school, 62)
    assert (messages(school), is_running(school)) == ([], False)


def test_one_transaction_counts_for_all(new_installation: MakeInstallation) -> None:
    installation, clock = with_clock(new_installation(with_lab), "2026-11-23T07:00")
    for machine in add_students(installation, 40, on_host=False):
        set_state(installation, machine, MachineState.RUNNING, cause="student")
    set_lab(installation, LabSettings(usage_quota="PT1H"))
    database, writing = installation.context.database, []

    def counted(*, reading: bool = False) -> UnitOfWork:
        writing.extend([] if reading else [clock.now()])
        return database(reading=reading)

    context = replace(installation.context, database=counted)
    for _ in range(3):
        keep_usage(context)
        clock.pass_by(minutes=1)
    assert len(writing) == 3
    with database(reading=True) as uow:
        used = [each.total_usage for each in uow.lab_users.of_lab(uow.labs.get_by_key(LAB.key).id)]
    assert used == [120] * 40
