"""The settings of a lab's classes that Azure's service does not have, kept among the lab's profiles."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from galeria.domain.classes.work_disks import check_work_disk
from galeria.domain.durations import HOUR, parse_duration, show_duration
from galeria.domain.errors import Invalid
from galeria.domain.labs.profiles import Profiles
from galeria.domain.labs.schedules import WeekDay, unknown_zone
from galeria.domain.messages import Message

WEEKLY_REFILL = "weeklyRefill"
START_LEAD = "startLead"
USUAL_LEAD = timedelta(minutes=10)
LONGEST_LEAD = 4 * HOUR


@dataclass(frozen=True, kw_only=True, slots=True)
class WeeklyRefill:
    """When students' hours are whole again: as each such day begins in the time zone, for the first time after `since`."""

    week_day: WeekDay
    zone: str
    since: datetime

    def last_before(self, now: datetime) -> datetime:
        """Returns the last moment at which such a day began, `now` included."""
        zone = ZoneInfo(self.zone)
        today = now.astimezone(zone).date()
        back = (today.isoweekday() % 7 - list(WeekDay).index(self.week_day)) % 7
        return datetime.combine(today - timedelta(days=back), time(), zone).astimezone(UTC)


def find_refill(profiles: Profiles) -> WeeklyRefill | None:
    """Returns when the hours of the lab's students are refilled; None where they are for the lab's whole life."""
    kept = profiles.get(WEEKLY_REFILL)
    if not kept:
        return None
    return WeeklyRefill(week_day=WeekDay(kept["weekDay"]), zone=kept["timeZoneId"], since=_since(kept))


def _since(kept: Profiles) -> datetime:
    """Returns from when on it holds: always, where the lab was made with it."""
    return datetime.fromisoformat(kept["since"]) if "since" in kept else datetime(1970, 1, 1, tzinfo=UTC)


def noted_refill(profiles: Profiles, before: Profiles, now: datetime) -> Profiles:
    """Returns the profiles with the moment from which a refill holds that `before` did not have yet."""
    said = profiles.get(WEEKLY_REFILL)
    if not said:
        return profiles
    held = before.get(WEEKLY_REFILL) or {}
    return {**profiles, WEEKLY_REFILL: {**said, "since": held.get("since") or now.isoformat()}}


def check_class_settings(profiles: Profiles) -> None:
    """Raises Invalid for a lead time that is no duration or too long, for a work disk that is too large, and for a refill on
    no day, or in no time zone."""
    check_work_disk(profiles)
    if start_lead(profiles).total_seconds() > LONGEST_LEAD:
        raise Invalid(
            Message("The lead time '{text}' is too long.", text=profiles[START_LEAD]),
            hint=Message("At most four hours: PT4H."),
            target=f"properties.galeria.{START_LEAD}",
        )
    said = profiles.get(WEEKLY_REFILL)
    if not said:
        return
    if said.get("weekDay") not in [each.value for each in WeekDay]:
        raise Invalid(
            Message("'{day}' is no day of the week.", day=str(said.get("weekDay"))),
            hint=Message("Name the day on which hours are refilled: Monday."),
            target=f"properties.galeria.{WEEKLY_REFILL}.weekDay",
        )
    if said.get("timeZoneId") not in available_timezones():
        raise unknown_zone(str(said.get("timeZoneId")), f"properties.galeria.{WEEKLY_REFILL}.timeZoneId")


def start_lead(profiles: Profiles) -> timedelta:
    """Returns how long before a class its machines start."""
    text = profiles.get(START_LEAD)
    return USUAL_LEAD if text is None else timedelta(seconds=parse_duration(text, f"properties.galeria.{START_LEAD}"))


def shown_lead(profiles: Profiles) -> str:
    """Returns the lead time as an ISO 8601 duration."""
    return show_duration(int(start_lead(profiles).total_seconds()))
