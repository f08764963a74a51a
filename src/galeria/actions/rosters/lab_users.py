"""The users of a lab, as its educator adds, changes and removes them."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import require_lasting_lab
from galeria.actions.labs.labs import get_lab
from galeria.actions.labs.machines import release_machine
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId, part_name
from galeria.domain.labs.addresses import address_key, email_address
from galeria.domain.labs.labs import Lab
from galeria.domain.labs.profiles import quota
from galeria.domain.labs.roster import MAX_USERS, LabUser
from galeria.domain.messages import Message
from galeria.domain.operations import Operation

USER = "Microsoft.LabServices/labs/users"
_EXTRA = "properties.additionalUsageQuota"


@dataclass(frozen=True, kw_only=True)
class UserRequest:
    """What a caller says of a user on the roster. None leaves a value as it is."""

    email: str | None = None  # fixed when the user is added
    extra_quota: str | None = None  # an ISO 8601 duration


@dataclass(frozen=True, kw_only=True)
class Removal:
    """The result of removing a user: whether there was one, and the operation that cleans the user's machine."""

    was_there: bool
    operation: Operation | None = None


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
        user = add_user(request, lab, id, email_address(wanted.email or ""))
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
            added.append(add_user(request, lab, user_id(lab, request.id_generator.new_guid()), email))
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


def delete_user(request: Request, lab_id: ResourceId, name: str) -> Removal:
    """Removes a user from the roster and frees the user's machine, whose contents are removed before it is anybody else's.

    Raises Forbidden, NotFound, and Conflict while the machine is busy.
    """
    lab = get_lab(request, lab_id)
    request.caller.require(f"{USER}/delete", lab.key)
    user = request.uow.lab_users.find_by_key(user_id(lab, name).key)
    if user is None:
        return Removal(was_there=False)
    request.audit(f"{USER}/delete", user.resource_id)
    machine = request.uow.machines.find_claimed(user.id)
    operation = release_machine(request, lab, machine) if machine else None
    request.uow.lab_users.remove(user)
    return Removal(was_there=True, operation=operation)


def user_id(lab: Lab, name: str) -> ResourceId:
    """Returns the ARM id of a lab's user. Raises Invalid for a name that a user cannot have."""
    return lab.arm_id.child("users", part_name(name, Message("lab user")))


def _is_address_of(user: LabUser, text: str) -> bool:
    """Tells whether it is the user's address, or the name under which somebody without one has registered."""
    return text in (user.email, user.address) or address_key(email_address(text)) in (
        user.email_key,
        address_key(user.address),
    )


def add_user(request: Request, lab: Lab, id: ResourceId, address: str) -> LabUser:
    """Adds a user of that address, or of the name of somebody without one.

    Raises Conflict where somebody has the address already, or for more than 400 users. The caller has checked the right.
    """
    if request.uow.lab_users.find_by_email(lab.id, address):
        raise Conflict(
            Message("'{address}' is another user of this lab.", address=address),
            hint=Message("One address is one user."),
            target="properties.email",
        )
    if request.uow.lab_users.count_of_lab(lab.id) >= MAX_USERS:
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
