"""Registering with a lab: as the user whom its roster expects or, where access is open, as a new one."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.rosters.lab_users import USER, add_user, user_id
from galeria.domain.errors import Conflict, Forbidden, NotFound, missing, refused
from galeria.domain.ids import LABS
from galeria.domain.labs.labs import Lab
from galeria.domain.labs.roster import LabUser
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal

REGISTER = f"{USER}/register/action"


@dataclass(frozen=True, kw_only=True)
class _RosterPlace:
    """Where somebody stands on a roster: `expected` is the user to register as, None for a new one."""

    registered: LabUser | None = None
    expected: LabUser | None = None


def register(request: Request, lab: Lab, *, knows_it: bool = False) -> LabUser:
    """Registers the caller with the lab: as the roster's user of one of the caller's addresses or, where access is open, as a
    new one. May be repeated.

    Raises Conflict where the lab is full or somebody else has registered under the address, and Forbidden where the caller is
    not on the roster; NotFound, as if there were no such lab, for a caller who may not read it and does not hold its
    registration code (`knows_it`).
    """
    person, place = request.caller.principal, _find_place(request, lab, knows_it=knows_it)
    if place.registered:
        return place.registered
    user = place.expected or add_user(
        request, lab, user_id(lab, request.id_generator.new_guid()), own_addresses(request, person)[0]
    )
    user.principal_id, user.display_name = person.id, person.display_name
    request.audit(REGISTER, user.resource_id)
    return user


def register_by_code(request: Request, code: str) -> LabUser:
    """Registers the caller with the lab of that registration code. Raises NotFound, Forbidden, Conflict."""
    return register(request, get_lab_by_code(request, code), knows_it=True)


def require_place(request: Request, lab: Lab) -> LabUser | None:
    """Returns the user that the caller, who holds the lab's code, has registered as; None where there would be a place.

    Raises Forbidden and Conflict as `register` does.
    """
    return _find_place(request, lab, knows_it=True).registered


def get_lab_by_code(request: Request, code: str) -> Lab:
    """Returns the lab of that registration code. Raises NotFound."""
    lab = request.uow.labs.find_by_code(code.strip())
    if lab is None:
        error = NotFound(
            Message("No lab has this registration code."), hint=Message("Check it, or ask the lab's educator for it.")
        )
        raise refused(error, REGISTER, "")
    return lab


def own_addresses(request: Request, person: Principal) -> list[str]:
    """Returns what rosters may know a person by: addresses that a provider has verified as theirs, and the sign-in name.

    Whoever chooses a name elsewhere gets none here that is somebody's address (`actions.people.external_sign_in`).
    """
    identities = request.uow.external_identities.of_principal(person.id)
    return [*dict.fromkeys(each.email for each in identities if each.email), person.name]


def _find_place(request: Request, lab: Lab, *, knows_it: bool) -> _RosterPlace:
    person = request.caller.principal
    registered = request.uow.lab_users.find_registered(lab.id, person.id)
    if registered:
        return _RosterPlace(registered=registered)
    addresses = own_addresses(request, person)
    listed = [each for each in (request.uow.lab_users.find_by_email(lab.id, name) for name in addresses) if each]
    expected = next((each for each in listed if each.principal_id is None), None)
    if expected is None and not lab.open_access and not listed:
        if not knows_it and not request.caller.may(f"{LABS}/labs/read", lab.key):
            raise refused(missing(Message("lab"), lab.key.rsplit("/", 1)[-1]), REGISTER, lab.key)
        raise Forbidden(
            Message("The lab '{title}' does not expect '{person}'.", title=lab.title, person=addresses[0]),
            hint=Message("Ask its educator to add you to the users, or to open the lab."),
        )
    if expected is None and listed:
        raise Conflict(
            Message(
                "Somebody else has registered with the lab '{title}' as '{address}'.",
                title=lab.title,
                address=listed[0].email,
            ),
            hint=Message("Sign in with the account that you used then, or ask the lab's educator."),
        )
    if request.uow.lab_users.count_of_lab(lab.id, registered=True) >= lab.capacity:
        raise Conflict(
            Message("The lab '{title}' is full.", title=lab.title),
            hint=Message("Ask its educator for more capacity."),
            code="LabIsFull",
        )
    return _RosterPlace(expected=expected)
