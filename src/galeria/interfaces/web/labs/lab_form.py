"""The form for a new lab as far as it is filled in."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import LabSettings
from galeria.actions.labs.lab_validation import creatable_accounts, propose_lab_name
from galeria.actions.labs.labs import LabRequest
from galeria.domain.errors import GaleriaError, Invalid
from galeria.domain.ids import ResourceId, user_name
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.profiles import Profiles
from galeria.interfaces.web.kit.forms import typed_hours
from galeria.interfaces.web.kit.page_request import PageRequest

USUAL_SIZE = "Small"
SHUTDOWNS = ("PT15M", "PT30M", "PT1H", "PT4H")
"""Delays that are offered before an abandoned machine is shut down."""


@dataclass(frozen=True, kw_only=True)
class LabForm:
    """The values. `image` is a definition's name in the account's gallery, `version` an exact one where that was asked for."""

    accounts: tuple[LabAccount, ...]
    account: LabAccount
    title: str = ""
    name: str = ""  # empty: made from the title
    proposed: str = ""
    description: str = ""
    region: str
    image: str = ""
    version: str = ""
    find: str = ""  # what the images are searched for
    size: str = USUAL_SIZE
    user: str = ""
    new_identity: bool = False
    keep: tuple[str, ...] = ()  # accounts of a specialized image that stay open
    quota: str = ""  # hours
    shutdown: str = ""  # a delay; empty: as the account says

    @property
    def id(self) -> ResourceId:
        group = self.account.arm_id.parent
        return group.resource("Microsoft.LabServices", "labs", self.name or self.proposed)

    def wanted(self, gallery: ResourceId | None, password: str) -> LabRequest:
        return LabRequest(
            location=self.region,
            tags={},
            account=self.account.arm_id,
            title=self.title,
            description=self.description,
            image=self._image(gallery),
            size=self.size,
            user_name=self.user,
            password=password,
            new_identity=self.new_identity,
            keep_accounts=self.keep,
            settings=self._settings(),
        )

    def _image(self, gallery: ResourceId | None) -> ResourceId:
        """Return the image; without one the account, which the action refuses as no image."""
        if gallery is None or not self.image:
            return self.account.arm_id
        image = gallery.child("images", self.image)
        return image.child("versions", self.version) if self.version else image

    def _settings(self) -> LabSettings:
        profiles: Profiles = {}
        if self.shutdown in SHUTDOWNS:
            profiles["autoShutdownProfile"] = {
                "shutdownOnDisconnect": "Enabled",
                "shutdownWhenNotConnected": "Enabled",
                "shutdownOnIdle": "None",
                "disconnectDelay": self.shutdown,
                "noConnectDelay": self.shutdown,
            }
        return LabSettings(usage_quota=typed_hours(self.quota) or None, profiles=profiles)


def read_draft(request: Request, page: PageRequest) -> LabForm | None:
    """Read what was sent, or propose values at first. None for a person who may make no lab anywhere."""
    accounts = tuple(creatable_accounts(request))
    if not accounts:
        return None
    return _sent(request, page, accounts) if page.http.method != "GET" else _first(request, page, accounts)


def account_value(account: LabAccount) -> str:
    return f"{account.arm_id.group}/{account.name}"


def _sent(request: Request, page: PageRequest, accounts: tuple[LabAccount, ...]) -> LabForm:
    form = page.form
    account = next((each for each in accounts if account_value(each) == form.text("lab_account")), accounts[0])
    image, _, version = form.text("image").partition("@")
    title = form.text("title")
    return LabForm(
        accounts=accounts,
        account=account,
        title=title,
        name=form.text("name"),
        proposed=propose_lab_name(request, account, title) if title else "",
        description=form.text("description"),
        region=form.text("region") or account.location,
        image=image,
        version=version,
        find=form.text("find"),
        size=form.text("size", USUAL_SIZE),
        user=form.text("user"),
        new_identity=form.has("new_identity"),
        keep=tuple(form.fields.get("keep", ())),
        quota=form.text("quota"),
        shutdown=form.text("shutdown"),
    )


def _first(request: Request, page: PageRequest, accounts: tuple[LabAccount, ...]) -> LabForm:
    asked = _asked(page.query("image"))
    image = asked.parent if asked and asked.type.lower().endswith("/versions") else asked
    account = _account_of(request, accounts, image) or accounts[0]
    sizes = [each.name for each in request.settings.sizes]
    return LabForm(
        accounts=accounts,
        account=account,
        region=_first_region(request, account, image),
        image=image.name if image else "",
        version=asked.name if asked and asked is not image else "",
        size=USUAL_SIZE if USUAL_SIZE in sizes else sizes[0],
        user=_first_user(page),
    )


def _asked(text: str) -> ResourceId | None:
    """Return the id of an image definition or version; other values are ignored."""
    try:
        id = ResourceId.parse(text) if text else None
    except Invalid:
        return None
    kinds = ("microsoft.compute/galleries/images", "microsoft.compute/galleries/images/versions")
    return id if id and id.type.lower() in kinds else None


def _account_of(request: Request, accounts: tuple[LabAccount, ...], image: ResourceId | None) -> LabAccount | None:
    gallery = request.uow.galleries.find_by_key(image.parent.key) if image else None
    return next((each for each in accounts if gallery and each.gallery_id == gallery.id), None)


def _first_region(request: Request, account: LabAccount, image: ResourceId | None) -> str:
    """Return the account's own region where it is allowed and holds the image, else the first such region."""
    allowed = account.allowed_regions
    definition = request.uow.definitions.find_by_key(image.key) if image else None
    holding = request.uow.image_queries.regions([definition.id]).get(definition.id, ()) if definition else ()
    for region in (account.location, *allowed):
        if region in allowed and (not definition or region in holding):
            return region
    return account.location if account.location in allowed or not allowed else allowed[0]


def _first_user(page: PageRequest) -> str:
    """Return the person's own name where a machine accepts it."""
    name = page.caller.principal.name.partition("@")[0].lower()
    try:
        return user_name(name)
    except GaleriaError:
        return ""
