"""Routes of labs in the API of 2018, and of registering with them."""

from starlette.responses import Response

from galeria.actions.labs.classic_labs import DraftRequest, delete_either, get_either, get_made, list_either, put_lab
from galeria.actions.labs.lab_publishing import begin_scaling
from galeria.actions.rosters.lab_users import add_users
from galeria.actions.rosters.registration import register
from galeria.domain.labs.labs import Lab as MadeLab
from galeria.interfaces.arm.classic.paths import ACCOUNT, LAB, AccountId, LabId
from galeria.interfaces.arm.classic.schemas import AccessMode, AddUsers, ClassicLabBody, ClassicLabProperties
from galeria.interfaces.arm.classic.views import lab_view
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import by_name
from galeria.interfaces.arm.protocol.responses import deleting, put, shown
from galeria.interfaces.arm.protocol.routes import Route


def list_all(account: AccountId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        labs = list_either(request, account)
        return shown(selected(arm_request, labs, order=by_name, view=lambda each: lab_view(request, each)))


def get_one(account: AccountId, lab: LabId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(lab_view(request, get_either(request, account, lab)))


def put_one(account: AccountId, lab: LabId, body: ClassicLabBody, arm_request: ArmRequestDep) -> Response:
    """Create or replace a lab. A new lab has no template yet."""
    with arm_request.writing() as request:
        found, is_new = put_lab(request, account, lab, _wanted(body), arm_request.services.secrets)
        operation = begin_scaling(request, found) if isinstance(found, MadeLab) else None
        view = lab_view(request, found)
    arm_request.start(operation)
    return put(arm_request, view, is_new=is_new)


def patch_one(account: AccountId, lab: LabId, body: ClassicLabBody, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        get_either(request, account, lab)
        found, _ = put_lab(request, account, lab, _wanted(body), arm_request.services.secrets)
        operation = begin_scaling(request, found) if isinstance(found, MadeLab) else None
        view = lab_view(request, found)
    arm_request.start(operation)
    return shown(view)


def delete_one(account: AccountId, lab: LabId, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        _, operation = delete_either(request, account, lab)
    arm_request.start(operation)
    return deleting(arm_request, operation)


def add(account: AccountId, lab: LabId, body: AddUsers, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        get_made(request, account, lab)
        add_users(request, lab, body.email_addresses)
    return Response(status_code=200)


def join(account: AccountId, lab: LabId, arm_request: ArmRequestDep) -> Response:
    """Register the caller with the lab. A person invited to the lab needs no role."""
    with arm_request.writing() as request:
        register(request, request.uow.labs.get_by_key(lab.key))
        request.uow.accounts.get_by_key(account.key)  # after the lab: strangers learn of neither
    return Response(status_code=200)


def _wanted(body: ClassicLabBody) -> DraftRequest:
    said = body.properties or ClassicLabProperties()
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
