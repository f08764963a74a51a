"""Routes of environments, which are the machines of a lab's users. Publishing creates them, as many as the lab's capacity."""

from starlette.responses import Response

from galeria.actions.core.claims import is_claimed_by_caller
from galeria.actions.core.request import Request
from galeria.actions.labs.classic_labs import get_made
from galeria.actions.labs.lab_settings import LAB as LAB_ACTION
from galeria.actions.labs.machines import reset_password, start_machine, stop_machine
from galeria.actions.rosters.machine_claims import (
    claim_machine,
    get_student_machine,
    student_machines,
)
from galeria.domain.errors import Conflict, Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.messages import Message
from galeria.interfaces.arm.classic.paths import ENVIRONMENT, SETTING, AccountId, LabId, OneSetting
from galeria.interfaces.arm.classic.schemas import ClassicNewPassword, EnvironmentBody
from galeria.interfaces.arm.classic.views import environment_view
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import Order
from galeria.interfaces.arm.protocol.responses import begun, shown
from galeria.interfaces.arm.protocol.routes import Route


def list_all(account: AccountId, lab: LabId, arm_request: ArmRequestDep, _: None = OneSetting) -> Response:
    with arm_request.reading() as request:
        made = get_made(request, account, lab)
        machines = student_machines(request, made)
        body = selected(arm_request, machines, order=_by_name, view=lambda each: environment_view(request, made, each))
    return shown(body)


def get_one(
    account: AccountId, lab: LabId, environment: str, arm_request: ArmRequestDep, _: None = OneSetting
) -> Response:
    with arm_request.reading() as request:
        made = get_made(request, account, lab)
        return shown(environment_view(request, made, get_student_machine(request, made, environment)))


def keep_one(
    account: AccountId,
    lab: LabId,
    environment: str,
    body: EnvironmentBody,
    arm_request: ArmRequestDep,
    _: None = OneSetting,
) -> Response:
    """Answer a PUT or PATCH with the environment as it is. Nothing of it can be changed: tags are refused."""
    with arm_request.reading() as request:
        made = get_made(request, account, lab)
        request.caller.require(f"{LAB_ACTION}/write", made.key)
        machine = get_student_machine(request, made, environment)
        if body.tags:
            raise Invalid(
                Message("An environment keeps no tags."),
                hint=Message("Leave them away, or put them on its lab."),
                target="tags",
            )
        return shown(environment_view(request, made, machine))


def delete_one(
    account: AccountId, lab: LabId, environment: str, arm_request: ArmRequestDep, _: None = OneSetting
) -> Response:
    with arm_request.writing() as request:
        made = get_made(request, account, lab)
        request.caller.require(f"{LAB_ACTION}/write", made.key)
        try:
            get_student_machine(request, made, environment)
        except NotFound:
            return Response(status_code=204)
    raise Conflict(
        Message("A lab's machines go with its capacity."), hint=Message("Lower maxUsersInLab, then publish.")
    )


def claim(
    account: AccountId, lab: LabId, environment: str, arm_request: ArmRequestDep, _: None = OneSetting
) -> Response:
    """Claim the environment. A person invited to the lab needs no role."""
    with arm_request.writing() as request:
        claim_machine(request, request.uow.labs.get_by_key(lab.key), environment)
        request.uow.accounts.get_by_key(account.key)  # after the lab: strangers learn of neither
    return Response(status_code=200)


def start(
    account: AccountId, lab: LabId, environment: str, arm_request: ArmRequestDep, _: None = OneSetting
) -> Response:
    with arm_request.writing() as request:
        _require_student_machine(request, account, lab, environment)
        operation = start_machine(request, lab, environment)
    return begun(arm_request, operation)


def stop(
    account: AccountId, lab: LabId, environment: str, arm_request: ArmRequestDep, _: None = OneSetting
) -> Response:
    with arm_request.writing() as request:
        _require_student_machine(request, account, lab, environment)
        operation = stop_machine(request, lab, environment)
    return begun(arm_request, operation)


def set_password(
    account: AccountId,
    lab: LabId,
    environment: str,
    body: ClassicNewPassword,
    arm_request: ArmRequestDep,
    _: None = OneSetting,
) -> Response:
    with arm_request.writing() as request:
        held = _require_student_machine(request, account, lab, environment)
        operation = reset_password(
            request,
            lab,
            environment,
            account=body.username or held.user_name,
            new_password=body.password.get_secret_value(),
            secrets=arm_request.services.secrets,
        )
    return begun(arm_request, operation)


def _require_student_machine(request: Request, account: ResourceId, lab: ResourceId, name: str) -> Lab:
    """Return the lab of a user's machine. Raises NotFound for the template. The machine's own user needs no role."""
    held = request.uow.labs.find_by_key(lab.key)
    machines = student_machines(request, held) if held else []
    if held and any(is_claimed_by_caller(request, each) for each in machines if each.name.lower() == name.lower()):
        return held
    made = get_made(request, account, lab)
    get_student_machine(request, made, name)
    return made


def _by_name(machine: LabMachine) -> Order:
    return (machine.name.lower(), machine.id)


ROUTES = (
    Route(name="Environments_List", method="GET", path=SETTING + "/environments", handler=list_all),
    Route(name="Environments_Get", method="GET", path=ENVIRONMENT, handler=get_one),
    Route(name="Environments_CreateOrUpdate", method="PUT", path=ENVIRONMENT, handler=keep_one),
    Route(name="Environments_Update", method="PATCH", path=ENVIRONMENT, handler=keep_one),
    Route(name="Environments_Delete", method="DELETE", path=ENVIRONMENT, handler=delete_one),
    Route(name="Environments_Claim", method="POST", path=ENVIRONMENT + "/claim", handler=claim),
    Route(name="Environments_Start", method="POST", path=ENVIRONMENT + "/start", handler=start),
    Route(name="Environments_Stop", method="POST", path=ENVIRONMENT + "/stop", handler=stop),
    Route(name="Environments_ResetPassword", method="POST", path=ENVIRONMENT + "/resetPassword", handler=set_password),
)
