"""A student's own machines: nobody needs a role for them, and nobody else finds them here, whatever their roles."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from galeria.actions.core.host_use import place_in_queue
from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import LAB
from galeria.actions.labs.machines import MACHINE, running_on_machine
from galeria.actions.labs.student_hours import hours_left, is_in_class
from galeria.actions.rosters.machine_claims import own_labs
from galeria.domain.classes.occurrences import occurrences
from galeria.domain.errors import missing, refused
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.roster import LabUser
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.domain.people.principals import Principal, PrincipalKind, may

LOOKS_AHEAD = timedelta(weeks=5)  # for the next class


@dataclass(frozen=True, kw_only=True)
class MyMachine:
    """The caller's machine in a lab, with what its page says of both."""

    lab: Lab
    user: LabUser
    machine: LabMachine
    under_way: tuple[Operation, ...]  # on the machine, whoever began them; the oldest first
    educators: tuple[str, ...]  # the display names of who can help: at most two

    seconds_left: int  # for which the caller may use it outside of classes
    is_in_class: bool  # whether a class takes place now, or begins within its lead time
    next_class: datetime | None  # when the next one begins, within some weeks
    place: int  # among the starts that wait for room on the host; 0 where it does not wait

    @property
    def is_for_classes(self) -> bool:
        """Whether nobody but its classes gives any time to it."""
        return not self.lab.usage_quota and not self.user.extra_quota


def list_my_machines(request: Request) -> list[MyMachine]:
    """Returns the machines that the caller has claimed, by the titles of their labs."""
    found = [
        (lab, user, machine)
        for lab, user in own_labs(request)
        if (machine := request.uow.machines.find_claimed(user.id)) is not None
    ]
    return [_mine(request, *each) for each in sorted(found, key=lambda each: (each[0].title.lower(), each[0].key))]


def list_unclaimed_labs(request: Request) -> list[Lab]:
    """Returns the labs that the caller has registered with without having a machine in them yet."""
    return [lab for lab, user in own_labs(request) if request.uow.machines.find_claimed(user.id) is None]


def has_machines(request: Request) -> bool:
    """Tells whether the caller has claimed a machine in any lab."""
    users = request.uow.lab_users.of_principal(request.caller.principal.id)
    return any(request.uow.machines.find_claimed(user.id) for user in users)


def get_my_machine(request: Request, lab_id: ResourceId, name: str) -> MyMachine:
    """Returns the machine of that name in the lab, if the caller has claimed it. Raises NotFound."""
    lab = request.uow.labs.find_by_key(lab_id.key)
    user = request.uow.lab_users.find_registered(lab.id, request.caller.principal.id) if lab else None
    machine = request.uow.machines.find_claimed(user.id) if user else None
    if lab is None or user is None or machine is None or machine.name.lower() != name.lower():
        raise refused(missing(Message("machine"), name), f"{MACHINE}/read", lab_id.key)
    return _mine(request, lab, user, machine)


def _mine(request: Request, lab: Lab, user: LabUser, machine: LabMachine) -> MyMachine:
    under_way = tuple(running_on_machine(request, machine.id))
    return MyMachine(
        lab=lab,
        user=user,
        machine=machine,
        under_way=under_way,
        seconds_left=hours_left(request, lab, user),
        is_in_class=is_in_class(request, lab),
        next_class=_next_class(request, lab),
        place=max((place_in_queue(request, each) for each in under_way), default=0),
        educators=tuple(_educators(request, lab)),
    )


def _next_class(request: Request, lab: Lab) -> datetime | None:
    now = request.clock.now()
    starts = [
        each.start
        for schedule in request.uow.schedules.of_lab(lab.id)
        for each in occurrences(schedule.times, now, now + LOOKS_AHEAD)
        if each.start and each.start > now
    ]
    return min(starts, default=None)


def _educators(request: Request, lab: Lab) -> list[str]:
    """Returns the lab's author or, where they may not change it any more, others whose role is nearest to the lab."""
    author = request.uow.people.find(lab.author_id) if lab.author_id else None
    if author and _may_help(request, author, lab):
        return [author.display_name]
    above = [each for each in request.uow.people.all_assignments() if (lab.key + "/").startswith(each.scope + "/")]
    ids = dict.fromkeys(each.principal_id for each in sorted(above, key=lambda each: -len(each.scope)))
    people = {each.id: each for each in request.uow.people.some(list(ids))}
    return [people[id].display_name for id in ids if id in people and _may_help(request, people[id], lab)][:2]


def _may_help(request: Request, person: Principal, lab: Lab) -> bool:
    is_there = person.enabled and person.kind is PrincipalKind.USER
    return is_there and may(request.uow.people.assignments(person.id), f"{LAB}/write", lab.key)
