"""Lab accounts: their gallery, the images in it, their policies."""

from dataclasses import dataclass, field

from galeria.actions.core.groups import require_group
from galeria.actions.core.request import Request
from galeria.domain.errors import Conflict, Invalid, NotFound
from galeria.domain.ids import ResourceId, lab_name
from galeria.domain.images.eligibility import ImageEligibility, image_eligibility
from galeria.domain.images.galleries import ImageDefinition
from galeria.domain.labs.accounts import ImageSwitch, LabAccount
from galeria.domain.labs.profiles import Profiles, check_shutdown, merged
from galeria.domain.messages import Message
from galeria.ports.database import UnitOfWork

ACCOUNT = "Microsoft.LabServices/labPlans"


@dataclass(frozen=True, kw_only=True)
class AccountRequest:
    """What a caller says of a lab account. None: leave it as it is, or the default for a new one."""

    location: str
    tags: dict[str, str]
    gallery: ResourceId | None = None  # None detaches
    allowed_regions: tuple[str, ...] | None = None
    os_disk_limit_gb: int | None = None
    enable_by_default: bool | None = None
    profiles: Profiles = field(default_factory=dict)  # what is said of them; a null takes a property away


def put_account(request: Request, id: ResourceId, wanted: AccountRequest) -> tuple[LabAccount, bool]:
    """Make or change a lab account; the second value tells whether it is new."""
    request.caller.require(f"{ACCOUNT}/write", id.key)
    request.audit(f"{ACCOUNT}/write", str(id))
    account = request.uow.accounts.find_by_key(id.key)
    is_new = account is None
    if account is None:
        require_group(request, id)
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
    _set_gallery(request, account, wanted.gallery)
    return account, is_new


def get_account(request: Request, id: ResourceId) -> LabAccount:
    request.caller.require(f"{ACCOUNT}/read", id.key)
    return request.uow.accounts.get_by_key(id.key)


def list_accounts(request: Request, prefix: str) -> list[LabAccount]:
    return [each for each in request.uow.accounts.below(prefix) if request.caller.may(f"{ACCOUNT}/read", each.key)]


def delete_account(request: Request, id: ResourceId) -> bool:
    """Labs and images survive, as in Azure; those labs can then no longer export."""
    request.caller.require(f"{ACCOUNT}/delete", id.key)
    account = request.uow.accounts.find_by_key(id.key)
    if account is None:
        return False
    request.audit(f"{ACCOUNT}/delete", str(id))
    if not request.uow.labs.of_account(account.id):
        request.uow.accounts.remove(account)
        return True
    for choice in request.uow.accounts.choices(account.id):
        request.uow.accounts.remove_choice(choice)
    for draft in request.uow.lab_drafts.of_account(account.id):
        request.uow.lab_drafts.remove(draft)
    # The labs remember it: its row stays, without its gallery, and its name is free again.
    account.gallery_id, account.key, account.deleted_at = None, f"deleted/{account.id}", request.clock.now()
    request.uow.flush()
    return True


def list_images(request: Request, id: ResourceId, region: str | None = None) -> list[ImageEligibility]:
    """Every image of the attached gallery as a lab in `region` would be offered it, the unusable ones with their reasons."""
    request.caller.require(f"{ACCOUNT}/images/read", id.key)
    account = request.uow.accounts.get_by_key(id.key)
    place = request.settings.regions.get(region or account.location).name
    if account.gallery_id is None:
        return []
    return [
        image_eligibility_in(request.uow, account, definition, place)
        for definition in request.uow.definitions.of_gallery(account.gallery_id)
    ]


def get_image(request: Request, id: ResourceId, name: str, region: str | None = None) -> ImageEligibility:
    for each in list_images(request, id, region):
        if each.definition.name.lower() == name.lower():
            return each
    raise NotFound(
        Message("The lab account '{id}' has no image '{name}'.", id=id.name, name=name),
        hint=Message("'galeria image list' shows the images it has."),
    )


def enable_image(request: Request, id: ResourceId, name: str, *, enabled: bool) -> ImageEligibility:
    """Switch one image on or off for this account."""
    request.caller.require(f"{ACCOUNT}/images/write", id.key)
    chosen = get_image(request, id, name)
    account = request.uow.accounts.get_by_key(id.key)
    request.audit(
        f"{ACCOUNT}/images/write", f"{id}/images/{name}", detail=Message("enabled") if enabled else Message("disabled")
    )
    choice = request.uow.accounts.find_choice(account.id, chosen.definition.id)
    if choice:
        choice.enabled = enabled
    else:
        request.uow.accounts.add_choice(
            ImageSwitch(account_id=account.id, definition_id=chosen.definition.id, enabled=enabled)
        )
    request.uow.flush()
    return image_eligibility_in(request.uow, account, chosen.definition, account.location)


def remove_image_switch(request: Request, id: ResourceId, name: str) -> bool:
    """The image follows the account's policy again; whether anybody had chosen otherwise."""
    request.caller.require(f"{ACCOUNT}/images/write", id.key)
    account = request.uow.accounts.get_by_key(id.key)
    chosen = next((each for each in list_images(request, id) if each.definition.name.lower() == name.lower()), None)
    choice = request.uow.accounts.find_choice(account.id, chosen.definition.id) if chosen else None
    if choice is None:
        return False
    request.audit(f"{ACCOUNT}/images/write", f"{id}/images/{name}", detail=Message("as the account's policy says"))
    request.uow.accounts.remove_choice(choice)
    request.uow.flush()
    return True


def image_eligibility_in(
    uow: UnitOfWork, account: LabAccount, definition: ImageDefinition, region: str
) -> ImageEligibility:
    choice = uow.accounts.find_choice(account.id, definition.id)
    facts = uow.versions.facts(uow.versions.of_definition(definition.id))
    enabled = choice.enabled if choice else account.enable_by_default
    return image_eligibility(account, definition, facts, enabled=enabled, region=region)


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


def _identity(request: Request, account: LabAccount) -> str:
    """The one that it has, or a new one."""
    return str(account.profiles.get("identity", {}).get("principalId") or request.id_generator.new_guid())


def _set_gallery(request: Request, account: LabAccount, wanted: ResourceId | None) -> None:
    """One gallery at a time: another one may be attached only after a detach (mission, decision 3)."""
    if wanted is None:
        account.gallery_id = None
        return
    attached = request.uow.galleries.find(account.gallery_id) if account.gallery_id else None
    if attached and attached.key == wanted.key:
        return  # whoever changes something else need not see the gallery
    request.caller.require("Microsoft.Compute/galleries/read", wanted.key)
    gallery = request.uow.galleries.get_by_key(wanted.key)
    if account.gallery_id not in (None, gallery.id):
        raise Conflict(
            Message("The lab account '{account}' has another gallery attached.", account=account.name),
            hint=Message("Detach that one first; an account has one gallery at a time."),
        )
    account.gallery_id = gallery.id
