"""Labs of a lab account, and those who register with them."""

from starlette.responses import Response

from galeria.actions.labs.classic_labs import DraftRequest, delete_either, get_either, get_made, list_either, put_lab
from galeria.actions.labs.rosters import add_users, register
from galeria.interfaces.arm.classic.paths import ACCOUNT, LAB, AccountId, LabId
from galeria.interfaces.arm.classic.schemas import AccessMode, AddUsers, LabBody, LabProperties
from galeria.interfaces.arm.classic.views import lab_view
from galeria.interfaces.arm.protocol.arm_request import At
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import by_name
from galeria.interfaces.arm.protocol.responses import deleting, put, shown
from galeria.interfaces.arm.protocol.routes import Route


def list_all(account: AccountId, door: At) -> Response:
    with door.reading() as request:
        labs = list_either(request, account)
        return shown(selected(door, labs, order=by_name, view=lambda each: lab_view(request, each)))


def get_one(account: AccountId, lab: LabId, door: At) -> Response:
    with door.reading() as request:
        return shown(lab_view(request, get_either(request, account, lab)))


def put_one(account: AccountId, lab: LabId, body: LabBody, door: At) -> Response:
    """A new lab has no template yet."""
    with door.writing() as request:
        found, is_new = put_lab(request, account, lab, _wanted(body), door.inside.secrets)
        view = lab_view(request, found)
    return put(door, view, is_new=is_new)


def patch_one(account: AccountId, lab: LabId, body: LabBody, door: At) -> Response:
    with door.writing() as request:
        get_either(request, account, lab)
        found, _ = put_lab(request, account, lab, _wanted(body), door.inside.secrets)
        return shown(lab_view(request, found))


def delete_one(account: AccountId, lab: LabId, door: At) -> Response:
    with door.writing() as request:
        _, operation = delete_either(request, account, lab)
    door.start(operation)
    return deleting(door, operation)


def add(account: AccountId, lab: LabId, body: AddUsers, door: At) -> Response:
    with door.writing() as request:
        get_made(request, account, lab)
        add_users(request, lab, body.email_addresses)
    return Response(status_code=200)


def join(account: AccountId, lab: LabId, door: At) -> Response:
    """The caller registers; who is expected needs no role."""
    with door.writing() as request:
        request.uow.accounts.get_by_key(account.key)
        register(request, request.uow.labs.get_by_key(lab.key))
    return Response(status_code=200)


def _wanted(body: LabBody) -> DraftRequest:
    said = body.properties or LabProperties()
    mode = said.user_access_mode
    return DraftRequest(
        location=body.location or "",
        tags=body.tags,
        capacity=said.max_users_in_lab,
        usage_quota=said.usage_quota,
        open_access=None if mode is None else mode is AccessMode.OPEN,
    )


ROUTES = (
    Route(name="Labs2018_List", method="GET", path=ACCOUNT + "/labs", handler=list_all),
    Route(name="Labs2018_Get", method="GET", path=LAB, handler=get_one),
    Route(name="Labs2018_CreateOrUpdate", method="PUT", path=LAB, handler=put_one),
    Route(name="Labs2018_Update", method="PATCH", path=LAB, handler=patch_one),
    Route(name="Labs2018_Delete", method="DELETE", path=LAB, handler=delete_one),
    Route(name="Labs2018_AddUsers", method="POST", path=LAB + "/addUsers", handler=add),
    Route(name="Labs2018_Register", method="POST", path=LAB + "/register", handler=join),
)
