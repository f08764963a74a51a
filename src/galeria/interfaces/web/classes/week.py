"""One week of a lab's classes, day by day, in the reader's time zone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from galeria.domain.classes.occurrences import Occurrence, occurrences
from galeria.domain.classes.use_by_week import WEEK, week_of
from galeria.domain.labs.schedules import Schedule

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class DayOfClasses:
    """What takes place on one day; a class over midnight is on the day on which it begins."""

    day: date
    is_today: bool
    classes: tuple[Occurrence, ...]  # the first in front


@dataclass(frozen=True, kw_only=True)
class WeekOfClasses:
    """Seven days from a Monday on."""

    monday: date
    days: tuple[DayOfClasses, ...]

    @property
    def before(self) -> date:
        return self.monday - WEEK

    @property
    def after(self) -> date:
        return self.monday + WEEK


def week_of_classes(schedules: Iterable[Schedule], asked: str, now: datetime, zone: tzinfo) -> WeekOfClasses:
    """Return the week of the day `asked`, as an address names it; the present one where it names none."""
    monday = _monday(asked) or week_of(now, zone)
    begin, end = (datetime.combine(each, time(), zone).astimezone(UTC) for each in (monday, monday + WEEK))
    found: dict[date, list[Occurrence]] = {}
    for schedule in schedules:
        for each in occurrences(schedule.times, begin, end):
            found.setdefault(_first(each).astimezone(zone).date(), []).append(each)
    today = now.astimezone(zone).date()
    days = (monday + number * DAY for number in range(7))
    return WeekOfClasses(
        monday=monday,
        days=tuple(
            DayOfClasses(day=day, is_today=day == today, classes=tuple(sorted(found.get(day, ()), key=_first)))
            for day in days
        ),
    )


def _first(occurrence: Occurrence) -> datetime:
    return occurrence.start or occurrence.stop


def _monday(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Near the ends of the calendar no week around a day can be shown.
    return day - day.weekday() * DAY if date.min + WEEK * 2 < day < date.max - WEEK * 2 else None
