"""Students' machines of a lab: claiming one, listing one's own, and favorite labs."""

from galeria.actions.core.request import Request
from galeria.actions.rosters.registration import get_lab_by_code, register
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabMachine, students_among
from galeria.domain.labs.roster import FavoriteLab, LabUser
from galeria.domain.messages import Message
from galeria.domain.states import MachineState


def join_lab(request: Request, code: str) -> LabMachine:
    """Registers the caller with the lab of that registration code, and returns the caller's machine, claimed now if need be.

    May be repeated. Raises NotFound, Forbidden, and Conflict where the lab is full or has no machines yet.
    """
    lab = get_lab_by_code(request, code)
    user = register(request, lab, knows_it=True)
    require_published(lab)
    return _claim_any(request, lab, user)


def require_published(lab: Lab) -> None:
    """Raises Conflict for a lab that was never published, and so has no machines."""
    if lab.published_at is None:
        raise Conflict(
            Message("The lab '{title}' is not published yet, and so has no machines.", title=lab.title),
            hint=Message("Come back when its educator has published it."),
            code="LabNotPublished",
        )


def claim_any(request: Request, lab: Lab) -> LabMachine:
    """Returns the caller's machine in the lab, claiming a free one if there is none yet.

    Raises Forbidden, and Conflict where no machine is left.
    """
    return _claim_any(request, lab, register(request, lab))


def _claim_any(request: Request, lab: Lab, user: LabUser) -> LabMachine:
    own = request.uow.machines.find_claimed(user.id)
    free = own or request.uow.machines.find_free(lab.id)
    if free is None:
        if any(
            each.claimed_by is None for each in student_machines(request, lab) if each.state is MachineState.REIMAGING
        ):
            raise Conflict(
                Message("The last free machine of the lab '{title}' is being made ready.", title=lab.title),
                hint=Message("Try again in a minute."),
                code="LabIsFull",
            )
        raise Conflict(
            Message("The lab '{title}' has no machine left.", title=lab.title),
            hint=Message("Ask its educator for more capacity."),
            code="LabIsFull",
        )
    free.claimed_by = user.id
    request.uow.flush()
    return free


def claim_machine(request: Request, lab: Lab, name: str) -> LabMachine:
    """Claims the machine of that name for the caller.

    Raises Forbidden, NotFound, and Conflict where it is somebody else's or the caller has another one.
    """
    user = register(request, lab)
    machine, own = get_student_machine(request, lab, name), request.uow.machines.find_claimed(user.id)
    if machine.claimed_by not in (None, user.id) or own not in (None, machine):
        raise Conflict(Message("The machine cannot be claimed."), hint=Message("Everybody has one machine in a lab."))
    machine.claimed_by = user.id
    request.uow.flush()
    return machine


def get_student_machine(request: Request, lab: Lab, name: str) -> LabMachine:
    """Returns the student's machine of that name, in any case. Raises NotFound."""
    for each in student_machines(request, lab):
        if each.name.lower() == name.lower():
            return each
    raise NotFound(
        Message("The lab '{lab}' has no machine '{name}' for its users.", lab=lab.name, name=name),
        hint=Message("List its environments."),
    )


def student_machines(request: Request, lab: Lab) -> list[LabMachine]:
    """Returns the lab's machines for students, without the template."""
    return students_among(request.uow.machines.of_lab(lab.id))


def own_labs(request: Request) -> list[tuple[Lab, LabUser]]:
    """Returns the labs that the caller has registered with, and the caller's roster entries."""
    users = request.uow.lab_users.of_principal(request.caller.principal.id)
    return [(request.uow.labs.get(user.lab_id), user) for user in users]


def own_machines(request: Request) -> list[tuple[Lab, LabMachine]]:
    """Returns the machines that the caller has claimed, with their labs."""
    found = [(lab, request.uow.machines.find_claimed(user.id)) for lab, user in own_labs(request)]
    return [(lab, machine) for lab, machine in found if machine]


def favorite_labs(request: Request) -> list[Lab]:
    """Returns the labs that the caller marked as favorites."""
    found = request.uow.favorites.of_principal(request.caller.principal.id)
    return [request.uow.labs.get(each.lab_id) for each in found]


def set_favorite(request: Request, lab_id: ResourceId, *, liked: bool) -> None:
    """Marks a lab as the caller's favorite or removes the mark.

    Raises NotFound, and Forbidden unless the caller has registered with the lab or may see it.
    """
    lab = request.uow.labs.get_by_key(lab_id.key)
    is_own = any(each.id == lab.id for each, _ in own_labs(request))
    if not is_own:
        request.caller.require("Microsoft.LabServices/labs/read", lab.key)
    person = request.caller.principal.id
    held = next((each for each in request.uow.favorites.of_principal(person) if each.lab_id == lab.id), None)
    if liked and held is None:
        request.uow.favorites.add(FavoriteLab(principal_id=person, lab_id=lab.id))
    if not liked and held is not None:
        request.uow.favorites.remove(held)
