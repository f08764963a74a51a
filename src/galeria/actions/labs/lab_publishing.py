"""Publishing a lab, scaling a published one, and syncing its roster with a group."""

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import LAB
from galeria.actions.labs.labs import get_lab
from galeria.actions.labs.machines import require_lab, running_on_machine
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabMachine, find_template, students_among
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import PublishInputs
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import LabState, MachineState, ProvisioningState, moved


def publish_lab(request: Request, id: ResourceId, *, captures: bool = True) -> Operation:
    """Starts publishing a lab: its template, which is shut down for it, becomes the content of students' machines.

    Without `captures`, a lab that was published before keeps the content that it has, and what a changed capacity has begun
    already is all that there is to do. A repeated call returns the running operation. Raises Forbidden, NotFound, and Conflict
    while the lab or template is busy.
    """
    lab = get_lab(request, id)
    request.caller.require(f"{LAB}/publish/action", lab.key)
    for running in request.uow.operations.running_on(lab.id):
        if running.kind is OperationKind.PUBLISH_LAB or (not captures and running.kind is OperationKind.SCALE_LAB):
            return running
    require_lab(lab)
    template = _free_template(request, lab)
    inputs = PublishInputs(
        before=lab.lab_state, template=template.id if template else "", makes=True, captures=captures
    )
    if template and template.state is MachineState.RUNNING:
        template.state = moved(template.state, MachineState.STOPPING, Message("The template"))
    lab.lab_state = moved(lab.lab_state, LabState.PUBLISHING, Message("Lab '{lab}'", lab=lab.name))
    request.audit(f"{LAB}/publish/action", str(id))
    return request.begin(OperationKind.PUBLISH_LAB, lab, lab.id, inputs)


def begin_scaling(request: Request, lab: Lab) -> Operation | None:
    """Starts adding or removing machines where a published lab has not as many as its capacity says; else returns None.

    While a lab is published or scaled, what is under way looks at the capacity again when it ends.
    """
    if lab.lab_state is not LabState.PUBLISHED or lab.state is not ProvisioningState.SUCCEEDED:
        return None
    students = students_among(request.uow.machines.of_lab(lab.id))
    if len(students) == lab.capacity:
        return None
    lab.lab_state = moved(lab.lab_state, LabState.SCALING, Message("Lab '{lab}'", lab=lab.name))
    inputs = PublishInputs(before=LabState.PUBLISHED, makes=True, captures=False)
    return request.begin(OperationKind.SCALE_LAB, lab, lab.id, inputs)


def sync_group(request: Request, id: ResourceId) -> None:
    """Does nothing for a lab without a group.

    Raises Forbidden, NotFound, and Conflict for a lab with a group, because this installation has no directory of
    groups.
    """
    lab = get_lab(request, id)
    request.caller.require(f"{LAB}/syncGroup/action", lab.key)
    group = lab.profiles.get("rosterProfile", {}).get("activeDirectoryGroupId")
    if group:
        raise Conflict(
            Message("The group '{group}' is not known here: there is no directory of groups.", group=group),
            hint=Message("Add the users one by one, or by a list of e-mail addresses."),
            code="GroupNotFound",
        )


def _free_template(request: Request, lab: Lab) -> LabMachine | None:
    """Returns the template if nothing works on it; None for a lab without one. Raises Conflict where it is busy."""
    template = find_template(request.uow.machines.of_lab(lab.id))
    if template is None:
        return None
    if running_on_machine(request, template.id):
        raise Conflict(
            Message("The template is busy."), hint=Message("Wait until what is under way has ended, then publish.")
        )
    if template.state not in {MachineState.RUNNING, MachineState.STOPPED}:
        raise Conflict(
            Message("The template is {state}.", state=template.state), hint=Message("Start or stop it, then publish.")
        )
    return template
