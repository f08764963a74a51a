"""What of a lab may change after it was made: title, room, quota, access, profiles, the account it belongs to."""

from dataclasses import dataclass, field

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_images import is_same_image
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.ids import ResourceId, password, user_name
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.labs import Lab, LabCreateOption
from galeria.domain.labs.profiles import (
    CONNECTION,
    NO_SHUTDOWN,
    Profiles,
    capacity,
    check_roster,
    check_shutdown,
    merged,
    quota,
)
from galeria.domain.labs.sizes import get_size
from galeria.domain.messages import Message
from galeria.domain.states import ProvisioningState
from galeria.ports.work import SecretHasher

LAB = "Microsoft.LabServices/labs"
CREATE = "Microsoft.LabServices/labPlans/createLab/action"
MAX_TITLE = 120
_MACHINES = "properties.virtualMachineProfile"


@dataclass(frozen=True, kw_only=True)
class NonAdminAccount:
    """The account of those who may not change the system. An empty password keeps the one that there is."""

    user_name: str
    password: str = ""


@dataclass(frozen=True, kw_only=True)
class FixedSettings:
    """What is settled when a lab is made. Clients send back what they read: saying the same is no change."""

    location: str | None = None
    image: ResourceId | None = None
    size: str | None = None
    user_name: str | None = None
    create_option: LabCreateOption | None = None


@dataclass(frozen=True, kw_only=True)
class LabSettings:
    """What is said of a lab. None: it stays as it is."""

    title: str | None = None
    description: str | None = None
    tags: dict[str, str] | None = None
    account: ResourceId | None = None
    capacity: int | None = None
    usage_quota: str | None = None  # an ISO 8601 duration
    open_access: bool | None = None
    non_admin: NonAdminAccount | None = None
    profiles: Profiles = field(default_factory=dict)  # a null takes a property away
    fixed: FixedSettings = field(default_factory=FixedSettings)


def update_lab(request: Request, id: ResourceId, said: LabSettings, secrets: SecretHasher) -> Lab:
    """Raises Conflict while the lab is being deleted."""
    lab = request.uow.labs.get_by_key(id.key)
    request.caller.require(f"{LAB}/write", lab.key)
    if lab.state is ProvisioningState.DELETING:
        raise Conflict(Message("The lab '{lab}' is being deleted.", lab=lab.name), hint=Message("Make another one."))
    _require_unchanged(request, lab, said)
    request.audit(f"{LAB}/write", str(id))
    if said.account:
        _belong_to(request, lab, said.account)
    apply_settings(lab, said, secrets)
    request.touch(lab)
    return lab


def apply_settings(lab: Lab, said: LabSettings, secrets: SecretHasher) -> None:
    """Raises Invalid."""
    if said.title:
        lab.title = check_title(said.title)
    if said.description is not None:
        lab.description = said.description
    if said.tags is not None:
        lab.tags = said.tags
    if said.capacity is not None:
        lab.capacity = capacity(said.capacity, f"{_MACHINES}.sku.capacity")
    if said.usage_quota is not None:
        lab.usage_quota = quota(said.usage_quota, f"{_MACHINES}.usageQuota")
    if said.open_access is not None:
        lab.open_access = said.open_access
    if said.non_admin is not None:
        _set_non_admin(lab, said.non_admin, secrets)
    lab.profiles = _checked(merged(lab.profiles, said.profiles))


def inherited_profiles(account: LabAccount) -> Profiles:
    """What a new lab gets from its account; what changes there later changes no lab (documentation of lab plans)."""
    profiles = account.profiles
    return {
        "connectionProfile": dict(profiles.get("defaultConnectionProfile") or CONNECTION),
        "autoShutdownProfile": dict(profiles.get("defaultAutoShutdownProfile") or NO_SHUTDOWN),
        "networkProfile": dict(profiles.get("defaultNetworkProfile") or {}),
    }


def allowed_region(request: Request, account: LabAccount, location: str) -> str:
    """Raises Invalid."""
    region = request.settings.regions.get(location).name
    if region not in account.allowed_regions:
        raise Invalid(
            Message("The lab account '{account}' allows no labs in {region}.", account=account.name, region=region),
            hint=Message("Allowed are: {allowed_regions}.", allowed_regions=account.allowed_regions),
            target="location",
        )
    return region


def _belong_to(request: Request, lab: Lab, wanted: ResourceId) -> None:
    """A lab whose account is gone may join another one, and export through it."""
    held = request.uow.accounts.find(lab.account_id)
    account = request.uow.accounts.find_by_key(wanted.key)
    if account is None and held and held.resource_id.lower() == wanted.key:
        return
    account = account or request.uow.accounts.get_by_key(wanted.key)
    if account.id == lab.account_id:
        return
    request.caller.require(CREATE, account.key)
    allowed_region(request, account, lab.location)
    lab.account_id = account.id


def _require_unchanged(request: Request, lab: Lab, said: LabSettings) -> None:
    """Raises Conflict."""
    fixed, settings = said.fixed, request.settings
    network = merged(lab.profiles, said.profiles).get("networkProfile", {})
    is_size = fixed.size is None or get_size(settings.sizes, fixed.size).name == lab.size
    same = {
        "location": fixed.location is None or settings.regions.get(fixed.location).name == lab.location,
        f"{_MACHINES}.imageReference": fixed.image is None or _is_image_of(request, lab, fixed.image),
        f"{_MACHINES}.sku.name": is_size,
        f"{_MACHINES}.adminUser.username": fixed.user_name in (None, lab.user_name),
        f"{_MACHINES}.createOption": fixed.create_option in (None, lab.create_option),
        "properties.networkProfile": network == lab.profiles.get("networkProfile", {}),
    }
    for target, is_same in same.items():
        if not is_same:
            raise Conflict(
                Message("'{target}' cannot change after a lab was made.", target=target),
                hint=Message("Make another lab, or leave the property as it is."),
                code="InvalidResourceLocation" if target == "location" else "PropertyChangeNotAllowed",
                target=target,
            )


def _is_image_of(request: Request, lab: Lab, image: ResourceId) -> bool:
    account = request.uow.accounts.find(lab.account_id)
    gallery = request.uow.galleries.find(account.gallery_id) if account and account.gallery_id else None
    return is_same_image(gallery, image, ResourceId.parse(lab.image_id))


def _set_non_admin(lab: Lab, wanted: NonAdminAccount, secrets: SecretHasher) -> None:
    target = f"{_MACHINES}.nonAdminUser"
    name = user_name(wanted.user_name)
    if name == lab.user_name:
        raise Invalid(
            Message("The two accounts have the same name."),
            hint=Message("Give the one without rights another name."),
            target=target,
        )
    if not wanted.password and name != lab.non_admin_user:
        raise Invalid(
            Message("The account '{name}' needs a password.", name=name),
            hint=Message("Send one."),
            target=f"{target}.password",
        )
    lab.non_admin_user = name
    if wanted.password:
        lab.non_admin_hash = secrets.unix_hash(password(wanted.password))


def check_title(text: str) -> str:
    """Raises Invalid."""
    if len(text) > MAX_TITLE:
        raise Invalid(
            Message("The title is too long."),
            hint=Message("At most {max_title} characters.", max_title=MAX_TITLE),
            target="properties.title",
        )
    return text


def _checked(profiles: Profiles) -> Profiles:
    check_shutdown(profiles.get("autoShutdownProfile", {}), "properties.autoShutdownProfile")
    check_roster(profiles.get("rosterProfile", {}), "properties.rosterProfile")
    return profiles
