"""Students' machines of a lab: claiming one, listing one's own, and favorite labs."""

from galeria.actions.core.request import Request
from galeria.actions.labs.rosters import register
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.labs.roster import FavoriteLab, LabUser
from galeria.domain.messages import Message


def claim_any(request: Request, lab: Lab) -> LabMachine:
    """Returns the caller's machine in the lab, claiming a free one if there is none yet.

    Raises Forbidden, and Conflict where no machine is left.
    """
    user = register(request, lab)
    machines = student_machines(request, lab)
    own = next((each for each in machines if each.claimed_by == user.id), None)
    free = own or next((each for each in machines if each.claimed_by is None), None)
    if free is None:
        raise Conflict(
            Message("The lab '{title}' has no machine left.", title=lab.title),
            hint=Message("Ask its educator for more capacity."),
            code="LabIsFull",
        )
    free.claimed_by = user.id
    return free


def claim_machine(request: Request, lab: Lab, name: str) -> LabMachine:
    """Claims the machine of that name for the caller.

    Raises Forbidden, NotFound, and Conflict where it is somebody else's or the caller has another one.
    """
    user = register(request, lab)
    machine = get_student_machine(request, lab, name)
    others = [each for each in student_machines(request, lab) if each.claimed_by == user.id and each is not machine]
    if machine.claimed_by not in (None, user.id) or others:
        raise Conflict(Message("The machine cannot be claimed."), hint=Message("Everybody has one machine in a lab."))
    machine.claimed_by = user.id
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
    return [each for each in request.uow.machines.of_lab(lab.id) if each.kind is MachineKind.USER]


def own_labs(request: Request) -> list[tuple[Lab, LabUser]]:
    """Returns the labs that the caller has registered with, and the caller's roster entries."""
    users = request.uow.lab_users.of_principal(request.caller.principal.id)
    return [(request.uow.labs.get(user.lab_id), user) for user in users]


def own_machines(request: Request) -> list[tuple[Lab, LabMachine]]:
    """Returns the machines that the caller has claimed, with their labs."""
    return [
        (lab, machine)
        for lab, user in own_labs(request)
        for machine in student_machines(request, lab)
        if machine.claimed_by == user.id
    ]


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
