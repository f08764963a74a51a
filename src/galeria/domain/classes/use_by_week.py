"""How long each student used a machine in each week, summed up from the times that were counted. Durations are seconds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from galeria.domain.classes.usage import UsageCause, UsageSession

WEEK = timedelta(days=7)


@dataclass(kw_only=True)
class StudentUse:
    """What one student used, by the cause for which the machine ran."""

    seconds: dict[UsageCause, int] = field(default_factory=lambda: dict.fromkeys(UsageCause, 0))

    @property
    def own(self) -> int:
        """Seconds outside of classes after the student's own start: those that count against the hours."""
        return self.seconds[UsageCause.STUDENT]

    @property
    def in_class(self) -> int:
        """Seconds within a class."""
        return self.seconds[UsageCause.SCHEDULE]

    @property
    def by_educator(self) -> int:
        """Seconds outside of classes after an educator's start."""
        return self.seconds[UsageCause.EDUCATOR]

    @property
    def total(self) -> int:
        """All seconds in which the machine ran for whatever cause."""
        return sum(self.seconds.values())

    def add(self, other: "StudentUse") -> None:
        """Adds what is in `other`."""
        for cause, seconds in other.seconds.items():
            self.seconds[cause] += seconds


def week_of(moment: datetime, zone: tzinfo) -> date:
    """Returns the Monday of the week in which the moment is in the time zone."""
    day = moment.astimezone(zone).date()
    return day - timedelta(days=day.weekday())


def use_by_week(sessions: Iterable[UsageSession], zone: tzinfo) -> dict[date, dict[str, StudentUse]]:
    """Returns what was used in each week, by its Monday and the user's id; weeks without any use are left out.

    A time that goes on from a Sunday into a Monday of the time zone is divided between both weeks.
    """
    found: dict[date, dict[str, StudentUse]] = {}
    for session in sessions:
        begin, end = session.began_at, session.ended_at
        while begin < end:
            week = week_of(begin, zone)
            until = min(end, _beginning(week + WEEK, zone))
            used = found.setdefault(week, {}).setdefault(session.user_id, StudentUse())
            used.seconds[session.cause] += round((until - begin).total_seconds())
            begin = until
    return dict(sorted(found.items()))


def _beginning(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
