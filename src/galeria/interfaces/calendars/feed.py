"""Schedules as an iCalendar file: one repeating event for each, with what was cancelled and what was moved."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from galeria.actions.classes.calendar import PlannedClasses
from galeria.domain.classes.occurrences import local_starts
from galeria.domain.labs.schedules import Frequency, Recurrence, ScheduleTimes

PRODUCT = "-//Galeria//Classes//EN"
REFRESH = timedelta(hours=1)
"""How often calendar programs are asked to look again."""


def calendar_file(planned: Iterable[PlannedClasses], *, name: str) -> bytes:
    """Return the calendar, under that name."""
    calendar = Calendar()
    for key, value in (("prodid", PRODUCT), ("version", "2.0"), ("x-wr-calname", name)):
        calendar.add(key, value)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for each in planned:
        for event in _events(each):
            calendar.add_component(event)
    calendar.add_missing_timezones()
    content: bytes = calendar.to_ical()
    return content


def _events(planned: PlannedClasses) -> Iterator[Event]:
    """Return the event of a schedule, then one for each of its occurrences that was moved."""
    times = planned.schedule.times
    origin, zone = times.start, ZoneInfo(times.zone)
    if origin is None:
        return
    first = _first(times, origin)
    if first is None:
        return
    event = _event(planned, first.replace(tzinfo=zone), (first + (times.stop - origin)).replace(tzinfo=zone))
    if times.recurrence:
        event.add("rrule", _rule(times.recurrence, zone))
    # What was moved stands by itself: programs differ in how they show a single event that replaces one of a series.
    gone = [each.local_start.replace(tzinfo=zone) for each in times.changes]
    for each in gone:
        event.add("exdate", each)
    if times.recurrence or not gone:
        yield event
    for change in times.changes:
        if change.start and change.stop:
            begin, end = change.start.replace(tzinfo=zone), change.stop.replace(tzinfo=zone)
            yield _event(planned, begin, end, suffix=f"-{change.local_start:%Y%m%dT%H%M%S}")


def _event(planned: PlannedClasses, begin: datetime, end: datetime, *, suffix: str = "") -> Event:
    event = Event()
    event.add("uid", f"{planned.schedule.id}{suffix}@galeria")
    event.add("dtstamp", planned.schedule.modified_at)
    event.add("last-modified", planned.schedule.modified_at)
    event.add("summary", planned.lab.title)
    if planned.schedule.notes:
        event.add("description", planned.schedule.notes)
    event.add("dtstart", begin)
    event.add("dtend", end)
    return event


def _first(times: ScheduleTimes, origin: datetime) -> datetime | None:
    """Return the first start of the pattern; a series must begin with one, and not with a day that it leaves out."""
    if times.recurrence is None:
        return origin
    last = datetime.combine(times.recurrence.expires_on, time.max)
    return next(local_starts(times, origin, last), None)


def _rule(pattern: Recurrence, zone: ZoneInfo) -> dict[str, object]:
    rule: dict[str, object] = {"freq": pattern.frequency.value.upper(), "interval": pattern.interval, "wkst": "MO"}
    if pattern.frequency is Frequency.WEEKLY:
        rule["byday"] = [day.value[:2].upper() for day in pattern.week_days]
    rule["until"] = _until(pattern, zone)
    return rule


def _until(pattern: Recurrence, zone: ZoneInfo) -> datetime:
    """Return the end of the last day."""
    end = datetime.combine(pattern.expires_on, time(23, 59, 59))
    if end.year == date.max.year:
        return end.replace(tzinfo=UTC)
    return end.replace(tzinfo=zone).astimezone(UTC)
