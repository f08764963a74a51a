"""Routes of a lab's virtual machines: list, start, stop, reset the password, reimage, redeploy, keep running."""

from starlette.responses import Response

from galeria.actions.classes.presence import keep_running
from galeria.actions.labs.labs import list_machines
from galeria.actions.labs.machines import (
    redeploy_machine,
    reimage_machine,
    reset_password,
    see_machine,
    start_machine,
    stop_machine,
)
from galeria.domain.labs.labs import LabMachine
from galeria.interfaces.arm.labs.lab_schemas import NewPassword
from galeria.interfaces.arm.labs.lab_views import machine_view
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import Order
from galeria.interfaces.arm.protocol.path_ids import LabId
from galeria.interfaces.arm.protocol.responses import begun, shown
from galeria.interfaces.arm.protocol.routes import LAB, MACHINE, Route


def list_all(id: LabId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        lab, machines = list_machines(request, id)
        body = selected(
            arm_request,
            machines,
            order=_by_machine_name,
            view=lambda machine: machine_view(
                request.settings.server,
                arm_request.services.endpoint,
                lab,
                machine,
                request=request,
                api_version=arm_request.api_version,
            ),
        )
    return shown(body)


def get_one(id: LabId, machine: str, arm_request: ArmRequestDep) -> Response:
    """Show a machine. Whoever has claimed it needs no role."""
    with arm_request.reading() as request:
        lab, found = see_machine(request, id, machine)
        server, endpoint, version = request.settings.server, arm_request.services.endpoint, arm_request.api_version
        return shown(machine_view(server, endpoint, lab, found, request=request, api_version=version))


def start(id: LabId, machine: str, arm_request: ArmRequestDep) -> Response:
    """Start the machine. Answers 200 where it runs already."""
    with arm_request.writing() as request:
        operation = start_machine(request, id, machine)
    return begun(arm_request, operation)


def stop(id: LabId, machine: str, arm_request: ArmRequestDep) -> Response:
    """Stop the machine. Answers 200 where it is off already."""
    with arm_request.writing() as request:
        operation = stop_machine(request, id, machine)
    return begun(arm_request, operation)


def reimage(id: LabId, machine: str, arm_request: ArmRequestDep) -> Response:
    """Make the machine anew from its image. Everything on its disk is lost."""
    with arm_request.writing() as request:
        operation = reimage_machine(request, id, machine)
    return begun(arm_request, operation)


def redeploy(id: LabId, machine: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        operation = redeploy_machine(request, id, machine)
    return begun(arm_request, operation)


def keep(id: LabId, machine: str, arm_request: ArmRequestDep) -> Response:
    """Answer the warning that nobody uses the machine: the delays of its lab's shutdown profile begin anew."""
    with arm_request.writing() as request:
        keep_running(request, id, machine)
    return Response(status_code=200)


def set_password(id: LabId, machine: str, body: NewPassword, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        operation = reset_password(
            request,
            id,
            machine,
            account=body.username,
            new_password=body.password.get_secret_value(),
            secrets=arm_request.services.secrets,
        )
    return begun(arm_request, operation)


def _by_machine_name(machine: LabMachine) -> Order:
    return (machine.name.lower(), machine.id)


ROUTES = (
    Route(name="VirtualMachines_ListByLab", method="GET", path=LAB + "/virtualMachines", handler=list_all),
    Route(name="VirtualMachines_Get", method="GET", path=MACHINE, handler=get_one),
    Route(name="VirtualMachines_Start", method="POST", path=MACHINE + "/start", handler=start),
    Route(name="VirtualMachines_Stop", method="POST", path=MACHINE + "/stop", handler=stop),
    Route(name="VirtualMachines_Reimage", method="POST", path=MACHINE + "/reimage", handler=reimage),
    Route(name="VirtualMachines_Redeploy", method="POST", path=MACHINE + "/redeploy", handler=redeploy),
    Route(name="VirtualMachines_KeepRunning", method="POST", path=MACHINE + "/keepRunning", handler=keep),
    Route(name="VirtualMachines_ResetPassword", method="POST", path=MACHINE + "/resetPassword", handler=set_password),
)
