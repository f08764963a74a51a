"""The hours of students: what is left of them, whether a student may start a machine, and why a machine runs."""

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.claims import is_claimed_by_caller
from galeria.actions.core.request import Request
from galeria.domain.classes.occurrences import occurrences
from galeria.domain.classes.settings import find_refill, start_lead
from galeria.domain.classes.usage import UsageCause, seconds_left
from galeria.domain.errors import Conflict
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.roster import LabUser
from galeria.domain.messages import Message


def is_in_class(request: BaseRequest, lab: Lab) -> bool:
    """Tells whether a class of the lab takes place now, the lead time before it included. Its hours are free."""
    now, lead = request.clock.now(), start_lead(lab.profiles)
    return any(
        each.covers(now, lead=lead)
        for schedule in request.uow.schedules.of_lab(lab.id)
        for each in occurrences(schedule.times, now, now + lead)
    )


def hours_left(request: BaseRequest, lab: Lab, user: LabUser) -> int:
    """Returns the seconds that are left to the user outside of classes."""
    return seconds_left(lab, user, find_refill(lab.profiles), request.clock.now())


def start_cause(request: Request, lab: Lab, machine: LabMachine) -> UsageCause:
    """Returns why the machine starts when the caller starts it.

    Raises Conflict (QuotaExceeded) where its student has no hours left and no class takes place. Nobody else's start
    counts.
    """
    if not is_claimed_by_caller(request, machine):
        return UsageCause.EDUCATOR
    user = request.uow.lab_users.get(machine.claimed_by or "")
    if hours_left(request, lab, user) == 0 and not is_in_class(request, lab):
        raise _used_up(request, lab, user)
    return UsageCause.STUDENT


def forget_presence(request: BaseRequest, machine: LabMachine) -> None:
    """Forgets who used the machine before: its delays begin with the start."""
    before = request.uow.presence.find(machine.id)
    if before:
        request.uow.presence.remove(before)


def _used_up(request: BaseRequest, lab: Lab, user: LabUser) -> Conflict:
    educator = request.uow.people.find(lab.author_id) if lab.author_id else None
    message = Message("Your hours in the lab '{title}' are used up.", title=lab.title)
    if lab.usage_quota + user.extra_quota == 0:
        message = Message("The machines of the lab '{title}' are there during classes only.", title=lab.title)
    return Conflict(
        message,
        hint=Message(
            "Ask {educator} for more hours, or come back when the next class begins.",
            educator=educator.display_name if educator else lab.created_by,
        ),
        code="QuotaExceeded",
    )
