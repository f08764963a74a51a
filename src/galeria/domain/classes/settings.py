"""The settings of a lab's classes that Azure's service does not have, kept among the lab's profiles."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from galeria.domain.durations import HOUR, parse_duration, show_duration
from galeria.domain.errors import Invalid
from galeria.domain.labs.profiles import Profiles
from galeria.domain.labs.schedules import WeekDay
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
    """Returns the profiles with the moment from which a refill holds that `before` did not have yet.

    Raises Invalid for an unknown time zone or no day of the week.
    """
    said = profiles.get(WEEKLY_REFILL)
    if not said:
        return profiles
    day, zone = said.get("weekDay"), said.get("timeZoneId", "UTC")
    if day not in [each.value for each in WeekDay]:
        raise Invalid(
            Message("'{day}' is no day of the week.", day=str(day)),
            hint=Message("Name the day on which hours are refilled: Monday."),
            target=f"properties.galeria.{WEEKLY_REFILL}.weekDay",
        )
    if zone not in available_timezones():
        raise Invalid(
            Message("There is no time zone '{zone}'.", zone=zone),
            hint=Message(
                "Name one of the IANA list, America/Sao_Paulo, or of Windows, E. South America Standard Time."
            ),
            target=f"properties.galeria.{WEEKLY_REFILL}.timeZoneId",
        )
    held = before.get(WEEKLY_REFILL) or {}
    since = held.get("since") or now.isoformat()
    return {**profiles, WEEKLY_REFILL: {"weekDay": day, "timeZoneId": zone, "since": since}}


def start_lead(profiles: Profiles) -> timedelta:
    """Returns how long before a class its machines start."""
    text = profiles.get(START_LEAD)
    return USUAL_LEAD if text is None else timedelta(seconds=parse_duration(text, f"properties.galeria.{START_LEAD}"))


def shown_lead(profiles: Profiles) -> str:
    """Returns the lead time as an ISO 8601 duration."""
    return show_duration(int(start_lead(profiles).total_seconds()))


def check_lead(profiles: Profiles) -> None:
    """Raises Invalid where the lead time is no duration, or longer than four hours."""
    if start_lead(profiles).total_seconds() > LONGEST_LEAD:
        raise Invalid(
            Message("The lead time '{text}' is too long.", text=profiles[START_LEAD]),
            hint=Message("At most four hours: PT4H."),
            target=f"properties.galeria.{START_LEAD}",
        )
