"""Adding the people of a list to a lab's roster: what a list would do, and doing it."""

from collections.abc import Sequence
from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import require_lasting_lab
from galeria.actions.labs.labs import get_lab
from galeria.actions.rosters.lab_users import USER, add_user, user_id
from galeria.domain.ids import ResourceId
from galeria.domain.labs.addresses import address_key
from galeria.domain.labs.labs import Lab
from galeria.domain.labs.roster import MAX_USERS, LabUser
from galeria.domain.messages import Message
from galeria.domain.rosters.entries import RosterEntry, RosterFault, RosterReading


@dataclass(frozen=True, kw_only=True)
class RosterPlan:
    """What a list would do to a roster: whom it adds, who is there already, and which of its lines are wrong."""

    new: tuple[RosterEntry, ...]
    known: tuple[RosterEntry, ...]
    faults: tuple[RosterFault, ...]
    places: int  # how many more users the roster can have

    @property
    def fits(self) -> bool:
        """Whether the roster has room for everybody new."""
        return len(self.new) <= self.places


def plan_import(request: Request, lab_id: ResourceId, reading: RosterReading) -> RosterPlan:
    """Returns what the list would do now. Raises Forbidden, NotFound, Conflict while the lab is being deleted."""
    lab = _writable(request, lab_id)
    there = {each.email_key for each in request.uow.lab_users.of_lab(lab.id)}
    return RosterPlan(
        new=tuple(each for each in reading.entries if address_key(each.email) not in there),
        known=tuple(each for each in reading.entries if address_key(each.email) in there),
        faults=tuple(reading.faults),
        places=MAX_USERS - len(there),
    )


def import_people(request: Request, lab_id: ResourceId, entries: Sequence[RosterEntry]) -> list[LabUser]:
    """Adds everybody of a list who is not on the roster yet, and returns them. May be repeated.

    Raises Forbidden, NotFound, and Conflict for more than 400 users, before anybody is added.
    """
    lab = _writable(request, lab_id)
    added = []
    for entry in entries:
        if request.uow.lab_users.find_by_email(lab.id, entry.email) is None:
            user = add_user(request, lab, user_id(lab, request.id_generator.new_guid()), entry.email)
            user.display_name = entry.name
            added.append(user)
    request.audit(f"{USER}/write", lab.resource_id, detail=Message("{count} added", count=len(added)))
    return added


def _writable(request: Request, lab_id: ResourceId) -> Lab:
    lab = get_lab(request, lab_id)
    request.caller.require(f"{USER}/write", lab.key)
    require_lasting_lab(lab)
    return lab
