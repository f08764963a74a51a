"""Looking through the images of a lab account: a page of offers, quick with ten thousand versions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from galeria.actions.core.paging import count_pages, page_within
from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import ACCOUNT
from galeria.domain.errors import NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import (
    ImageOutline,
    Obstacle,
    VersionFacts,
    VersionOutline,
    image_obstacles,
    is_acceptable,
)
from galeria.domain.labs.accounts import ImageSwitch, LabAccount
from galeria.domain.messages import Message
from galeria.ports.database import UnitOfWork


class ImageStatus(StrEnum):
    USABLE = "usable"
    UNUSABLE = "unusable"
    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, kw_only=True)
class ImageSearch:
    """`region` is where a lab would be made: empty for the account's own. Pages count from 1."""

    region: str = ""
    text: str = ""
    status: ImageStatus | None = None
    usable_first: bool = False
    page: int = 1
    size: int = 50


@dataclass(frozen=True, kw_only=True)
class EligibleImage:
    """What `domain.offers.Offer` says, in brief. `facts`: where no version can be had, those that tell why."""

    definition: ImageOutline
    enabled: bool
    version: VersionOutline | None
    available_regions: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]
    facts: tuple[VersionFacts, ...]

    @property
    def is_usable(self) -> bool:
        return not self.obstacles

    @property
    def os_disk_size(self) -> int:
        """Bytes, of the version that a lab would get; 0 without one."""
        return self.version.shape.os_disk_size if self.version else 0


@dataclass(frozen=True, kw_only=True)
class EligibleImages:
    """One page of those that were searched for. `counts` are of all images of the gallery."""

    account: LabAccount
    region: str
    images: tuple[EligibleImage, ...]
    found: int
    counts: Mapping[ImageStatus, int]
    page: int
    pages: int


@dataclass(frozen=True, kw_only=True)
class _AccountImages:
    """What is known of all images before any of them is looked at closely."""

    account: LabAccount
    region: str
    outlines: list[ImageOutline]
    latest: Mapping[str, VersionOutline]
    enabled: Collection[str]
    usable: Collection[str]

    def has(self, image: ImageOutline, status: ImageStatus | None) -> bool:
        if status is None:
            return True
        if status in (ImageStatus.USABLE, ImageStatus.UNUSABLE):
            return (image.id in self.usable) is (status is ImageStatus.USABLE)
        return (image.id in self.enabled) is (status is ImageStatus.ENABLED)

    @property
    def counts(self) -> dict[ImageStatus, int]:
        usable, enabled, all = len(self.usable), len(self.enabled), len(self.outlines)
        return {
            ImageStatus.USABLE: usable,
            ImageStatus.UNUSABLE: all - usable,
            ImageStatus.ENABLED: enabled,
            ImageStatus.DISABLED: all - enabled,
        }


def search_images(request: Request, id: ResourceId, search: ImageSearch) -> EligibleImages:
    """The same offers as `list_images`, a page of them. Raises Invalid for a region that there is not."""
    request.caller.require(f"{ACCOUNT}/images/read", id.key)
    account = request.uow.accounts.get_by_key(id.key)
    region = request.settings.regions.get(search.region or account.location).name
    look = _look(request.uow, account, region)
    chosen = [each for each in look.outlines if _matches(each, search.text) and look.has(each, search.status)]
    if search.usable_first:
        chosen.sort(key=lambda each: each.id not in look.usable)
    page = page_within(search.page, len(chosen), search.size)
    shown = chosen[(page - 1) * search.size : page * search.size]
    return EligibleImages(
        account=account,
        region=region,
        images=tuple(_closely(request.uow, look, shown)),
        found=len(chosen),
        counts=look.counts,
        page=page,
        pages=count_pages(len(chosen), search.size),
    )


def find_image(request: Request, id: ResourceId, name: str, region: str) -> EligibleImage | None:
    """One image as the region is offered it; None where the account's gallery has none of that name."""
    request.caller.require(f"{ACCOUNT}/images/read", id.key)
    account = request.uow.accounts.get_by_key(id.key)
    return eligible_image(request.uow, account, name, request.settings.regions.get(region).name)


def eligible_image(uow: UnitOfWork, account: LabAccount, name: str, region: str) -> EligibleImage | None:
    """The same, for what has asked already whether the caller may."""
    look = _look_at_one(uow, account, name, region) or _look(uow, account, region)
    chosen = [each for each in look.outlines if each.name.lower() == name.lower()]
    return next(iter(_closely(uow, look, chosen)), None)


def enable_images(request: Request, id: ResourceId, names: list[str], *, enabled: bool) -> int:
    """Switch several images on or off at once; returns how many are now otherwise. Raises NotFound before any change."""
    request.caller.require(f"{ACCOUNT}/images/write", id.key)
    uow = request.uow
    account = uow.accounts.get_by_key(id.key)
    known = {each.name.lower(): each for each in uow.offers.outlines(account.gallery_id or "")}
    choices = {each.definition_id: each for each in uow.accounts.choices(account.id)}
    wanted = list(dict.fromkeys(name.lower() for name in names))
    for name in wanted:
        if name not in known:
            raise NotFound(
                Message("The lab account '{id}' has no image '{name}'.", id=id.name, name=name),
                hint=Message("Open the list of its images again."),
            )
    changed = 0
    for image in (known[name] for name in wanted):
        choice = choices.get(image.id)
        before = choice.enabled if choice else account.enable_by_default
        changed += before != enabled
        if choice:
            choice.enabled = enabled
        else:
            uow.accounts.add_choice(ImageSwitch(account_id=account.id, definition_id=image.id, enabled=enabled))
        scope = f"{id}/images/{image.name}"
        request.audit(f"{ACCOUNT}/images/write", scope, detail=Message("enabled") if enabled else Message("disabled"))
    uow.flush()
    return changed


def _look(uow: UnitOfWork, account: LabAccount, region: str) -> _AccountImages:
    gallery = account.gallery_id or ""
    return _looked(uow, account, region, uow.offers.outlines(gallery), uow.offers.latest(gallery, region))


def _look_at_one(uow: UnitOfWork, account: LabAccount, name: str, region: str) -> _AccountImages | None:
    """Without a look at the others. None where the region has no version of it: then all that there is tells why."""
    gallery = uow.galleries.find(account.gallery_id or "")
    definition = uow.definitions.find_by_key(gallery.arm_id.child("images", name).key) if gallery else None
    if gallery is None or definition is None:
        return None
    latest = uow.offers.latest(gallery.id, region, definition_id=definition.id)
    return _looked(uow, account, region, [ImageOutline.of(definition)], latest) if latest else None


def _looked(
    uow: UnitOfWork,
    account: LabAccount,
    region: str,
    outlines: list[ImageOutline],
    latest: Mapping[str, VersionOutline],
) -> _AccountImages:
    choices = {each.definition_id: each.enabled for each in uow.accounts.choices(account.id)}
    enabled = {each.id for each in outlines if choices.get(each.id, account.enable_by_default)}
    usable = {
        each.id
        for each in outlines
        if each.id in enabled and each.id in latest and is_acceptable(account, each.os_type, latest[each.id].shape)
    }
    return _AccountImages(
        account=account, region=region, outlines=outlines, latest=latest, enabled=enabled, usable=usable
    )


def _closely(uow: UnitOfWork, look: _AccountImages, images: list[ImageOutline]) -> list[EligibleImage]:
    regions = uow.offers.regions([each.id for each in images])
    facts = _facts(uow, [each.id for each in images if each.id not in look.latest])
    return [_offered(look, each, regions.get(each.id, ()), facts.get(each.id, [])) for each in images]


def _offered(
    look: _AccountImages, image: ImageOutline, regions: tuple[str, ...], facts: list[VersionFacts]
) -> EligibleImage:
    version, enabled = look.latest.get(image.id), image.id in look.enabled
    return EligibleImage(
        definition=image,
        enabled=enabled,
        version=version,
        available_regions=regions,
        obstacles=image_obstacles(
            look.account,
            image.os_type,
            version.shape if version else None,
            enabled=enabled,
            facts=facts,
            region=look.region,
            available=regions,
        ),
        facts=tuple(facts),
    )


def _facts(uow: UnitOfWork, absent: list[str]) -> dict[str, list[VersionFacts]]:
    """What is needed to say why an image has no version to give: its best version and its unfinished ones."""
    found: dict[str, list[VersionFacts]] = {id: [] for id in absent}
    if absent:
        best = uow.offers.versions(list(uow.offers.highest(absent).values()))
        versions = {each.id: each for each in best + uow.offers.unfinished(absent)}
        for each in sorted(uow.versions.facts(list(versions.values())), key=lambda facts: facts.version.number):
            found[each.version.definition_id].append(each)
    return found


def _matches(image: ImageOutline, text: str) -> bool:
    wanted = text.casefold().strip()
    return wanted in image.display_name.casefold() or wanted in image.name.lower()
