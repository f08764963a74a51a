"""Whose time counts: what a student used, and how much of the lab's hours is left.

Scheduled hours and the educator's starts are free; what a student starts outside of them counts. Durations are whole
seconds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from galeria.domain.classes.settings import WeeklyRefill
from galeria.domain.labs.labs import Lab
from galeria.domain.labs.roster import LabUser

WARNINGS = (15 * 60, 5 * 60)
"""Seconds left at which a student is warned."""

LONGEST_GAP = timedelta(minutes=4)
"""Between two rounds, up to which a running machine counts as used all the time: the service was started anew at most."""


class UsageCause(StrEnum):
    """Why a machine runs: a student's start counts against the hours, the others do not."""

    STUDENT = "student"
    SCHEDULE = "schedule"
    EDUCATOR = "educator"


@dataclass(eq=False, kw_only=True)
class UsageSession:
    """A time in which a student's machine ran for one cause, as far as the rounds of every minute have seen it.

    What runs longer than the last round saw is not counted: a crash costs nobody hours.
    """

    id: str
    lab_id: str
    machine_id: str
    user_id: str
    cause: UsageCause
    began_at: datetime
    ended_at: datetime  # when it was last seen
    is_open: bool = True  # whether it goes on with the next round
    warned: int = 0  # the seconds left of which the student was warned last; 0 before any warning

    @property
    def seconds(self) -> int:
        """How long it lasted, as far as it was seen."""
        return int((self.ended_at - self.began_at).total_seconds())


def seconds_left(lab: Lab, user: LabUser, refill: WeeklyRefill | None, now: datetime) -> int:
    """Returns how much of the quota and the extra hours is left to the user since the last refill; never below 0."""
    used = 0 if is_refill_due(user, refill, now) else user.total_usage - user.refilled_usage
    return max(0, lab.usage_quota + user.extra_quota - used)


def is_refill_due(user: LabUser, refill: WeeklyRefill | None, now: datetime) -> bool:
    """Tells whether a week of the lab has begun since the user's hours were refilled last.

    A refill that is switched on counts from the next week on.
    """
    if refill is None:
        return False
    last = refill.last_before(now)
    return last >= refill.since and (user.refilled_at is None or user.refilled_at < last)


def due_warning(left: int, warned: int) -> int:
    """Returns of how many seconds a student is to be warned now, having been warned of `warned` before; 0 for none."""
    reached = [each for each in WARNINGS if left <= each and (warned == 0 or each < warned)]
    return min(reached, default=0)
