"""Routes of lab accounts in the API of 2018."""

from starlette.responses import Response

from galeria.actions.core.groups import listed_below
from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import AccountRequest, get_account, list_accounts, put_account
from galeria.actions.labs.classic_labs import DraftRequest, delete_account_and_labs, put_lab
from galeria.actions.labs.lab_settings import CREATE
from galeria.actions.labs.labs import create_lab
from galeria.domain.errors import Conflict
from galeria.domain.ids import LABS as NAMESPACE
from galeria.domain.ids import ResourceId
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.messages import Message
from galeria.interfaces.arm.classic.paths import ACCOUNT, ACCOUNTS, ALL_ACCOUNTS, AccountId
from galeria.interfaces.arm.classic.schemas import AccountBody, CreateLab
from galeria.interfaces.arm.classic.settings import template_request
from galeria.interfaces.arm.classic.sizes import availability
from galeria.interfaces.arm.classic.views import account_view
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import by_name
from galeria.interfaces.arm.protocol.path_ids import GroupId, subscription_key
from galeria.interfaces.arm.protocol.responses import put, shown
from galeria.interfaces.arm.protocol.routes import Route


def list_in_group(id: GroupId, arm_request: ArmRequestDep) -> Response:
    return _listed(id.key, arm_request)


def list_in_subscription(subscription: str, arm_request: ArmRequestDep) -> Response:
    return _listed(subscription_key(subscription), arm_request)


def get_one(id: AccountId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(account_view(request, get_account(request, id)))


def put_one(id: AccountId, body: AccountBody, arm_request: ArmRequestDep) -> Response:
    """Create or replace a lab account. Its gallery stays: it is attached through sharedGalleries."""
    with arm_request.writing() as request:
        held = request.uow.accounts.find_by_key(id.key)
        account, is_new = put_account(request, id, _wanted(request, held, body, body.tags or {}))
        view = account_view(request, account)
    return put(arm_request, view, is_new=is_new)


def patch_one(id: AccountId, body: AccountBody, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        held = get_account(request, id)
        tags = held.tags if body.tags is None else body.tags
        account, _ = put_account(request, id, _wanted(request, held, body, tags))
        return shown(account_view(request, account))


def delete_one(id: AccountId, arm_request: ArmRequestDep) -> Response:
    """Delete the account. It is gone at once, while its labs are still being deleted."""
    with arm_request.writing() as request:
        _, begun = delete_account_and_labs(request, id)
    for operation in begun:
        arm_request.start(operation)
    return Response(status_code=204)


def make_lab(id: AccountId, body: CreateLab, arm_request: ArmRequestDep) -> Response:
    """Create a lab and, where the body describes it, its template."""
    lab = ResourceId(id.subscription, id.group, NAMESPACE, ("labs", body.name))
    operation = None
    with arm_request.writing() as request:
        account = get_account(request, id)
        request.caller.require(CREATE, account.key)
        if request.uow.labs.find_by_key(lab.key) or request.uow.lab_drafts.find_by_key(lab.key):
            raise Conflict(
                Message("There is a lab '{body}' already.", body=body.name),
                hint=Message("Choose another name."),
                target="name",
            )
        wanted = DraftRequest(location=body.location or "", tags=body.tags, capacity=body.lab.max_users_in_lab)
        if body.setting is None:
            put_lab(request, id, lab, wanted, arm_request.services.secrets)
        else:
            template = template_request(request, id, wanted, account.location, body.setting.resource)
            _, _, operation = create_lab(request, lab, template, arm_request.services.secrets)
    arm_request.start(operation)
    return Response(status_code=200)


def regional_availability(id: AccountId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        account = get_account(request, id)
        sizes = availability(request.settings.sizes)
    return shown(
        {"regionalAvailability": [{"region": each, "sizeAvailabilities": sizes} for each in account.allowed_regions]}
    )


def _wanted(request: Request, held: LabAccount | None, body: AccountBody, tags: dict[str, str]) -> AccountRequest:
    chosen = body.properties.enabled_region_selection if body.properties else None
    home = request.settings.regions.all[0].name
    return AccountRequest(
        location=body.location or (held.location if held else home),
        tags=tags,
        gallery=request.uow.galleries.get(held.gallery_id).arm_id if held and held.gallery_id else None,
        profiles={} if chosen is None else {"enabledRegionSelection": chosen},
    )


def _listed(prefix: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        accounts = listed_below(request, prefix, list_accounts(request, prefix))
        return shown(selected(arm_request, accounts, order=by_name, view=lambda each: account_view(request, each)))


ROUTES = (
    Route(name="LabAccounts_ListBySubscription", method="GET", path=ALL_ACCOUNTS, handler=list_in_subscription),
    Route(name="LabAccounts_ListByResourceGroup", method="GET", path=ACCOUNTS, handler=list_in_group),
    Route(name="LabAccounts_Get", method="GET", path=ACCOUNT, handler=get_one),
    Route(name="LabAccounts_CreateOrUpdate", method="PUT", path=ACCOUNT, handler=put_one),
    Route(name="LabAccounts_Update", method="PATCH", path=ACCOUNT, handler=patch_one),
    Route(name="LabAccounts_Delete", method="DELETE", path=ACCOUNT, handler=delete_one),
    Route(name="LabAccounts_CreateLab", method="POST", path=ACCOUNT + "/createLab", handler=make_lab),
    Route(
        name="LabAccounts_GetRegionalAvailability",
        method="POST",
        path=ACCOUNT + "/getRegionalAvailability",
        handler=regional_availability,
    ),
)
