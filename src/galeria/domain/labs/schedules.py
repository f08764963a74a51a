"""Schedules start and stop a lab's machines, in the local time of one time zone (docs/rules.md, "Labs").

Offsets in the times are ignored in favour of the time zone; a pattern repeats daily or weekly until its expiration date,
that day included.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import available_timezones

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.resources import Resource

MAX_NOTES = 1000


class Frequency(StrEnum):
    """Whether a schedule repeats by days or by weeks."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


class WeekDay(StrEnum):
    """A day of the week, in the words of the Lab Services API."""

    SUNDAY = "Sunday"
    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recurrence:
    """How a schedule repeats: every `interval` days, or on some days of every `interval` weeks, to `expires_on` inclusive."""

    frequency: Frequency
    expires_on: date
    interval: int = 1
    week_days: tuple[WeekDay, ...] = ()

    def kept(self) -> dict[str, Any]:
        """Returns the pattern as the database keeps it and the API writes it."""
        pattern: dict[str, Any] = {"frequency": self.frequency.value, "interval": self.interval}
        if self.week_days:
            pattern["weekDays"] = [day.value for day in self.week_days]
        return {**pattern, "expirationDate": f"{self.expires_on.isoformat()}T00:00:00Z"}


@dataclass(frozen=True, kw_only=True, slots=True)
class OccurrenceChange:
    """What became of one occurrence: cancelled, or moved to other local times of the schedule's zone.

    `local_start` is the start that the pattern gives it; of a schedule that only stops machines, its stop.
    """

    local_start: datetime
    start: datetime | None = None  # None as well where it only stops machines
    stop: datetime | None = None  # None: it is cancelled

    def kept(self) -> dict[str, str]:
        """Returns the change as the database keeps it and the API writes it."""
        moments = {"localStart": self.local_start, "startAt": self.start, "stopAt": self.stop}
        return {name: _kept(moment) for name, moment in moments.items() if moment}


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleTimes:
    """The times of a schedule, local and without an offset.

    Without `start` it only stops machines; without `recurrence` it happens once. `zone` is a name of the IANA list,
    `written_zone` what the caller called it; empty where that is the same.
    """

    start: datetime | None
    stop: datetime
    zone: str
    written_zone: str = ""
    recurrence: Recurrence | None = None
    changes: tuple[OccurrenceChange, ...] = ()  # of single occurrences, by their local start


@dataclass(eq=False, kw_only=True)
class Schedule(Resource):
    """A schedule of a lab.

    `start_at` and `stop_at` are local times such as 2026-11-23T09:00:00; an empty `start_at` means that it only stops
    machines.
    """

    lab_id: str
    start_at: str = ""
    stop_at: str
    time_zone: str  # in the IANA list
    time_zone_name: str = ""  # as it was written, where that is another name
    recurrence: dict[str, Any] = field(default_factory=dict)
    changes: list[dict[str, str]] = field(default_factory=list)  # of single occurrences
    times_changed_at: datetime | None = None  # what was over by then is not made up for; None: nothing was ever changed
    notes: str = ""

    def keep(self, times: ScheduleTimes) -> None:
        """Takes over the given times; they are checked by `check_times` before."""
        self.changes = [each.kept() for each in times.changes]
        self.start_at = _kept(times.start) if times.start else ""
        self.stop_at, self.time_zone, self.time_zone_name = _kept(times.stop), times.zone, times.written_zone
        self.recurrence = times.recurrence.kept() if times.recurrence else {}

    @property
    def times(self) -> ScheduleTimes:
        """The schedule's times as dates and numbers."""
        pattern = self.recurrence
        return ScheduleTimes(
            start=datetime.fromisoformat(self.start_at) if self.start_at else None,
            stop=datetime.fromisoformat(self.stop_at),
            zone=self.time_zone,
            written_zone=self.time_zone_name,
            recurrence=Recurrence(
                frequency=Frequency(pattern["frequency"]),
                interval=pattern["interval"],
                week_days=tuple(WeekDay(day) for day in pattern.get("weekDays", ())),
                expires_on=date.fromisoformat(pattern["expirationDate"][:10]),
            )
            if pattern
            else None,
            changes=tuple(_change(each) for each in self.changes),
        )


def check_times(times: ScheduleTimes) -> None:
    """Raises Invalid for an unknown time zone, a stop that is not after the start, and a pattern that cannot hold."""
    if times.zone not in available_timezones():
        raise unknown_zone(times.zone, "properties.timeZoneId")
    if times.start and times.stop <= times.start:
        raise _wrong(
            Message("The machines would stop before they start."),
            Message("Let stopAt be later than startAt."),
            "stopAt",
        )
    if times.recurrence:
        _check_recurrence(times, times.recurrence)


def unknown_zone(name: str, target: str) -> Invalid:
    """Returns the error about a name that no time zone has."""
    return Invalid(
        Message("There is no time zone '{zone}'.", zone=name),
        hint=Message("Name one of the IANA list, America/Sao_Paulo, or of Windows, E. South America Standard Time."),
        target=target,
    )


def check_notes(notes: str) -> str:
    """Returns the notes. Raises Invalid for more than 1000 characters."""
    if len(notes) > MAX_NOTES:
        raise _wrong(
            Message("The notes are too long."), Message("At most {max_notes} characters.", max_notes=MAX_NOTES), "notes"
        )
    return notes


def _check_recurrence(times: ScheduleTimes, pattern: Recurrence) -> None:
    where = "recurrencePattern"
    if not 1 <= pattern.interval <= 365:
        raise _wrong(
            Message("The interval is {interval}.", interval=pattern.interval),
            Message("It is 1 to 365."),
            f"{where}.interval",
        )
    if pattern.frequency is Frequency.WEEKLY and not pattern.week_days:
        raise _wrong(
            Message("A weekly schedule needs days."), Message("Name some: Monday, Friday."), f"{where}.weekDays"
        )
    first = (times.start or times.stop).date()
    if pattern.expires_on < first:
        raise _wrong(
            Message("The schedule would end before it begins."),
            Message("Choose {first} or a later day.", first=str(first)),
            f"{where}.expirationDate",
        )
    if times.start and times.stop - times.start > timedelta(days=1):
        raise _wrong(Message("One turn is longer than a day."), Message("Let it stop within 24 hours."), "stopAt")


def _change(kept: dict[str, str]) -> OccurrenceChange:
    start, stop = kept.get("startAt"), kept.get("stopAt")
    return OccurrenceChange(
        local_start=datetime.fromisoformat(kept["localStart"]),
        start=datetime.fromisoformat(start) if start else None,
        stop=datetime.fromisoformat(stop) if stop else None,
    )


def _kept(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def _wrong(message: Message, hint: Message, name: str) -> Invalid:
    return Invalid(message, hint=hint, target=f"properties.{name}")
