"""Lab accounts: their gallery and their policies."""

from dataclasses import dataclass, field

from galeria.actions.core.groups import require_lasting_group
from galeria.actions.core.request import Request
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.ids import ResourceId, lab_name
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.guest_network import PROFILE, Internet, checked_profile, has_common_network, policy_of
from galeria.domain.labs.profiles import Profiles, check_shutdown, merged
from galeria.domain.messages import Message

ACCOUNT = "Microsoft.LabServices/labPlans"


@dataclass(frozen=True, kw_only=True)
class AccountRequest:
    """What a caller says of a lab account. None leaves a value as it is, or gives a new account its default."""

    location: str
    tags: dict[str, str]
    gallery: ResourceId | None = None  # None detaches
    allowed_regions: tuple[str, ...] | None = None
    os_disk_limit_gb: int | None = None
    enable_by_default: bool | None = None
    internet: Internet | None = None  # what machines reach of it
    names: tuple[str, ...] | None = None  # that are reached where it is only names
    common_network: bool | None = None  # whether machines of one lab reach each other
    profiles: Profiles = field(default_factory=dict)  # changes of the profiles; a null removes a property


def put_account(request: Request, id: ResourceId, wanted: AccountRequest) -> tuple[LabAccount, bool]:
    """Creates or changes a lab account; the second value tells whether it is new.

    Raises Forbidden, Invalid, NotFound, and Conflict for a second gallery or a network that labs use.
    """
    request.caller.require(f"{ACCOUNT}/write", id.key)
    request.audit(f"{ACCOUNT}/write", str(id))
    account = request.uow.accounts.find_by_key(id.key)
    is_new = account is None
    if account is None:
        require_lasting_group(request, id)
        account = LabAccount(
            id=request.id_generator.new_id(),
            resource_id=str(id.parent.resource("Microsoft.LabServices", "labPlans", lab_name(id.name))),
            key=id.key,
            location=request.settings.regions.get(wanted.location).name,
            allowed_regions=[region.name for region in request.settings.regions.all],
            **request.stamps(),
        )
        request.uow.accounts.add(account)
    account.tags = wanted.tags
    request.touch(account)
    _set_policies(request, account, wanted)
    _set_profiles(request, account, wanted.profiles)
    _set_network(account, wanted)
    _set_gallery(request, account, wanted.gallery)
    return account, is_new


def get_account(request: Request, id: ResourceId) -> LabAccount:
    """Returns a lab account. Raises Forbidden, NotFound."""
    request.caller.require(f"{ACCOUNT}/read", id.key)
    return request.uow.accounts.get_by_key(id.key)


def list_accounts(request: Request, prefix: str) -> list[LabAccount]:
    """Returns the lab accounts below the key that the caller may see, by name."""
    return [each for each in request.uow.accounts.below(prefix) if request.caller.may(f"{ACCOUNT}/read", each.key)]


def delete_account(request: Request, id: ResourceId) -> bool:
    """Deletes a lab account and tells whether it existed.

    Labs and images stay, as in Azure; those labs can no longer export. Raises Forbidden.
    """
    request.caller.require(f"{ACCOUNT}/delete", id.key)
    account = request.uow.accounts.find_by_key(id.key)
    if account is None:
        return False
    request.audit(f"{ACCOUNT}/delete", str(id))
    request.uow.people.remove_assignments_below(account.key)
    if not request.uow.labs.of_account(account.id):
        request.uow.accounts.remove(account)
        return True
    for choice in request.uow.accounts.choices(account.id):
        request.uow.accounts.remove_choice(choice)
    for draft in request.uow.lab_drafts.of_account(account.id):
        request.uow.people.remove_assignments_below(draft.key)
        request.uow.lab_drafts.remove(draft)
    # Labs refer to the row, so it stays, without its gallery, and its name is free again.
    account.gallery_id, account.key, account.deleted_at = None, f"deleted/{account.id}", request.clock.now()
    request.uow.flush()
    return True


def _set_policies(request: Request, account: LabAccount, wanted: AccountRequest) -> None:
    if wanted.allowed_regions is not None:
        account.allowed_regions = [request.settings.regions.get(name).name for name in wanted.allowed_regions]
    if wanted.os_disk_limit_gb is not None:
        if wanted.os_disk_limit_gb < 1:
            raise Invalid(
                Message("The OS-disk limit is at least 1 GB."),
                hint=Message("Azure's limit is 128 GB."),
                target="properties.galeria.osDiskLimitInGB",
            )
        account.os_disk_limit_gb = wanted.os_disk_limit_gb
    if wanted.enable_by_default is not None:
        account.enable_by_default = wanted.enable_by_default


def _set_profiles(request: Request, account: LabAccount, said: Profiles) -> None:
    profiles = merged(account.profiles, said)
    check_shutdown(profiles.get("defaultAutoShutdownProfile", {}), "properties.defaultAutoShutdownProfile")
    before, after = (each.get("defaultNetworkProfile") or {} for each in (account.profiles, profiles))
    if before != after and request.uow.labs.of_account(account.id):
        raise Conflict(
            Message("Labs use the lab account '{account}', so its network cannot change.", account=account.name),
            hint=Message("Make another lab account with the other network."),
            code="PropertyChangeNotAllowed",
            target="properties.defaultNetworkProfile",
        )
    identity = profiles.get("identity", {})
    if identity.get("type") == "None":
        del profiles["identity"]
    elif identity:
        profiles["identity"] = {"type": "SystemAssigned", "principalId": _identity(request, account)}
    account.profiles = profiles


def _set_network(account: LabAccount, wanted: AccountRequest) -> None:
    if (wanted.internet, wanted.names, wanted.common_network) == (None, None, None):
        return
    held = policy_of(account.profiles)
    names = held.names if wanted.names is None else wanted.names
    common = has_common_network(account.profiles) if wanted.common_network is None else wanted.common_network
    internet = wanted.internet or held.internet
    policy = checked_profile(internet, list(names), "properties.galeria.network.names", common=common)
    account.profiles = {**account.profiles, PROFILE: policy}


def _identity(request: Request, account: LabAccount) -> str:
    """Returns the id of the account's identity, or a new one."""
    return str(account.profiles.get("identity", {}).get("principalId") or request.id_generator.new_guid())


def _set_gallery(request: Request, account: LabAccount, wanted: ResourceId | None) -> None:
    """Attaches or detaches; an account has one gallery at a time. Raises Conflict while another one is attached."""
    if wanted is None:
        account.gallery_id = None
        return
    attached = request.uow.galleries.find(account.gallery_id) if account.gallery_id else None
    if attached and attached.key == wanted.key:
        return  # a change of something else needs no right on the gallery
    request.caller.require("Microsoft.Compute/galleries/read", wanted.key)
    gallery = request.uow.galleries.get_by_key(wanted.key)
    if account.gallery_id not in (None, gallery.id):
        raise Conflict(
            Message("The lab account '{account}' has another gallery attached.", account=account.name),
            hint=Message("Detach that one first; an account has one gallery at a time."),
        )
    account.gallery_id = gallery.id
