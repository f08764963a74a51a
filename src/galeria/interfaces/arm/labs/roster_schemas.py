"""Request bodies of a lab's users and schedules."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from galeria.domain.classes.occurrences import MOST_CHANGES
from galeria.domain.labs.schedules import Frequency, WeekDay
from galeria.interfaces.arm.labs.profile_schemas import Duration
from galeria.interfaces.arm.protocol.wire_types import Text, Wire, Word, any_case


def _local(moment: datetime) -> datetime:
    """Drop the offset: a time counts in the schedule's own time zone (Lab Services API)."""
    return moment.replace(tzinfo=None)


def _day(value: object) -> object:
    """Return the day; clients send a date, or a moment of that day."""
    return value[:10] if isinstance(value, str) else value


LocalTime = Annotated[datetime, AfterValidator(_local)]
Day = Annotated[date, BeforeValidator(_day)]


class UserChanges(Wire):
    email: Annotated[str, Field(max_length=1000)] | None = None
    additional_usage_quota: Duration | None = None


class UserBody(Wire):
    properties: UserChanges


class UserPatch(Wire):
    properties: UserChanges | None = None


class Invitation(Wire):
    text: Text | None = None


class RecurrencePattern(Wire):
    frequency: Annotated[Frequency, any_case(Frequency)]
    week_days: Annotated[list[Annotated[WeekDay, any_case(WeekDay)]], Field(max_length=7)] | None = None
    interval: int = 1
    expiration_date: Day


class ChangedOccurrence(Wire):
    """What became of one occurrence: moved to the two times, or cancelled where there is none."""

    local_start: LocalTime
    start_at: LocalTime | None = None
    stop_at: LocalTime | None = None


class OurSchedule(Wire):
    changes: Annotated[list[ChangedOccurrence], Field(max_length=MOST_CHANGES)] | None = None


class ScheduleChanges(Wire):
    start_at: LocalTime | None = None
    stop_at: LocalTime | None = None
    recurrence_pattern: RecurrencePattern | None = None
    time_zone_id: Annotated[Word, Field(max_length=50)] | None = None
    notes: Text | None = None
    galeria: OurSchedule | None = None


class ScheduleProperties(ScheduleChanges):
    stop_at: LocalTime
    time_zone_id: Annotated[Word, Field(max_length=50)]


class ScheduleBody(Wire):
    properties: ScheduleProperties


class SchedulePatch(Wire):
    properties: ScheduleChanges | None = None
