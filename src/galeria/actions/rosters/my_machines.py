"""A student's own machines: nobody needs a role for them, and nobody else finds them here, whatever their roles."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from galeria.actions.core.host_use import place_in_queue
from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import LAB
from galeria.actions.labs.machines import MACHINE, running_on_machine
from galeria.actions.labs.student_hours import hours_left, is_in_class
from galeria.actions.rosters.machine_claims import own_labs
from galeria.domain.classes.kept_machines import KeptMachine
from galeria.domain.classes.occurrences import occurrences
from galeria.domain.classes.settings import find_refill
from galeria.domain.errors import missing, refused
from galeria.domain.ids import ResourceId
from galeria.domain.labs.addresses import is_address
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.revisions import is_outdated
from galeria.domain.labs.roster import LabUser
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.domain.people.principals import Principal, PrincipalKind, may

LOOKS_AHEAD = timedelta(weeks=5)  # for the next class


@dataclass(frozen=True, kw_only=True)
class OwnMachine:
    """The caller's machine in a lab."""

    lab: Lab
    user: LabUser
    machine: LabMachine


@dataclass(frozen=True, kw_only=True)
class MyMachine(OwnMachine):
    """The caller's machine in a lab, with what its page says of both."""

    under_way: tuple[Operation, ...]  # on the machine, whoever began them; the oldest first
    educators: tuple[str, ...]  # who can help, by display name and, where it is known, address: at most two

    seconds_left: int  # for which the caller may use it outside of classes
    is_in_class: bool  # whether a class takes place now, or begins within its lead time
    next_class: datetime | None  # when the next one begins, within some weeks
    is_outdated: bool  # whether its educator has published a newer revision
    kept: tuple[KeptMachine, ...]  # what it was before it was made anew, the newest in front
    place: int  # among the starts that wait for room on the host; 0 where it does not wait

    refilled_on: date | None  # when all hours are there again; None where they are for the lab's whole life

    @property
    def is_used_up(self) -> bool:
        """Whether no hours are left outside of classes, where there are any at all."""
        return not (self.seconds_left or self.is_for_classes)

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
    """Returns the machine as `get_own_machine` does, with what its page says. Raises NotFound."""
    own = get_own_machine(request, lab_id, name)
    return _mine(request, own.lab, own.user, own.machine)


def get_own_machine(request: Request, lab_id: ResourceId, name: str) -> OwnMachine:
    """Returns the machine of that name in the lab, if the caller has claimed it. Raises NotFound."""
    lab = request.uow.labs.find_by_key(lab_id.key)
    user = request.uow.lab_users.find_registered(lab.id, request.caller.principal.id) if lab else None
    machine = request.uow.machines.find_claimed(user.id) if user else None
    if lab is None or user is None or machine is None or machine.name.lower() != name.lower():
        raise refused(missing(Message("machine"), name), f"{MACHINE}/read", lab_id.key)
    return OwnMachine(lab=lab, user=user, machine=machine)


def _mine(request: Request, lab: Lab, user: LabUser, machine: LabMachine) -> MyMachine:
    newest = request.uow.revisions.find_newest(lab.id)
    under_way = tuple(running_on_machine(request, machine.id))
    return MyMachine(
        lab=lab,
        user=user,
        machine=machine,
        under_way=under_way,
        seconds_left=hours_left(request, lab, user),
        is_in_class=is_in_class(request, lab),
        next_class=_next_class(request, lab),
        is_outdated=is_outdated(machine, newest),
        kept=tuple(each for each in request.uow.kept_machines.of_machine(machine.id) if each.is_of(machine)),
        place=max((place_in_queue(request, each) for each in under_way), default=0),
        educators=tuple(_educators(request, lab)),
        refilled_on=_next_refill(lab, request.clock.now()),
    )


def _next_refill(lab: Lab, now: datetime) -> date | None:
    """Return the day on which the hours are refilled next, as it is called in the refill's own time zone."""
    refill = find_refill(lab.profiles)
    if refill is None:
        return None
    return refill.last_before(now + timedelta(days=7)).astimezone(ZoneInfo(refill.zone)).date()


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
        return [_named(request, author)]
    above = [each for each in request.uow.people.all_assignments() if (lab.key + "/").startswith(each.scope + "/")]
    ids = dict.fromkeys(each.principal_id for each in sorted(above, key=lambda each: -len(each.scope)))
    people = {each.id: each for each in request.uow.people.some(list(ids))}
    return [_named(request, people[id]) for id in ids if id in people and _may_help(request, people[id], lab)][:2]


def _may_help(request: Request, person: Principal, lab: Lab) -> bool:
    is_there = person.enabled and person.kind is PrincipalKind.USER
    return is_there and may(request.uow.people.assignments(person.id), f"{LAB}/write", lab.key)


def _named(request: Request, person: Principal) -> str:
    """Return the name with an address to write to: one that a provider has verified, or a sign-in name that is one."""
    links = request.uow.external_identities.of_principal(person.id)
    addresses = [each for each in (*(link.email for link in links), person.name) if is_address(each)]
    return f"{person.display_name} ({addresses[0]})" if addresses else person.display_name
