"""Labs in the order of the 2018-10-15 API: the lab first, its template later. A lab without a template is a draft."""

from dataclasses import dataclass

from galeria.actions.core.groups import require_lasting_group
from galeria.actions.core.limits import require_lab_limit, require_machine_limit
from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import ACCOUNT, delete_account
from galeria.actions.labs.lab_settings import CREATE, LAB, LabSettings, allowed_region, update_lab
from galeria.actions.labs.labs import delete_lab, ensure_owner
from galeria.domain.errors import Conflict, Forbidden, NotFound
from galeria.domain.ids import ResourceId, lab_name
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.labs import Lab, LabDraft
from galeria.domain.labs.profiles import capacity, quota
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.domain.states import ProvisioningState
from galeria.ports.work import SecretHasher


@dataclass(frozen=True, kw_only=True)
class DraftRequest:
    """What a caller of the older API says of a lab. None leaves a value as it is."""

    location: str = ""  # empty: the account's
    tags: dict[str, str] | None = None
    capacity: int | None = None
    usage_quota: str | None = None  # an ISO 8601 duration
    open_access: bool | None = None


def put_lab(
    request: Request, account_id: ResourceId, id: ResourceId, wanted: DraftRequest, secrets: SecretHasher
) -> tuple[Lab | LabDraft, bool]:
    """Creates or changes a lab or a draft; the second value tells whether it is new.

    Raises Forbidden, Invalid, NotFound, Conflict.
    """
    account = request.uow.accounts.get_by_key(account_id.key)
    held = request.uow.lab_drafts.find_by_key(id.key) or request.uow.labs.find_by_key(id.key)
    if held is not None and not request.caller.may_see(held.key):
        request.caller.require(CREATE, account.key)  # as if there were no such lab
    held = _find(request, account, id)
    if isinstance(held, Lab):
        said = LabSettings(
            tags=wanted.tags,
            capacity=wanted.capacity,
            usage_quota=wanted.usage_quota,
            open_access=wanted.open_access,
        )
        return update_lab(request, id, said, secrets), False
    if held:
        request.caller.require(f"{LAB}/write", held.key)
    draft = held or _new_draft(request, account, id, wanted.location or account.location)
    if wanted.capacity is not None:
        require_machine_limit(request, draft.author_id, draft.account_id, wanted.capacity - draft.capacity)
    _say(draft, wanted)
    request.touch(draft)
    request.audit(f"{LAB}/write", str(id))
    return draft, held is None


def get_either(request: Request, account_id: ResourceId, id: ResourceId) -> Lab | LabDraft:
    """Returns a lab of the account, with or without a template. Raises Forbidden, NotFound."""
    request.caller.require(f"{LAB}/read", id.key)
    account = request.uow.accounts.get_by_key(account_id.key)
    found = _find(request, account, id)
    if found is None:
        raise NotFound(
            Message("The lab account '{account}' has no lab '{id}'.", account=account.name, id=id.name),
            hint=Message("List its labs."),
        )
    return found


def get_made(request: Request, account_id: ResourceId, id: ResourceId) -> Lab:
    """Returns a lab of the account that has a template. Raises Forbidden, NotFound."""
    found = get_either(request, account_id, id)
    if isinstance(found, LabDraft):
        raise NotFound(
            Message("The lab '{id}' has no template yet.", id=id.name),
            hint=Message("PUT its environment setting 'default'."),
        )
    return found


def list_either(request: Request, account_id: ResourceId) -> list[Lab | LabDraft]:
    """Returns the account's labs that the caller may see, with and without a template. Raises Forbidden, NotFound."""
    request.caller.require(f"{ACCOUNT}/read", account_id.key)
    account = request.uow.accounts.get_by_key(account_id.key)
    drafts = {each.key: each for each in request.uow.lab_drafts.of_account(account.id)}
    labs = [each for each in request.uow.labs.of_account(account.id) if each.key not in drafts]
    found: list[Lab | LabDraft] = [*labs, *drafts.values()]
    return [each for each in found if request.caller.may(f"{LAB}/read", each.key)]


def delete_either(request: Request, account_id: ResourceId, id: ResourceId) -> tuple[bool, Operation | None]:
    """Deletes a lab; returns whether it existed, and the operation where machines are to be removed.

    Raises Forbidden.
    """
    request.caller.require(f"{LAB}/delete", id.key)
    account = request.uow.accounts.find_by_key(account_id.key)
    draft = request.uow.lab_drafts.find_by_key(id.key)
    if draft and account and draft.account_id == account.id:
        request.uow.lab_drafts.remove(draft)
        request.audit(f"{LAB}/delete", str(id))
        if request.uow.labs.find_by_key(id.key) is None:
            request.uow.people.remove_assignments_below(id.key)
    lab = request.uow.labs.find_by_key(id.key)
    if lab is None or account is None or lab.account_id != account.id:
        return draft is not None, None
    return True, delete_lab(request, id)


def delete_template(request: Request, account_id: ResourceId, id: ResourceId) -> Operation | None:
    """Deletes a lab's template, so that the lab is a draft again; None where it has no template.

    Raises Forbidden, NotFound.
    """
    request.caller.require(f"{LAB}/delete", id.key)
    account = request.uow.accounts.get_by_key(account_id.key)
    lab = request.uow.labs.find_by_key(id.key)
    if lab is None or lab.account_id != account.id:
        return None
    if request.uow.lab_drafts.find_by_key(id.key) is None:
        request.uow.lab_drafts.add(
            LabDraft(
                id=request.id_generator.new_id(),
                resource_id=lab.resource_id,
                key=lab.key,
                location=lab.location,
                tags=dict(lab.tags),
                author_id=lab.author_id,
                account_id=account.id,
                capacity=lab.capacity,
                usage_quota=lab.usage_quota,
                open_access=lab.open_access,
                **request.stamps(),
            )
        )
    return delete_lab(request, id)


def delete_account_and_labs(request: Request, id: ResourceId) -> tuple[bool, list[Operation]]:
    """Deletes a lab account with its labs, as the older API does; returns whether it existed, and the operations.

    Raises Forbidden before anything is deleted, without naming a lab that the caller may not read.
    """
    request.caller.require(f"{ACCOUNT}/delete", id.key)
    account = request.uow.accounts.find_by_key(id.key)
    labs = request.uow.labs.of_account(account.id) if account else []
    for lab in labs:
        if not request.caller.may_see(lab.key):
            raise Forbidden(
                Message("The lab account '{account}' has labs that you may not delete.", account=id.name),
                hint=Message("Ask an Owner of the lab account to delete it."),
            )
        request.caller.require(f"{LAB}/delete", lab.key)
    begun = [delete_lab(request, lab.arm_id) for lab in labs]
    was_there = delete_account(request, id)
    return was_there, [each for each in begun if each]


def _find(request: Request, account: LabAccount, id: ResourceId) -> Lab | LabDraft | None:
    """Finds a draft, or else a lab: a draft may replace a lab that is being deleted. Raises Conflict for another account's."""
    found = request.uow.lab_drafts.find_by_key(id.key) or request.uow.labs.find_by_key(id.key)
    if found is not None and found.account_id != account.id:
        raise Conflict(
            Message("The lab '{id}' belongs to another lab account of the resource group.", id=id.name),
            hint=Message("Use that account's name in the path, or choose another name for the lab."),
        )
    return found


def _new_draft(request: Request, account: LabAccount, id: ResourceId, location: str) -> LabDraft:
    request.caller.require(CREATE, account.key)
    require_lasting_group(request, id)
    lab_name(id.name)
    require_lab_limit(request, request.caller.principal.id, account.id)
    draft = LabDraft(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location=allowed_region(request, account, location),
        state=ProvisioningState.SUCCEEDED,
        author_id=request.caller.principal.id,
        account_id=account.id,
        **request.stamps(),
    )
    request.uow.lab_drafts.add(draft)
    request.uow.flush()
    ensure_owner(request, draft.key)
    return draft


def _say(draft: LabDraft, wanted: DraftRequest) -> None:
    if wanted.tags is not None:
        draft.tags = wanted.tags
    if wanted.capacity is not None:
        draft.capacity = capacity(wanted.capacity, "properties.maxUsersInLab")
    if wanted.usage_quota is not None:
        draft.usage_quota = quota(wanted.usage_quota, "properties.usageQuota")
    if wanted.open_access is not None:
        draft.open_access = wanted.open_access
