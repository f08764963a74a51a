"""When schedules take place: against an independent library, and where the clock is changed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from galeria.domain.classes.occurrences import Occurrence, occurrences
from galeria.domain.labs.schedules import Frequency, OccurrenceChange, Recurrence, ScheduleTimes, WeekDay

SAO_PAULO, LISBON = "America/Sao_Paulo", "Europe/Lisbon"
ZONES = (SAO_PAULO, LISBON, "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "America/New_York", "UTC")
DAYS = tuple(WeekDay)
SHORT = {day: day.value[:2].upper() for day in DAYS}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def weekly(
    start: str, stop: str, zone: str, *, until: str, days: tuple[WeekDay, ...], interval: int = 1
) -> ScheduleTimes:
    pattern = Recurrence(
        frequency=Frequency.WEEKLY, expires_on=date.fromisoformat(until), interval=interval, week_days=days
    )
    return ScheduleTimes(start=local(start), stop=local(stop), zone=zone, recurrence=pattern)


def starts(found: list[Occurrence]) -> list[str]:
    return [f"{each.start:%Y-%m-%d %H:%M}" for each in found if each.start]


@st.composite
def patterns(draw: st.DrawFn) -> ScheduleTimes:
    start = draw(st.datetimes(local("2016-01-01"), local("2021-12-31"))).replace(second=0, microsecond=0)
    lasting = timedelta(minutes=draw(st.integers(1, 24 * 60)))
    frequency = draw(st.sampled_from(Frequency))
    days = tuple(draw(st.sets(st.sampled_from(DAYS), min_size=1)))
    pattern = Recurrence(
        frequency=frequency,
        expires_on=start.date() + timedelta(days=draw(st.integers(0, 700))),
        interval=draw(st.integers(1, 5)),
        week_days=days if frequency is Frequency.WEEKLY else (),
    )
    return ScheduleTimes(start=start, stop=start + lasting, zone=draw(st.sampled_from(ZONES)), recurrence=pattern)


def event(start: datetime, zone: str, rule: dict[str, object] | None = None) -> Calendar:
    """A calendar with one event of no length: ends that follow their starts by hours are another rule than ours."""
    found = Event()
    found.add("uid", "one")
    found.add("dtstart", start.replace(tzinfo=ZoneInfo(zone)))
    if rule:
        found.add("rrule", rule)
    calendar = Calendar()
    calendar.add_component(found)
    return calendar


def library_starts(times: ScheduleTimes, begin: datetime, end: datetime) -> list[datetime]:
    pattern, start = times.recurrence, times.start
    assert pattern
    assert start
    rule: dict[str, object] = {"freq": pattern.frequency.value.upper(), "interval": pattern.interval}
    if pattern.week_days:
        rule["byday"] = [SHORT[day] for day in pattern.week_days]
    rule["until"] = datetime.combine(pattern.expires_on, time(23, 59, 59), ZoneInfo(times.zone)).astimezone(UTC)
    found = recurring_ical_events.of(event(start, times.zone, rule)).between(begin, end)
    moments = {each.start.astimezone(UTC) for each in found}
    if pattern.week_days and DAYS[(start.weekday() + 1) % 7] not in pattern.week_days:
        # RFC 5545 lets the first start count in any case; ours counts on its days only.
        moments.discard(start.replace(tzinfo=ZoneInfo(times.zone)).astimezone(UTC))
    return sorted(moments)


@given(patterns(), st.integers(-30, 700), st.integers(1, 200))
@example(weekly("2018-10-07T00:30", "2018-10-07T02:00", SAO_PAULO, until="2018-12-31", days=(WeekDay.SUNDAY,)), 0, 90)
@example(weekly("2018-02-03T23:30", "2018-02-04T00:30", SAO_PAULO, until="2018-12-31", days=(WeekDay.SATURDAY,)), 0, 90)
@example(weekly("2018-03-04T01:30", "2018-03-04T02:30", LISBON, until="2018-12-31", days=(WeekDay.SUNDAY,)), 0, 300)
def test_an_independent_library_finds_the_same(times: ScheduleTimes, after: int, lasting: int) -> None:
    start = times.start
    assert start
    begin = start.replace(hour=0, minute=0, tzinfo=UTC) + timedelta(days=after)
    end = begin + timedelta(days=lasting)

    found = occurrences(times, begin, end)

    ours = [each.start for each in found if each.start and begin <= each.start < end]
    assert sorted(ours) == library_starts(times, begin, end)
    # Each stop is a local time, too: an event of its own says which moment that is.
    for each in found[:5]:
        stop = each.local_start + (times.stop - start)
        (seen,) = recurring_ical_events.of(event(stop, times.zone)).between(
            each.stop - timedelta(days=3), each.stop + timedelta(days=3)
        )
        assert each.start
        assert each.stop == max(seen.start.astimezone(UTC), each.start)


@given(patterns(), st.integers(-30, 700), st.integers(0, 40), st.integers(0, 40))
def test_two_ranges_find_together_what_one_finds(times: ScheduleTimes, after: int, first: int, second: int) -> None:
    assert times.start
    begin = times.start.replace(tzinfo=UTC) + timedelta(days=after)
    middle, end = begin + timedelta(days=first), begin + timedelta(days=first + second)

    both = {*occurrences(times, begin, middle), *occurrences(times, middle, end)}

    assert both == set(occurrences(times, begin, end))


def test_sao_paulo_loses_an_hour_and_gets_one_back() -> None:
    days = (WeekDay.SATURDAY, WeekDay.SUNDAY)
    times = weekly("2018-11-03T00:30", "2018-11-03T09:00", SAO_PAULO, until="2019-02-17", days=days)
    gap = occurrences(times, utc("2018-11-03T00:00"), utc("2018-11-05T00:00"))
    # There was no 00:30 on 4 November: the clock went from 00:00 to 01:00.
    assert starts(gap) == ["2018-11-03 03:30", "2018-11-04 03:30"]
    assert [f"{each.stop:%d %H:%M}" for each in gap] == ["03 12:00", "04 11:00"]

    late = weekly("2019-02-16T23:30", "2019-02-17T00:30", SAO_PAULO, until="2019-02-17", days=days)
    fold = occurrences(late, utc("2019-02-16T00:00"), utc("2019-02-18T12:00"))
    # 23:30 was there twice on 16 February; the first counts, and the clock stood back once before the stop.
    assert starts(fold) == ["2019-02-17 01:30", "2019-02-18 02:30"]
    assert [f"{each.stop:%d %H:%M}" for each in fold] == ["17 03:30", "18 03:30"]


def test_lisbon_keeps_its_hour_over_both_changes() -> None:
    times = weekly("2018-03-19T09:00", "2018-03-19T10:00", LISBON, until="2018-11-05", days=(WeekDay.MONDAY,))
    found = starts(occurrences(times, utc("2018-03-01T00:00"), utc("2018-12-01T00:00")))
    assert found[:2] == ["2018-03-19 09:00", "2018-03-26 08:00"]
    assert found[-2:] == ["2018-10-29 09:00", "2018-11-05 09:00"], "the last day belongs to it"


def test_what_begins_in_the_hour_left_out_does_not_stop_before_it_starts() -> None:
    times = ScheduleTimes(start=local("2018-11-04T00:50"), stop=local("2018-11-04T01:10"), zone=SAO_PAULO)
    (only,) = occurrences(times, utc("2018-11-04T00:00"), utc("2018-11-05T00:00"))
    assert only.start == only.stop == utc("2018-11-04T03:50")


@pytest.mark.parametrize(
    ("begin", "end", "count"),
    [
        ("2026-11-23T00:00", "2026-11-24T00:00", 1),
        ("2026-11-23T13:00", "2026-11-23T13:00", 1),
        ("2026-11-23T14:00", "2026-11-24T00:00", 1),
        ("2026-11-23T14:01", "2026-11-24T00:00", 0),
        ("2026-11-22T00:00", "2026-11-23T11:59", 0),
    ],
)
def test_what_happens_once_is_found_while_it_lasts(begin: str, end: str, count: int) -> None:
    times = ScheduleTimes(start=local("2026-11-23T09:00"), stop=local("2026-11-23T11:00"), zone=SAO_PAULO)
    assert len(occurrences(times, utc(begin), utc(end))) == count


def test_a_schedule_that_only_stops_has_no_start() -> None:
    pattern = Recurrence(frequency=Frequency.DAILY, expires_on=date(2026, 11, 25), interval=2)
    times = ScheduleTimes(start=None, stop=local("2026-11-23T22:00"), zone=LISBON, recurrence=pattern)
    found = occurrences(times, utc("2026-11-01T00:00"), utc("2026-12-31T00:00"))
    assert [(each.start, f"{each.stop:%d %H}") for each in found] == [(None, "23 22"), (None, "25 22")]
    assert not found[0].covers(found[0].stop)


def test_one_is_cancelled_and_another_is_moved_by_a_month() -> None:
    days = (WeekDay.MONDAY,)
    times = weekly("2026-11-02T09:00", "2026-11-02T11:00", LISBON, until="2026-11-23", days=days)
    changes = (
        OccurrenceChange(local_start=local("2026-11-09T09:00")),
        OccurrenceChange(
            local_start=local("2026-11-16T09:00"), start=local("2026-12-18T14:00"), stop=local("2026-12-18T16:00")
        ),
    )
    changed = ScheduleTimes(
        start=times.start, stop=times.stop, zone=LISBON, recurrence=times.recurrence, changes=changes
    )

    found = occurrences(changed, utc("2026-11-01T00:00"), utc("2026-12-31T00:00"))

    assert starts(found) == ["2026-11-02 09:00", "2026-11-23 09:00", "2026-12-18 14:00"]
    assert [each.is_moved for each in found] == [False, False, True]
    assert found[-1].local_start == local("2026-11-16T09:00"), "its name stays"


def test_the_ends_of_the_calendar_are_no_fault() -> None:
    pattern = Recurrence(frequency=Frequency.DAILY, expires_on=date.max)
    times = ScheduleTimes(
        start=local("0001-01-01T00:30"), stop=local("0001-01-01T01:00"), zone="Pacific/Apia", recurrence=pattern
    )
    assert len(occurrences(times, utc("2026-11-23T00:00"), utc("2026-11-24T00:00"))) >= 1
    once = ScheduleTimes(start=local("0001-01-01"), stop=local("0001-01-02"), zone="Pacific/Apia")
    assert occurrences(once, utc("2026-11-23T00:00"), utc("2026-11-24T00:00")) == []


def test_machines_run_from_the_lead_time_until_before_the_stop() -> None:
    each = Occurrence(
        local_start=local("2026-11-23T09:00"), start=utc("2026-11-23T12:00"), stop=utc("2026-11-23T14:00")
    )
    lead = timedelta(minutes=10)
    moments = ("11:49", "11:50", "13:59", "14:00")
    assert [each.covers(utc(f"2026-11-23T{at}"), lead=lead) for at in moments] == [False, True, True, False]
