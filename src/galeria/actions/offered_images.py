"""Looking through the images of a lab account: a page of offers, quick with ten thousand versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from galeria.actions.accounts import ACCOUNT
from galeria.actions.pages import count_pages, page_within
from galeria.actions.request import Request
from galeria.domain.accounts import ImageChoice, LabAccount
from galeria.domain.errors import NotFound
from galeria.domain.galleries import ImageDefinition
from galeria.domain.ids import ResourceId
from galeria.domain.offers import DiskShape, ImageOutline, Offer, VersionFacts, is_takeable, offer
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
class OfferedImage:
    """`facts` are those of the version that a lab would get; without one, those that tell why there is none."""

    offer: Offer
    facts: tuple[VersionFacts, ...]

    @property
    def definition(self) -> ImageDefinition:
        return self.offer.definition

    @property
    def os_disk_size(self) -> int | None:
        """Bytes, of the version that a lab would get."""
        disk = self.facts[0].os_disk if self.offer.version and self.facts else None
        return disk.size if disk else None


@dataclass(frozen=True, kw_only=True)
class OfferedImages:
    """One page of those that were searched for. `counts` are of all images of the gallery."""

    account: LabAccount
    region: str
    images: tuple[OfferedImage, ...]
    found: int
    counts: Mapping[ImageStatus, int]
    page: int
    pages: int


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What is known of all images before any of them is looked at closely."""

    outlines: list[ImageOutline]
    highest: Mapping[str, str]
    latest: Mapping[str, str]
    shapes: Mapping[str, DiskShape]
    enabled: Mapping[str, bool]
    account: LabAccount

    def is_enabled(self, id: str) -> bool:
        return self.enabled.get(id, self.account.enable_by_default)

    def is_usable(self, image: ImageOutline) -> bool:
        version = self.latest.get(image.id)
        if version is None or not self.is_enabled(image.id):
            return False
        return is_takeable(self.account, image.os_type, self.shapes.get(version, DiskShape(os_disk_size=0, disks=0)))

    def has(self, image: ImageOutline, status: ImageStatus | None) -> bool:
        if status is None:
            return True
        if status in (ImageStatus.USABLE, ImageStatus.UNUSABLE):
            return self.is_usable(image) is (status is ImageStatus.USABLE)
        return self.is_enabled(image.id) is (status is ImageStatus.ENABLED)


def search_images(request: Request, id: ResourceId, search: ImageSearch) -> OfferedImages:
    """The same offers as `list_images`, a page of them. Raises Invalid for a region that there is not."""
    request.caller.require(f"{ACCOUNT}/images/read", id.key)
    account = request.uow.accounts.get_by_key(id.key)
    region = request.settings.regions.get(search.region or account.location).name
    look = _look(request.uow, account, region)
    chosen = [each for each in look.outlines if _matches(each, search.text) and look.has(each, search.status)]
    if search.usable_first:
        chosen.sort(key=lambda each: not look.is_usable(each))
    page = page_within(search.page, len(chosen), search.size)
    shown = chosen[(page - 1) * search.size : page * search.size]
    return OfferedImages(
        account=account,
        region=region,
        images=tuple(_closely(request.uow, look, region, shown)),
        found=len(chosen),
        counts={status: sum(look.has(each, status) for each in look.outlines) for status in ImageStatus},
        page=page,
        pages=count_pages(len(chosen), search.size),
    )


def find_image(request: Request, id: ResourceId, name: str, region: str) -> OfferedImage | None:
    """One image as the region is offered it; None where the account's gallery has none of that name."""
    request.caller.require(f"{ACCOUNT}/images/read", id.key)
    account = request.uow.accounts.get_by_key(id.key)
    return offered_image(request.uow, account, name, request.settings.regions.get(region).name)


def offered_image(uow: UnitOfWork, account: LabAccount, name: str, region: str) -> OfferedImage | None:
    """The same, for what has asked already whether the caller may."""
    look = _look_at_one(uow, account, name, region) or _look(uow, account, region)
    chosen = [each for each in look.outlines if each.name.lower() == name.lower()]
    return next(iter(_closely(uow, look, region, chosen)), None)


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
                f"The lab account '{id.name}' has no image '{name}'.", hint="Open the list of its images again."
            )
    changed = 0
    for image in (known[name] for name in wanted):
        choice = choices.get(image.id)
        before = choice.enabled if choice else account.enable_by_default
        changed += before != enabled
        if choice:
            choice.enabled = enabled
        else:
            uow.accounts.add_choice(ImageChoice(account_id=account.id, definition_id=image.id, enabled=enabled))
        scope = f"{id}/images/{image.name}"
        request.audit(f"{ACCOUNT}/images/write", scope, detail="enabled" if enabled else "disabled")
    uow.flush()
    return changed


def _look(uow: UnitOfWork, account: LabAccount, region: str) -> _Look:
    gallery = account.gallery_id or ""
    highest = uow.offers.highest(gallery)
    latest = uow.offers.latest(highest, region)
    return _Look(
        outlines=uow.offers.outlines(gallery),
        highest=highest,
        latest=latest,
        shapes=uow.offers.shapes(list(latest.values())),
        enabled={each.definition_id: each.enabled for each in uow.accounts.choices(account.id)},
        account=account,
    )


def _look_at_one(uow: UnitOfWork, account: LabAccount, name: str, region: str) -> _Look | None:
    """Without a look at the others. None where the region has no version of it: then all that there is tells why."""
    gallery = uow.galleries.find(account.gallery_id or "")
    definition = uow.definitions.find_by_key(gallery.arm_id.child("images", name).key) if gallery else None
    latest = uow.lists.latest(definition.id).get(region) if definition else None
    if definition is None or latest is None:
        return None
    outline = ImageOutline(
        id=definition.id,
        name=definition.name,
        display_name=definition.display_name,
        os_type=definition.os_type,
    )
    return _Look(
        outlines=[outline],
        highest={},
        latest={definition.id: latest},
        shapes={},
        enabled={each.definition_id: each.enabled for each in uow.accounts.choices(account.id)},
        account=account,
    )


def _closely(uow: UnitOfWork, look: _Look, region: str, images: list[ImageOutline]) -> list[OfferedImage]:
    ids = [each.id for each in images]
    definitions, regions, facts = uow.offers.definitions(ids), uow.offers.regions(ids), _facts(uow, look, ids)
    return [
        OfferedImage(
            offer=offer(
                look.account,
                definitions[id],
                facts[id],
                enabled=look.is_enabled(id),
                region=region,
                available=regions.get(id, ()),
            ),
            facts=tuple(facts[id]),
        )
        for id in ids
    ]


def _facts(uow: UnitOfWork, look: _Look, ids: list[str]) -> dict[str, list[VersionFacts]]:
    """The latest alone where there is one, else what is needed to say why not: its best version and its unfinished ones."""
    absent = [id for id in ids if id not in look.latest]
    best = {id: look.latest.get(id) or look.highest.get(id) for id in ids}
    wanted = [version for version in best.values() if version]
    versions = {each.id: each for each in uow.offers.versions(wanted) + uow.offers.unfinished(absent)}
    found: dict[str, list[VersionFacts]] = {id: [] for id in ids}
    for each in sorted(uow.versions.facts(list(versions.values())), key=lambda facts: facts.version.number):
        found[each.version.definition_id].append(each)
    return found


def _matches(image: ImageOutline, text: str) -> bool:
    wanted = text.casefold().strip()
    return wanted in image.display_name.casefold() or wanted in image.name.lower()
