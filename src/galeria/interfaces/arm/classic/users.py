"""Routes of a lab's users in the API of 2018, where they have tags."""

from starlette.responses import Response

from galeria.actions.labs.classic_labs import get_made
from galeria.actions.rosters.lab_users import UserRequest, delete_user, get_user, list_users, put_user, update_user
from galeria.interfaces.arm.classic.paths import LAB, USER, AccountId, LabId
from galeria.interfaces.arm.classic.schemas import ClassicUserBody
from galeria.interfaces.arm.classic.views import user_view
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import by_name
from galeria.interfaces.arm.protocol.responses import put, shown
from galeria.interfaces.arm.protocol.routes import Route


def list_all(account: AccountId, lab: LabId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        made = get_made(request, account, lab)
        users = list_users(request, lab)
        return shown(selected(arm_request, users, order=by_name, view=lambda each: user_view(request, made, each)))


def get_one(account: AccountId, lab: LabId, user: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        made = get_made(request, account, lab)
        return shown(user_view(request, made, get_user(request, lab, user)))


def put_one(account: AccountId, lab: LabId, user: str, body: ClassicUserBody, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        made = get_made(request, account, lab)
        found, is_new = put_user(request, lab, user, _wanted(body))
        found.tags = found.tags if body.tags is None else body.tags
        view = user_view(request, made, found)
    return put(arm_request, view, is_new=is_new)


def patch_one(account: AccountId, lab: LabId, user: str, body: ClassicUserBody, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        made = get_made(request, account, lab)
        found = update_user(request, lab, user, _wanted(body))
        found.tags = found.tags if body.tags is None else body.tags
        return shown(user_view(request, made, found))


def delete_one(account: AccountId, lab: LabId, user: str, arm_request: ArmRequestDep) -> Response:
    """Remove the user from the lab."""
    with arm_request.writing() as request:
        get_made(request, account, lab)
        removal = delete_user(request, lab, user)
    arm_request.start(removal.operation)
    return Response(status_code=204)


def _wanted(body: ClassicUserBody) -> UserRequest:
    return UserRequest(email=body.properties.email if body.properties else None)


ROUTES = (
    Route(name="Users2018_List", method="GET", path=LAB + "/users", handler=list_all),
    Route(name="Users2018_Get", method="GET", path=USER, handler=get_one),
    Route(name="Users2018_CreateOrUpdate", method="PUT", path=USER, handler=put_one),
    Route(name="Users2018_Update", method="PATCH", path=USER, handler=patch_one),
    Route(name="Users2018_Delete", method="DELETE", path=USER, handler=delete_one),
)
