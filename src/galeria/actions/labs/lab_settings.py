"""The settings of a lab that may change after it was made: title, capacity, quota, access, profiles, its account."""

from dataclasses import dataclass, field

from galeria.actions.core.limits import require_account_limits, require_machine_limit
from galeria.actions.core.request import Request
from galeria.actions.labs.lab_images import is_same_image
from galeria.domain.classes.settings import check_class_settings, noted_refill
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OsState, OsType
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.labs import Lab, LabCreateOption, find_template
from galeria.domain.labs.profiles import (
    NO_SHUTDOWN,
    Profiles,
    capacity,
    check_roster,
    check_shutdown,
    merged,
    quota,
    usual_connection,
)
from galeria.domain.labs.sizes import get_size
from galeria.domain.labs.windows import account_name, account_password
from galeria.domain.messages import Message
from galeria.domain.states import ProvisioningState
from galeria.ports.work import SecretHasher

LAB = "Microsoft.LabServices/labs"
CREATE = "Microsoft.LabServices/labPlans/createLab/action"
MAX_TITLE = 120
_MACHINES = "properties.virtualMachineProfile"


@dataclass(frozen=True, kw_only=True)
class NonAdminAccount:
    """The account without administrator's rights in students' machines. An empty password keeps the present one."""

    user_name: str
    password: str = ""


@dataclass(frozen=True, kw_only=True)
class FixedSettings:
    """The settings that are fixed when a lab is made.

    Clients send back what they read, so an equal value is no change.
    """

    location: str | None = None
    image: ResourceId | None = None
    size: str | None = None
    user_name: str | None = None
    password: str | None = None  # compared as long as it is known, until it was set in the template
    create_option: LabCreateOption | None = None
    new_identity: bool = False  # False: as it is
    keep_accounts: tuple[str, ...] = ()  # none: as it is


@dataclass(frozen=True, kw_only=True)
class LabSettings:
    """What a caller says of a lab. None leaves a value as it is."""

    title: str | None = None
    description: str | None = None
    tags: dict[str, str] | None = None
    account: ResourceId | None = None
    capacity: int | None = None
    usage_quota: str | None = None  # an ISO 8601 duration
    open_access: bool | None = None
    non_admin: NonAdminAccount | None = None
    profiles: Profiles = field(default_factory=dict)  # a null removes a property
    fixed: FixedSettings = field(default_factory=FixedSettings)


def update_lab(request: Request, id: ResourceId, wanted: LabSettings, secrets: SecretHasher) -> Lab:
    """Changes a lab's settings.

    Raises Forbidden, NotFound, Invalid, and Conflict for a fixed setting, for more machines than there may be, or while the
    lab is being deleted.
    """
    lab = request.uow.labs.get_by_key(id.key)
    request.caller.require(f"{LAB}/write", lab.key)
    require_lasting_lab(lab)
    _require_unchanged(request, lab, wanted, secrets)
    request.audit(f"{LAB}/write", str(id))
    if wanted.account:
        _belong_to(request, lab, wanted.account)
    if wanted.capacity is not None:
        require_machine_limit(request, lab.author_id, lab.account_id, wanted.capacity - lab.capacity)
        _require_unclaimed(request, lab, wanted.capacity)
    before = lab.profiles
    apply_settings(lab, wanted, secrets)
    lab.profiles = noted_refill(lab.profiles, before, request.clock.now())
    if wanted.fixed.keep_accounts:  # the same ones, in the order in which they were named last
        lab.profiles = {**lab.profiles, "keepAccounts": list(wanted.fixed.keep_accounts)}
    request.touch(lab)
    return lab


def _require_unclaimed(request: Request, lab: Lab, most: int) -> None:
    """Raises Conflict where more machines are claimed than there would be, and names who holds them."""
    machines = request.uow.machines.of_lab(lab.id)
    holders = [request.uow.lab_users.find(each.claimed_by) for each in machines if each.claimed_by]
    names = sorted(each.shown_name for each in holders if each)
    if len(names) > most:
        raise Conflict(
            Message(
                "{count} people hold machines of this lab, more than {most}: {names}.",
                count=len(names),
                most=most,
                names=names,
            ),
            hint=Message("Remove some of them from the lab's users, or choose a higher capacity."),
            code="MachinesAreClaimed",
            target=f"{_MACHINES}.sku.capacity",
        )


def require_lasting_lab(lab: Lab) -> None:
    """Raises Conflict while the lab is being deleted: a change of it, or of what is in it, would be lost."""
    if lab.state is ProvisioningState.DELETING:
        raise Conflict(Message("The lab '{lab}' is being deleted.", lab=lab.name), hint=Message("Make another one."))


def apply_settings(lab: Lab, wanted: LabSettings, secrets: SecretHasher) -> None:
    """Changes the lab by the given settings, without a check of rights. Raises Invalid."""
    if wanted.title:
        lab.title = check_title(wanted.title)
    if wanted.description is not None:
        lab.description = wanted.description
    if wanted.tags is not None:
        lab.tags = wanted.tags
    if wanted.capacity is not None:
        lab.capacity = capacity(wanted.capacity, f"{_MACHINES}.sku.capacity")
    if wanted.usage_quota is not None:
        lab.usage_quota = quota(wanted.usage_quota, f"{_MACHINES}.usageQuota")
    if wanted.open_access is not None:
        lab.open_access = wanted.open_access
    if wanted.non_admin is not None:
        _set_non_admin(lab, wanted.non_admin, secrets)
    lab.profiles = merged(lab.profiles, {**wanted.profiles, **_written_size(lab, wanted.fixed.size)})
    check_shutdown(lab.profiles.get("autoShutdownProfile", {}), "properties.autoShutdownProfile")
    check_roster(lab.profiles.get("rosterProfile", {}), "properties.rosterProfile")
    check_class_settings(lab.profiles)


def _written_size(lab: Lab, text: str | None) -> Profiles:
    """Returns the size's name as a profile where it is written otherwise than here; none for the size's own name."""
    if text is None:
        return {}
    return {"writtenSize": None if text.lower() == lab.size.lower() else text}


def inherited_profiles(account: LabAccount, os_type: OsType) -> Profiles:
    """Returns the profiles that a new lab gets from its account.

    Later changes of the account change no lab, as Azure documents for lab plans.
    """
    profiles = account.profiles
    return {
        "connectionProfile": dict(profiles.get("defaultConnectionProfile") or usual_connection(os_type)),
        "autoShutdownProfile": dict(profiles.get("defaultAutoShutdownProfile") or NO_SHUTDOWN),
        "networkProfile": dict(profiles.get("defaultNetworkProfile") or {}),
    }


def allowed_region(request: Request, account: LabAccount, location: str) -> str:
    """Returns the region's short name if the account allows labs there. Raises Invalid."""
    region = request.settings.regions.get(location).name
    if region not in account.allowed_regions:
        raise Invalid(
            Message("The lab account '{account}' allows no labs in {region}.", account=account.name, region=region),
            hint=Message("Allowed are: {allowed_regions}.", allowed_regions=account.allowed_regions),
            target="location",
        )
    return region


def _belong_to(request: Request, lab: Lab, account_id: ResourceId) -> None:
    """Moves the lab to another account, through which it can export, as after its own account was deleted."""
    held = request.uow.accounts.find(lab.account_id)
    account = request.uow.accounts.find_by_key(account_id.key)
    if account is None and held and held.resource_id.lower() == account_id.key:
        return
    account = account or request.uow.accounts.get_by_key(account_id.key)
    if account.id == lab.account_id:
        return
    request.caller.require(CREATE, account.key)
    allowed_region(request, account, lab.location)
    require_account_limits(request, account.id, labs=1, machines=lab.capacity)
    lab.account_id = account.id


def _require_unchanged(request: Request, lab: Lab, wanted: LabSettings, secrets: SecretHasher) -> None:
    """Raises Conflict where a fixed setting would change."""
    fixed, settings = wanted.fixed, request.settings
    is_image = fixed.image is None or _is_image_of(request, lab, fixed.image)
    is_size = fixed.size is None or get_size(settings.sizes, fixed.size).name == lab.size
    network = merged(lab.profiles, wanted.profiles).get("networkProfile", {})
    same = {
        "location": fixed.location is None or settings.regions.get(fixed.location).name == lab.location,
        f"{_MACHINES}.imageReference": is_image,
        f"{_MACHINES}.sku.name": is_size,
        f"{_MACHINES}.adminUser.username": fixed.user_name in (None, lab.user_name),
        f"{_MACHINES}.adminUser.password": _is_password_of(request, lab, fixed.password, secrets),
        f"{_MACHINES}.createOption": fixed.create_option in (None, lab.create_option),
        "properties.galeria.newIdentity": not fixed.new_identity or bool(lab.profiles.get("newIdentity")),
        "properties.galeria.keepAccounts": not fixed.keep_accounts
        or set(fixed.keep_accounts) == set(lab.profiles.get("keepAccounts", ())),
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


def _is_password_of(request: Request, lab: Lab, text: str | None, secrets: SecretHasher) -> bool:
    """Tells whether the template gets or has that password, as far as that is still known."""
    if not text:
        return True
    template = find_template(request.uow.machines.of_lab(lab.id))
    waiting = template.pending_password_hash if template else lab.admin_hash
    return not secrets.differs(waiting, text)


def _set_non_admin(lab: Lab, account: NonAdminAccount, secrets: SecretHasher) -> None:
    target = f"{_MACHINES}.nonAdminUser"
    name = account_name(lab.os_type, account.user_name)
    if name == lab.user_name:
        raise Invalid(
            Message("The two accounts have the same name."),
            hint=Message("Give the one without rights another name."),
            target=target,
        )
    is_made_first = lab.create_option is LabCreateOption.IMAGE and lab.os_state is OsState.GENERALIZED
    if lab.os_type is OsType.WINDOWS and is_made_first:
        raise Invalid(
            Message("The one account that this Windows image gets at its first start is an administrator."),
            hint=Message("Make the lab with a template, and the account without rights in it."),
            target=target,
        )
    if not account.password and name != lab.non_admin_user:
        raise Invalid(
            Message("The account '{name}' needs a password.", name=name),
            hint=Message("Send one."),
            target=f"{target}.password",
        )
    lab.non_admin_user = name
    if account.password:
        lab.non_admin_hash = secrets.unix_hash(account_password(lab.os_type, account.password, user=name))


def check_title(text: str) -> str:
    """Returns the title. Raises Invalid above 120 characters, the limit of the Lab Services API."""
    if len(text) > MAX_TITLE:
        raise Invalid(
            Message("The title is too long."),
            hint=Message("At most {max_title} characters.", max_title=MAX_TITLE),
            target="properties.title",
        )
    return text
