"""The users of a lab: added by its educator, invited, and registered by themselves."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import require_lasting_lab
from galeria.actions.labs.labs import get_lab
from galeria.domain.errors import Conflict, Forbidden, NotFound, missing, refused
from galeria.domain.ids import LABS, ResourceId, part_name
from galeria.domain.labs.addresses import address_key, email_address
from galeria.domain.labs.labs import Lab
from galeria.domain.labs.profiles import quota
from galeria.domain.labs.roster import MAX_USERS, InvitationState, LabUser
from galeria.domain.messages import Message

USER = "Microsoft.LabServices/labs/users"
_EXTRA = "properties.additionalUsageQuota"


@dataclass(frozen=True, kw_only=True)
class UserRequest:
    """What a caller says of a user on the roster. None leaves a value as it is."""

    email: str | None = None  # fixed when the user is added
    extra_quota: str | None = None  # an ISO 8601 duration


def put_user(request: Request, lab_id: ResourceId, name: str, wanted: UserRequest) -> tuple[LabUser, bool]:
    """Adds or changes a user; the second value tells whether the user is new.

    Raises Forbidden, NotFound, Invalid, and Conflict for another user's address, a changed one, or more than 400 users.
    """
    lab = get_lab(request, lab_id)
    request.caller.require(f"{USER}/write", lab.key)
    require_lasting_lab(lab)
    id = user_id(lab, name)
    user = request.uow.lab_users.find_by_key(id.key)
    is_new = user is None
    if user is None:
        user = _add(request, lab, id, wanted.email or "")
    elif wanted.email is not None and not _is_address_of(user, wanted.email):
        raise Conflict(
            Message("The address of '{name}' cannot change.", name=name),
            hint=Message("Delete the user and add the other address."),
            code="PropertyChangeNotAllowed",
            target="properties.email",
        )
    if wanted.extra_quota is not None:
        user.extra_quota = quota(wanted.extra_quota, _EXTRA)
    request.touch(user)
    request.audit(f"{USER}/write", str(id))
    return user, is_new


def update_user(request: Request, lab_id: ResourceId, name: str, wanted: UserRequest) -> LabUser:
    """Changes a user on the roster. Raises Forbidden, NotFound, Invalid, Conflict."""
    get_user(request, lab_id, name)
    return put_user(request, lab_id, name, wanted)[0]


def add_users(request: Request, lab_id: ResourceId, emails: list[str]) -> list[LabUser]:
    """Adds everybody on the list who is not on the roster yet, and returns them.

    Raises Forbidden, NotFound, Conflict, and Invalid before anybody is added.
    """
    lab = get_lab(request, lab_id)
    request.caller.require(f"{USER}/write", lab.key)
    require_lasting_lab(lab)
    added = []
    people: dict[str, str] = {}
    for place, each in enumerate(emails):
        address = email_address(each, f"emailAddresses[{place}]")
        people.setdefault(address_key(address), address)
    for email in people.values():
        if request.uow.lab_users.find_by_email(lab.id, email) is None:
            added.append(_add(request, lab, user_id(lab, request.id_generator.new_guid()), email))
    request.audit(f"{USER}/write", lab.resource_id, detail=Message("{count} added", count=len(added)))
    return added


def get_user(request: Request, lab_id: ResourceId, name: str) -> LabUser:
    """Returns a user on the roster. Raises Forbidden, NotFound, Invalid."""
    lab = get_lab(request, lab_id)
    request.caller.require(f"{USER}/read", lab.key)
    return request.uow.lab_users.get_by_key(user_id(lab, name).key)


def list_users(request: Request, lab_id: ResourceId) -> list[LabUser]:
    """Returns the users on the lab's roster, by name. Raises Forbidden, NotFound."""
    lab = get_lab(request, lab_id)
    request.caller.require(f"{USER}/read", lab.key)
    return request.uow.lab_users.of_lab(lab.id)


def delete_user(request: Request, lab_id: ResourceId, name: str) -> bool:
    """Removes a user from the roster, frees the user's machine, and tells whether the user existed.

    Raises Forbidden, NotFound.
    """
    lab = get_lab(request, lab_id)
    request.caller.require(f"{USER}/delete", lab.key)
    user = request.uow.lab_users.find_by_key(user_id(lab, name).key)
    if user is None:
        return False
    request.audit(f"{USER}/delete", user.resource_id)
    for machine in request.uow.machines.of_lab(lab.id):
        if machine.claimed_by == user.id:
            machine.claimed_by = None
    request.uow.lab_users.remove(user)
    return True


def invite_user(request: Request, lab_id: ResourceId, name: str, text: str) -> LabUser:
    """Records an invitation with its text in the state Sending, until the mail is sent. Raises Forbidden, NotFound."""
    user = get_user(request, lab_id, name)
    request.caller.require(f"{USER}/invite/action", lab_id.key)
    user.invitation, user.invitation_text, user.invited_at = InvitationState.SENDING, text, None
    request.touch(user)
    request.audit(f"{USER}/invite/action", user.resource_id)
    return user


def register(request: Request, lab: Lab, *, knows_it: bool = False) -> LabUser:
    """Registers the caller with the lab: as the roster's user of that address or, where access is open, as a new one.
    May be repeated.

    Raises Conflict where the lab is full, and Forbidden where the caller is not on the roster; NotFound, as if there were no
    such lab, for a caller who may not read it and does not hold its registration code (`knows_it`).
    """
    person = request.caller.principal
    roster = request.uow.lab_users.of_lab(lab.id)
    known = next((each for each in roster if each.principal_id == person.id), None)
    if known:
        return known
    user = request.uow.lab_users.find_by_email(lab.id, person.name)
    if user is None and not lab.open_access:
        if not knows_it and not request.caller.may(f"{LABS}/labs/read", lab.key):
            raise refused(missing(Message("lab"), lab.key.rsplit("/", 1)[-1]), f"{USER}/register/action", lab.key)
        raise Forbidden(
            Message("The lab '{title}' does not expect '{person}'.", title=lab.title, person=person.name),
            hint=Message("Ask its educator to add you to the users, or to open the lab."),
        )
    if sum(each.principal_id is not None for each in roster) >= lab.capacity:
        raise Conflict(
            Message("The lab '{title}' is full.", title=lab.title),
            hint=Message("Ask its educator for more capacity."),
            code="LabIsFull",
        )
    user = user or _add(request, lab, user_id(lab, request.id_generator.new_guid()), person.name, checked=False)
    user.principal_id, user.display_name = person.id, person.display_name
    request.audit(f"{USER}/register/action", user.resource_id)
    return user


def register_by_code(request: Request, code: str) -> LabUser:
    """Registers the caller with the lab of that registration code. Raises NotFound, Forbidden, Conflict."""
    lab = request.uow.labs.find_by_code(code.strip())
    if lab is None:
        error = NotFound(
            Message("No lab has this registration code."), hint=Message("Check it, or ask the lab's educator for it.")
        )
        raise refused(error, f"{USER}/register/action", "")
    return register(request, lab, knows_it=True)


def user_id(lab: Lab, name: str) -> ResourceId:
    """Returns the ARM id of a lab's user. Raises Invalid for a name that a user cannot have."""
    return lab.arm_id.child("users", part_name(name, Message("lab user")))


def _is_address_of(user: LabUser, text: str) -> bool:
    """Tells whether it is the user's address, or the name under which somebody without one has registered."""
    return text in (user.email, user.address) or address_key(email_address(text)) in (
        user.email_key,
        address_key(user.address),
    )


def _add(request: Request, lab: Lab, id: ResourceId, email: str, *, checked: bool = True) -> LabUser:
    address = email_address(email) if checked else email
    if request.uow.lab_users.find_by_email(lab.id, address):
        raise Conflict(
            Message("'{address}' is another user of this lab.", address=address),
            hint=Message("One address is one user."),
            target="properties.email",
        )
    if len(request.uow.lab_users.of_lab(lab.id)) >= MAX_USERS:
        raise Conflict(
            Message("A lab has at most {max_users} users.", max_users=MAX_USERS),
            hint=Message("Make a second lab."),
            code="QuotaExceeded",
        )
    user = LabUser(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location=lab.location,
        lab_id=lab.id,
        email=address,
        email_key=address_key(address),
        **request.stamps(),
    )
    request.uow.lab_users.add(user)
    request.uow.flush()
    return user
