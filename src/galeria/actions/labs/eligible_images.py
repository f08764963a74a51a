"""Which images make a lab with an account: the one answer of pages, REST and command line.

It takes a few questions to the database, however many images and versions there are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.paging import count_pages, page_within
from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import ACCOUNT
from galeria.domain.errors import NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import (
    ImageEligibility,
    ImageOutline,
    VersionFacts,
    VersionOutline,
    image_eligibility,
    is_acceptable,
)
from galeria.domain.images.galleries import ImageDefinition
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.messages import Message
from galeria.ports.database import UnitOfWork


class ImageStatus(StrEnum):
    """What images are filtered by: whether they can be used, or are enabled."""

    USABLE = "usable"
    UNUSABLE = "unusable"
    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, kw_only=True)
class ImageSearch:
    """The conditions of a search for images.

    `region` is where a lab would be made, empty for the account's own. Pages count from 1.
    """

    region: str = ""
    text: str = ""
    status: ImageStatus | None = None
    usable_first: bool = False
    page: int = 1
    size: int = 50


@dataclass(frozen=True, kw_only=True)
class EligibleImages:
    """A page of the images found. `counts` are of all images of the gallery."""

    account: LabAccount
    region: str
    images: tuple[ImageEligibility, ...]
    found: int
    counts: Mapping[ImageStatus, int]
    page: int
    pages: int


@dataclass(frozen=True, kw_only=True)
class _AccountImages:
    """What is known of all images before their definitions and the facts about single versions are read."""

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

    def read_eligibilities(self, uow: UnitOfWork, images: list[ImageOutline]) -> list[ImageEligibility]:
        """What is said of some of them, in the given order."""
        definitions = uow.image_queries.definitions([each.id for each in images])
        chosen = [definitions[each.id] for each in images]
        return _read_eligibilities(uow, self.account, self.region, chosen, self.latest, self.enabled)

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
    """One page of those images of `list_images` that fit the search. Raises Invalid for a region that there is not."""
    account, region = _get_account(request, id, search.region)
    known = _read_outlines(request.uow, account, region)
    chosen = [each for each in known.outlines if _matches(each, search.text) and known.has(each, search.status)]
    if search.usable_first:
        chosen.sort(key=lambda each: each.id not in known.usable)
    page = page_within(search.page, len(chosen), search.size)
    shown = chosen[(page - 1) * search.size : page * search.size]
    return EligibleImages(
        account=account,
        region=region,
        images=tuple(known.read_eligibilities(request.uow, shown)),
        found=len(chosen),
        counts=known.counts,
        page=page,
        pages=count_pages(len(chosen), search.size),
    )


def list_images(request: Request, id: ResourceId, region: str | None = None) -> list[ImageEligibility]:
    """List every image of the attached gallery by name, the unusable ones with their reasons.

    `region` is where a lab would be made, the account's own unless given. Raises Invalid for one that there is not.
    """
    account, place = _get_account(request, id, region)
    known = _read_outlines(request.uow, account, place)
    return sorted(known.read_eligibilities(request.uow, known.outlines), key=_by_name)


def get_image(request: Request, id: ResourceId, name: str, region: str | None = None) -> ImageEligibility:
    """One image of `list_images`, by its name in any case. Raises NotFound."""
    found = find_image(request, id, name, region)
    if found is None:
        raise NotFound(
            Message("The lab account '{id}' has no image '{name}'.", id=id.name, name=name),
            hint=Message("'galeria image list' shows the images it has."),
        )
    return found


def find_image(request: Request, id: ResourceId, name: str, region: str | None = None) -> ImageEligibility | None:
    """One image of `list_images`, by its name in any case; None where the account's gallery has none of that name."""
    account, place = _get_account(request, id, region)
    uow = request.uow
    gallery = uow.galleries.find(account.gallery_id or "")
    definition = uow.definitions.find_by_key(gallery.arm_id.child("images", name).key) if gallery else None
    return read_eligibility(request, account, definition, place) if definition else None


def read_eligibility(
    request: BaseRequest, account: LabAccount, definition: ImageDefinition, region: str
) -> ImageEligibility:
    """Returns one image's eligibility without reading the others; the caller's rights are checked before."""
    uow = request.uow
    latest = uow.image_queries.latest(definition.gallery_id, region, definition_id=definition.id)
    switch = uow.accounts.find_choice(account.id, definition.id)
    enabled = {definition.id} if account.enables(switch) else set()
    (found,) = _read_eligibilities(uow, account, region, [definition], latest, enabled)
    return found


def _get_account(request: Request, id: ResourceId, region: str | None) -> tuple[LabAccount, str]:
    """Returns the account whose images are asked for, and the short name of the region in question."""
    request.caller.require(f"{ACCOUNT}/images/read", id.key)
    account = request.uow.accounts.get_by_key(id.key)
    return account, request.settings.regions.get(region or account.location).name


def _read_outlines(uow: UnitOfWork, account: LabAccount, region: str) -> _AccountImages:
    gallery = account.gallery_id or ""
    outlines, latest = uow.image_queries.outlines(gallery), uow.image_queries.latest(gallery, region)
    switches = {each.definition_id: each for each in uow.accounts.choices(account.id)}
    enabled = {each.id for each in outlines if account.enables(switches.get(each.id))}
    usable = {
        each.id
        for each in outlines
        if each.id in enabled and each.id in latest and is_acceptable(account, latest[each.id].shape)
    }
    return _AccountImages(
        account=account, region=region, outlines=outlines, latest=latest, enabled=enabled, usable=usable
    )


def _read_eligibilities(
    uow: UnitOfWork,
    account: LabAccount,
    region: str,
    definitions: list[ImageDefinition],
    latest: Mapping[str, VersionOutline],
    enabled: Collection[str],
) -> list[ImageEligibility]:
    """`latest` and `enabled` are by the ids of definitions."""
    regions = uow.image_queries.regions([each.id for each in definitions])
    facts = _facts(uow, [each.id for each in definitions if each.id not in latest])
    return [
        image_eligibility(
            account,
            each,
            latest.get(each.id),
            enabled=each.id in enabled,
            region=region,
            available=regions.get(each.id, ()),
            facts=facts.get(each.id, []),
        )
        for each in definitions
    ]


def _facts(uow: UnitOfWork, absent: list[str]) -> dict[str, list[VersionFacts]]:
    """Returns the versions that explain why an image has none to use: its highest one and its unfinished ones."""
    found: dict[str, list[VersionFacts]] = {id: [] for id in absent}
    if absent:
        best = uow.image_queries.versions(list(uow.image_queries.highest(absent).values()))
        versions = {each.id: each for each in best + uow.image_queries.unfinished(absent)}
        for each in sorted(uow.versions.facts(list(versions.values())), key=lambda facts: facts.version.number):
            found[each.version.definition_id].append(each)
    return found


def _matches(image: ImageOutline, text: str) -> bool:
    wanted = text.casefold().strip()
    return wanted in image.display_name.casefold() or wanted in image.name.lower()


def _by_name(image: ImageEligibility) -> tuple[str, str]:
    return image.definition.name.lower(), image.definition.key
