"""The calendar of one's classes: a secret address with which a calendar program reads them without signing in."""

from dataclasses import dataclass

from galeria.actions.classes.schedules import SCHEDULE
from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request import Request
from galeria.actions.people.principals import find_by_credential
from galeria.domain.errors import NotFound
from galeria.domain.labs.labs import Lab
from galeria.domain.labs.schedules import Schedule
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, may
from galeria.domain.people.sign_in import Credential, CredentialKind, fingerprint
from galeria.domain.states import ProvisioningState


@dataclass(frozen=True, kw_only=True)
class PlannedClasses:
    """A schedule that starts machines, with the lab that it belongs to."""

    lab: Lab
    schedule: Schedule


def make_calendar_address(request: Request) -> str:
    """Returns the secret of a new address of the caller's calendar, this once. The address before ends."""
    end_calendar_address(request)
    secret = request.id_generator.new_secret()
    request.uow.credentials.add(
        Credential(
            id=request.id_generator.new_guid(),
            principal_id=request.caller.principal.id,
            kind=CredentialKind.CALENDAR,
            secret_hash=fingerprint(secret),
            created_at=request.clock.now(),
        )
    )
    return secret


def end_calendar_address(request: Request) -> bool:
    """Ends the address of the caller's calendar, and tells whether there was one."""
    held = _addresses(request, request.caller.principal)
    for each in held:
        request.uow.credentials.remove(each)
    return bool(held)


def has_calendar_address(request: Request) -> bool:
    """Tells whether the caller's calendar has an address."""
    return bool(_addresses(request, request.caller.principal))


def planned_classes(request: BaseRequest, secret: str) -> list[PlannedClasses]:
    """Returns the classes of whoever's calendar has this address: of the labs that the person made, has a role on, or takes
    part in.

    Raises NotFound for an address that is unknown or was ended.
    """
    person = find_by_credential(request, secret, CredentialKind.CALENDAR)
    if person is None:
        raise NotFound(
            Message("This calendar is not there, or its address was ended."),
            hint=Message("Make a new address on the page of your account."),
        )
    labs = _labs(request, person)
    schedules = request.uow.schedules.of_labs([lab.id for lab in labs])
    return [
        PlannedClasses(lab=lab, schedule=schedule)
        for lab in labs
        for schedule in schedules[lab.id]
        if schedule.start_at
    ]


def _labs(request: BaseRequest, person: Principal) -> list[Lab]:
    """Returns the labs in question, by their keys. Whoever may read all labs of an installation teaches few of them."""
    labs, given = request.uow.labs, request.uow.people.assignments(person.id)
    taken = labs.of_ids([each.lab_id for each in request.uow.lab_users.of_principal(person.id)])
    named = [labs.find_by_key(each.scope.lower()) for each in given]
    taught = [lab for lab in (*labs.of_author(person.id), *named) if lab and may(given, f"{SCHEDULE}/read", lab.key)]
    found = {lab.key: lab for lab in (*taken, *taught) if lab.state is not ProvisioningState.DELETING}
    return [found[key] for key in sorted(found)]


def _addresses(request: BaseRequest, person: Principal) -> list[Credential]:
    return [each for each in request.uow.credentials.of_principal(person.id) if each.kind is CredentialKind.CALENDAR]
