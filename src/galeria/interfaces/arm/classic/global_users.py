"""Routes for the caller's own labs and machines, addressed by user name, object id or 'me'."""

from typing import Annotated, Any

from fastapi import Depends
from starlette.responses import Response

from galeria.actions.core.request import Request
from galeria.actions.labs.machines import reset_password, see_machine, start_machine, stop_machine
from galeria.actions.rosters.machine_claims import (
    favorite_labs,
    own_labs,
    own_machines,
    set_favorite,
)
from galeria.actions.rosters.registration import register_by_code
from galeria.actions.versions.operations import get_operation
from galeria.domain.errors import Forbidden, Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.interfaces.arm.classic.paths import modern_machine
from galeria.interfaces.arm.classic.schemas import (
    AddRemove,
    EnvironmentPassword,
    LabReference,
    ManyOperations,
    OneEnvironment,
    OneOperation,
    Preference,
    Registration,
)
from galeria.interfaces.arm.classic.views import environment_details, lab_details
from galeria.interfaces.arm.classic.views import lab_view as classic_lab_view
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.path_ids import named_id
from galeria.interfaces.arm.protocol.responses import begun, shown
from galeria.interfaces.arm.protocol.routes import LABS, SUBSCRIPTION, Route


async def _own(person: str, arm_request: ArmRequestDep) -> None:
    """Raise Forbidden where the path names another person."""
    caller = arm_request.caller.principal
    if person.lower() not in {"me", caller.name.lower(), caller.id.lower()}:
        raise Forbidden(
            Message("'{caller}' may not ask for '{person}'.", caller=caller.display_name, person=person),
            hint=Message("Everybody asks for themselves: users/me."),
        )


Own = Annotated[None, Depends(_own)]


def get_environment(own: Own, body: OneEnvironment, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        lab, machine = see_machine(request, *_named(body))
        return shown({"environment": environment_details(request, lab, machine)})


def list_environments(own: Own, arm_request: ArmRequestDep, body: LabReference | None = None) -> Response:
    wanted = named_id(body.lab_id, "labId").name.lower() if body and body.lab_id else ""
    with arm_request.reading() as request:
        found = [pair for pair in own_machines(request) if not wanted or pair[0].name.lower() == wanted]
        return shown({"environments": [environment_details(request, *pair) for pair in found]})


def list_labs(own: Own, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown({"labs": [lab_details(request, lab) for lab, _ in own_labs(request)]})


def register(own: Own, body: Registration, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        register_by_code(request, body.registration_code)
    return Response(status_code=200)


def start(own: Own, body: OneEnvironment, arm_request: ArmRequestDep) -> Response:
    lab, name = _named(body)
    with arm_request.writing() as request:
        operation = start_machine(request, lab, name)
    return begun(arm_request, operation)


def stop(own: Own, body: OneEnvironment, arm_request: ArmRequestDep) -> Response:
    lab, name = _named(body)
    with arm_request.writing() as request:
        operation = stop_machine(request, lab, name)
    return begun(arm_request, operation)


def set_password(own: Own, body: EnvironmentPassword, arm_request: ArmRequestDep) -> Response:
    if body.password is None:
        raise Invalid(Message("There is no new password."), hint=Message("Send one."), target="password")
    with arm_request.writing() as request:
        lab, machine = see_machine(request, *_named(body))
        operation = reset_password(
            request,
            lab.arm_id,
            machine.name,
            account=body.username or machine.user_name,
            new_password=body.password.get_secret_value(),
            secrets=arm_request.services.secrets,
        )
    return begun(arm_request, operation)


def operation_status(own: Own, body: OneOperation, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown({"status": _operation(request, body.operation_url).status.value})


def operation_batch_status(own: Own, body: ManyOperations, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        items = [{"operationUrl": url, "status": _operation(request, url).status.value} for url in body.urls]
    return shown({"items": items})


def personal_preferences(own: Own, body: Preference, arm_request: ArmRequestDep) -> Response:
    """Return the favorite labs. With addRemove, the body changes them first."""
    if body.add_remove and body.lab_resource_id:
        lab = _modern_lab(named_id(body.lab_resource_id, "labResourceId"))
        with arm_request.writing() as request:
            set_favorite(request, lab, liked=body.add_remove is AddRemove.ADD)
    with arm_request.reading() as request:
        favorites = [classic_lab_view(request, lab)["id"] for lab in favorite_labs(request)]
    return shown({"id": arm_request.caller.principal.id, "favoriteLabResourceIds": favorites})


def provider_operation(subscription: str, location: str, operation: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        found, _ = get_operation(request, operation)
    error = {"code": found.error_code, "message": f"{found.error_message} {found.error_hint}".strip()}
    body: dict[str, Any] = {"status": found.status.value, **({"error": error} if found.error_code else {})}
    return shown(body)


def _named(body: OneEnvironment) -> tuple[ResourceId, str]:
    return modern_machine(named_id(body.environment_id, "environmentId"))


def _modern_lab(id: ResourceId) -> ResourceId:
    return ResourceId(id.subscription, id.group, id.namespace, ("labs", id.name))


def _operation(request: Request, url: str) -> Operation:
    name = url.partition("?")[0].rstrip("/").rpartition("/")[2]
    if not name:
        raise NotFound(
            Message("The address names no operation."),
            hint=Message("Send an Azure-AsyncOperation address as it was given."),
        )
    return get_operation(request, name)[0]


_USER = LABS + "/users/{person}"

ROUTES = (
    Route(name="GlobalUsers_GetEnvironment", method="POST", path=_USER + "/getEnvironment", handler=get_environment),
    Route(
        name="GlobalUsers_GetOperationStatus",
        method="POST",
        path=_USER + "/getOperationStatus",
        handler=operation_status,
    ),
    Route(
        name="GlobalUsers_GetOperationBatchStatus",
        method="POST",
        path=_USER + "/getOperationBatchStatus",
        handler=operation_batch_status,
    ),
    Route(
        name="GlobalUsers_GetPersonalPreferences",
        method="POST",
        path=_USER + "/getPersonalPreferences",
        handler=personal_preferences,
    ),
    Route(
        name="GlobalUsers_ListEnvironments", method="POST", path=_USER + "/listEnvironments", handler=list_environments
    ),
    Route(name="GlobalUsers_ListLabs", method="POST", path=_USER + "/listLabs", handler=list_labs),
    Route(name="GlobalUsers_Register", method="POST", path=_USER + "/register", handler=register),
    Route(name="GlobalUsers_StartEnvironment", method="POST", path=_USER + "/startEnvironment", handler=start),
    Route(name="GlobalUsers_StopEnvironment", method="POST", path=_USER + "/stopEnvironment", handler=stop),
    Route(name="GlobalUsers_ResetPassword", method="POST", path=_USER + "/resetPassword", handler=set_password),
    Route(
        name="LabOperations2018_Get",
        method="GET",
        path=SUBSCRIPTION + LABS + "/locations/{location}/operations/{operation}",
        handler=provider_operation,
    ),
)
