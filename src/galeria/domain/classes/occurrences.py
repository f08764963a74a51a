"""When a schedule takes place: its local times become moments, one occurrence after the other.

A time that summer time leaves out counts with the offset before the change, so that 00:30 becomes 01:30 where the clock
goes from 00:00 to 01:00; of a time that there is twice the first counts (RFC 5545, 3.3.5). Weeks begin on Monday.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from galeria.domain.errors import Invalid
from galeria.domain.labs.schedules import Frequency, Recurrence, ScheduleTimes, WeekDay
from galeria.domain.messages import Message

MOST_CHANGES = 400
"""Changed occurrences of one schedule: more than a year of days."""
_DAY = timedelta(days=1)
_MARGIN = 2 * _DAY  # more than any offset from UTC together with the longest occurrence of a pattern
_MONDAY_FIRST = (
    WeekDay.MONDAY,
    WeekDay.TUESDAY,
    WeekDay.WEDNESDAY,
    WeekDay.THURSDAY,
    WeekDay.FRIDAY,
    WeekDay.SATURDAY,
    WeekDay.SUNDAY,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrence:
    """One time that a schedule takes place.

    `local_start` names it within its schedule: the local start that the pattern gives it, also where it was moved; of a
    schedule that only stops machines, its local stop.
    """

    local_start: datetime
    start: datetime | None  # UTC; None where it only stops machines
    stop: datetime  # UTC
    is_moved: bool = False

    def covers(self, moment: datetime, *, lead: timedelta = timedelta(0)) -> bool:
        """Tells whether machines are to run at that moment: from the lead time before the start until before the stop."""
        return self.start is not None and self.start - lead <= moment < self.stop


@dataclass(eq=False, kw_only=True)
class OccurrenceRecord:
    """What has been done of one occurrence; see `Occurrence.local_start`.

    It outlives its schedule, so that what was started is stopped. Machines that were busy at the moment wait in the two lists.
    """

    schedule_id: str
    local_start: str  # an ISO 8601 text without an offset
    lab_id: str
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    to_start: list[str] = field(default_factory=list)  # ids of machines
    to_stop: list[str] = field(default_factory=list)

    @property
    def is_running(self) -> bool:
        """Whether its machines were started and not stopped yet."""
        return self.started_at is not None and self.stopped_at is None


def occurrences(times: ScheduleTimes, begin: datetime, end: datetime) -> list[Occurrence]:
    """Returns what takes place between the moments `begin` and `end`, the first stop in front.

    That is every occurrence whose stop is not before `begin` and whose start is not after `end`; of one that only stops
    machines both are its stop. Cancelled ones are left out, and moved ones stand where they were moved to.
    """
    zone = ZoneInfo(times.zone)
    changed = {each.local_start for each in times.changes}
    found = [
        _occurrence(times, name, name, zone)
        for name in local_starts(times, *_local_range(begin, end))
        if name not in changed
    ]
    for change in times.changes:
        if change.stop is not None and _is_near(change.start or change.stop, change.stop, begin, end):
            moved = Occurrence(
                local_start=change.local_start,
                start=_moment(change.start, zone) if change.start else None,
                stop=_moment(change.stop, zone),
                is_moved=True,
            )
            found.append(moved)
    inside = [each for each in found if each.stop >= begin and (each.start or each.stop) <= end]
    return sorted(inside, key=lambda each: (each.stop, each.local_start))


def local_starts(times: ScheduleTimes, first: datetime, last: datetime) -> Iterator[datetime]:
    """Returns the names of the pattern's occurrences whose local start lies between two local times, both included.

    Changes of single occurrences are not looked at.
    """
    origin = times.start or times.stop
    pattern = times.recurrence
    if pattern is None:
        # One that began earlier may last for days.
        if origin <= last and times.stop >= first:
            yield origin
        return
    begin, end = max(first.date(), origin.date()), min(last.date(), pattern.expires_on)
    days = _days(pattern, origin.date(), begin, end)
    yield from (datetime.combine(day, origin.time()) for day in days)


def has_local_start(times: ScheduleTimes, local_start: datetime) -> bool:
    """Tells whether the pattern has an occurrence of that name."""
    return local_start in local_starts(times, local_start, local_start)


def check_changes(times: ScheduleTimes) -> None:
    """Raises Invalid for a change of something that the pattern does not have, and for new times that cannot hold."""
    if len(times.changes) > MOST_CHANGES:
        raise _wrong(
            Message("{count} occurrences are changed.", count=len(times.changes)),
            Message("At most {most}: make a second schedule.", most=MOST_CHANGES),
        )
    if len({each.local_start for each in times.changes}) < len(times.changes):
        raise _wrong(
            Message("One occurrence is changed twice."), Message("Name each localStart once, with what it became last.")
        )
    for each in times.changes:
        when = each.local_start.isoformat(sep=" ", timespec="minutes")
        if not has_local_start(times, each.local_start):
            raise _wrong(
                Message("The schedule has nothing at {when}.", when=when),
                Message("Name the local time at which it would take place without a change."),
            )
        if each.stop is None:
            continue
        if (each.start is None) != (times.start is None):
            raise _wrong(
                Message("The occurrence of {when} would start or stop only.", when=when),
                Message("Give it a startAt and a stopAt, as its schedule has them."),
            )
        if each.start and not each.start < each.stop <= each.start + _DAY:
            raise _wrong(
                Message("The occurrence of {when} would not stop within a day after its start.", when=when),
                Message("Let stopAt be later than startAt, by 24 hours at most."),
            )


def _wrong(message: Message, hint: Message) -> Invalid:
    return Invalid(message, hint=hint, target="properties.galeria.changes")


def _days(pattern: Recurrence, origin: date, begin: date, end: date) -> Iterator[date]:
    """Returns the days of the pattern from `begin`, which is not before `origin`, to `end`."""
    weekly = pattern.frequency is Frequency.WEEKLY
    wanted = {_MONDAY_FIRST.index(each) for each in pattern.week_days}
    first_week = origin.toordinal() - origin.weekday()
    for number in range(begin.toordinal(), end.toordinal() + 1):
        if weekly:
            is_turn = (number - first_week) // 7 % pattern.interval == 0 and (number - first_week) % 7 in wanted
        else:
            is_turn = (number - origin.toordinal()) % pattern.interval == 0
        if is_turn:
            yield date.fromordinal(number)


def _occurrence(times: ScheduleTimes, name: datetime, start: datetime, zone: ZoneInfo) -> Occurrence:
    lasting = times.stop - times.start if times.start else timedelta(0)
    begin = _moment(start, zone) if times.start else None
    stop = _moment(start + lasting, zone)
    # Where the clock goes forward between the two, what lasts less than the change is over when it begins.
    return Occurrence(local_start=name, start=begin, stop=max(stop, begin) if begin else stop)


def _moment(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _local_range(begin: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Returns a range of local times that holds the starts of all that takes place between two moments, in any zone."""
    return begin.astimezone(UTC).replace(tzinfo=None) - _MARGIN, end.astimezone(UTC).replace(tzinfo=None) + _MARGIN


def _is_near(start: datetime, stop: datetime, begin: datetime, end: datetime) -> bool:
    first, last = _local_range(begin, end)
    return start <= last and stop >= first
