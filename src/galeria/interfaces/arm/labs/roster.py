"""Routes of a lab's users."""

from typing import Any

from starlette.responses import Response

from galeria.actions.rosters.invitations import InvitationRequest, invite_user
from galeria.actions.rosters.lab_users import (
    UserRequest,
    delete_user,
    get_user,
    list_users,
    put_user,
    update_user,
)
from galeria.domain.durations import show_duration
from galeria.domain.labs.roster import InvitationState, LabUser
from galeria.interfaces.arm.labs.roster_schemas import Invitation, UserBody, UserChanges, UserPatch
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.envelope import system_data, when
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import by_name
from galeria.interfaces.arm.protocol.path_ids import LabId
from galeria.interfaces.arm.protocol.responses import deleted, put, shown
from galeria.interfaces.arm.protocol.routes import LAB, Route


def list_all(id: LabId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(selected(arm_request, list_users(request, id), order=by_name, view=user_view))


def get_one(id: LabId, user: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(user_view(get_user(request, id, user)))


def put_one(id: LabId, user: str, body: UserBody, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        found, is_new = put_user(request, id, user, _wanted(body.properties))
        view = user_view(found)
    return put(arm_request, view, is_new=is_new)


def patch_one(id: LabId, user: str, body: UserPatch, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        found = update_user(request, id, user, _wanted(body.properties or UserChanges()))
        return shown(user_view(found))


def delete_one(id: LabId, user: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        removal = delete_user(request, id, user)
    arm_request.start(removal.operation)
    return deleted(removal.was_there)


def invite(id: LabId, user: str, arm_request: ArmRequestDep, body: Invitation | None = None) -> Response:
    with arm_request.writing() as request:
        invite_user(request, id, user, InvitationRequest(text=(body and body.text) or ""))
    return Response(status_code=200)


def user_view(user: LabUser) -> dict[str, Any]:
    sent = user.invitation is InvitationState.SENT
    return {
        "id": user.resource_id,
        "name": user.name,
        "type": "Microsoft.LabServices/labs/users",
        "properties": {
            "email": user.address,
            "displayName": user.shown_name,
            "registrationState": user.registration.value,
            "invitationState": user.invitation.value,
            **({"invitationSent": when(user.invited_at)} if sent else {}),
            "totalUsage": show_duration(user.total_usage),
            "additionalUsageQuota": show_duration(user.extra_quota),
            "provisioningState": user.state.value,
        },
        "systemData": system_data(user),
    }


def _wanted(said: UserChanges) -> UserRequest:
    return UserRequest(email=said.email, extra_quota=said.additional_usage_quota)


_USERS = LAB + "/users"
_USER = _USERS + "/{user}"

ROUTES = (
    Route(name="Users_ListByLab", method="GET", path=_USERS, handler=list_all),
    Route(name="Users_Get", method="GET", path=_USER, handler=get_one),
    Route(name="Users_CreateOrUpdate", method="PUT", path=_USER, handler=put_one),
    Route(name="Users_Update", method="PATCH", path=_USER, handler=patch_one),
    Route(name="Users_Delete", method="DELETE", path=_USER, handler=delete_one),
    Route(name="Users_Invite", method="POST", path=_USER + "/invite", handler=invite),
)
