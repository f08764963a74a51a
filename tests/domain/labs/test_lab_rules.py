"""Durations, profiles, rosters and schedules: what is taken, and what is refused with a hint."""

from datetime import date, datetime

import pytest

from galeria.domain.durations import parse_duration, show_duration
from galeria.domain.errors import Invalid
from galeria.domain.labs.profiles import capacity, check_roster, check_shutdown, merged, quota
from galeria.domain.labs.schedules import (
    Frequency,
    Recurrence,
    Schedule,
    ScheduleTimes,
    WeekDay,
    check_notes,
    check_times,
)

MORNING = datetime.fromisoformat("2030-01-07T08:00:00")
NOON = datetime.fromisoformat("2030-01-07T12:00:00")
WEEKLY = Recurrence(frequency=Frequency.WEEKLY, week_days=(WeekDay.MONDAY,), expires_on=date(2030, 6, 30))
TIMES = ScheduleTimes(start=MORNING, stop=NOON, zone="America/Sao_Paulo", recurrence=WEEKLY)


@pytest.mark.parametrize(
    ("text", "seconds", "shown"),
    [
        ("PT10H", 36_000, "PT10H"),
        ("P1DT30M", 88_200, "PT24H30M"),
        ("p2w", 1_209_600, "PT336H"),
        ("PT0S", 0, "PT0S"),
        ("PT90.5S", 90, "PT1M30S"),
    ],
)
def test_a_duration_is_read_and_written(text: str, seconds: int, shown: str) -> None:
    assert parse_duration(text, "x") == seconds
    assert show_duration(seconds) == shown
    assert parse_duration(shown, "x") == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "10H", "P1Y", "P1M", "PT-1H", "PT1H ago", "PT9999999999H"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_duration(text, "properties.usageQuota")
    assert refused.value.target == "properties.usageQuota"
    assert "PT10H" in refused.value.hint


def test_the_quota_is_0_to_9999_hours_and_the_capacity_0_to_400() -> None:
    assert quota("PT9999H", "q") == 9999 * 3600
    with pytest.raises(Invalid, match="too large"):
        quota("PT9999H1S", "q")
    assert (capacity(0, "c"), capacity(400, "c")) == (0, 400)
    for wrong in (-1, 401):
        with pytest.raises(Invalid, match="no room"):
            capacity(wrong, "c")


def test_what_is_said_is_merged_and_a_null_takes_away() -> None:
    held = {"a": {"x": 1, "y": 2}, "b": 3}
    assert merged(held, {"a": {"y": None, "z": 4}, "b": None, "c": {"d": 5}}) == {"a": {"x": 1, "z": 4}, "c": {"d": 5}}
    assert held == {"a": {"x": 1, "y": 2}, "b": 3}


def test_a_delay_is_a_duration_of_at_most_a_day() -> None:
    check_shutdown({"shutdownOnDisconnect": "Enabled", "disconnectDelay": "PT15M"}, "p")
    for wrong in ("PT25H", "soon"):
        with pytest.raises(Invalid) as refused:
            check_shutdown({"idleDelay": wrong}, "p")
        assert refused.value.target == "p.idleDelay"


@pytest.mark.parametrize("group", ["00000000-0000-0000-0000-000000000000", "nobody"])
def test_a_group_is_a_guid_and_not_zero(group: str) -> None:
    check_roster({"activeDirectoryGroupId": "8a1e2b1c-5d0f-4f9e-9a53-0c8f3a4e5b6d"}, "p")
    with pytest.raises(Invalid, match="no group"):
        check_roster({"activeDirectoryGroupId": group}, "p")


def test_a_schedule_keeps_its_times() -> None:
    check_times(TIMES)
    schedule = Schedule(
        id="1",
        resource_id="/x",
        key="/x",
        location="",
        created_at=MORNING,
        created_by="",
        modified_at=MORNING,
        modified_by="",
        lab_id="l",
        stop_at="",
        time_zone="",
    )
    for times in (TIMES, ScheduleTimes(start=None, stop=NOON, zone="UTC")):
        schedule.keep(times)
        assert schedule.times == times


@pytest.mark.parametrize(
    ("wrong", "target"),
    [
        ({"zone": "Mars/Olympus"}, "timeZoneId"),
        ({"zone": "E. South America Standard Time"}, "timeZoneId"),
        ({"stop": MORNING}, "stopAt"),
        ({"stop": datetime.fromisoformat("2030-01-09T12:00:00")}, "stopAt"),
        ({"recurrence": Recurrence(frequency=Frequency.WEEKLY, expires_on=date(2030, 6, 30))}, "weekDays"),
        ({"recurrence": Recurrence(frequency=Frequency.DAILY, expires_on=date(2029, 1, 1))}, "expirationDate"),
        ({"recurrence": Recurrence(frequency=Frequency.DAILY, interval=366, expires_on=date(2031, 1, 1))}, "interval"),
        ({"recurrence": Recurrence(frequency=Frequency.DAILY, interval=0, expires_on=date(2031, 1, 1))}, "interval"),
    ],
)
def test_times_that_make_no_sense_are_refused(wrong: dict[str, object], target: str) -> None:
    fields = {"start": MORNING, "stop": NOON, "zone": "UTC", "recurrence": WEEKLY} | wrong
    with pytest.raises(Invalid) as refused:
        check_times(ScheduleTimes(**fields))  # type: ignore[arg-type]
    assert refused.value.target is not None
    assert refused.value.target.endswith(target)
    assert refused.value.hint


def test_notes_are_short() -> None:
    assert check_notes("x" * 1000)
    with pytest.raises(Invalid):
        check_notes("x" * 1001)
