"""The choices for a new lab: regions, images and sizes; impossible ones have their reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from galeria.actions.core.request import Request
from galeria.actions.labs.eligible_images import ImageSearch, find_image, search_images
from galeria.domain.errors import GaleriaError
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import ImageEligibility, Obstacle, exact_version_obstacles
from galeria.domain.images.galleries import ImageVersion, OsState, OsType
from galeria.domain.labs.preparation import accounts_to_close
from galeria.domain.labs.sizes import Size
from galeria.domain.regions import Region
from galeria.interfaces.web.labs.lab_form import LabForm

SHOWN = 20  # images at once; more are found by typing


@dataclass(frozen=True, kw_only=True)
class LabRegionChoice:
    region: Region
    is_allowed: bool
    has_image: bool | None  # None while no image is chosen


@dataclass(frozen=True, kw_only=True)
class LabImageChoice:
    """An image. `version` is the exact one that was asked for; empty for the latest."""

    offered: ImageEligibility
    version: str
    obstacles: tuple[Obstacle, ...]
    accounts: tuple[str, ...] = ()  # accounts in the image; of the chosen one only
    recommended: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # of the chosen one

    @property
    def value(self) -> str:
        name = self.offered.definition.name
        return f"{name}@{self.version}" if self.version else name

    @property
    def number(self) -> str:
        """The number of the version that a lab would get."""
        version = self.offered.version
        return self.version or (version.name if version else "")

    @property
    def is_specialized(self) -> bool:
        return self.offered.definition.os_state is OsState.SPECIALIZED

    @property
    def is_windows(self) -> bool:
        return self.offered.definition.os_type is OsType.WINDOWS


@dataclass(frozen=True, kw_only=True)
class SizeChoice:
    size: Size
    is_below: bool  # below the recommendation of the image
    is_above: bool


@dataclass(frozen=True, kw_only=True)
class LabChoices:
    regions: tuple[LabRegionChoice, ...]
    images: tuple[LabImageChoice, ...]
    found: int  # number of images that match the search
    chosen: LabImageChoice | None
    sizes: tuple[SizeChoice, ...]
    has_gallery: bool
    is_empty: bool  # the gallery has no image at all


def read_choices(request: Request, draft: LabForm) -> LabChoices:
    region = _known_region(request, draft)
    search = ImageSearch(region=region, text=draft.find, usable_first=True, size=SHOWN)
    found = search_images(request, draft.account.arm_id, search)
    chosen = _chosen(request, draft, region)
    listed = [_latest(each) for each in found.images]
    if chosen:
        # The exact version that is also the latest stands once.
        same = [each for each in listed if _identity(each) == _identity(chosen)]
        listed = [chosen if each in same else each for each in listed] if same else [chosen, *listed]
    return LabChoices(
        regions=_regions(request, draft, chosen),
        images=tuple(listed),
        found=found.found,
        chosen=chosen,
        sizes=tuple(_sized(each, chosen) for each in request.settings.sizes),
        has_gallery=draft.account.gallery_id is not None,
        is_empty=not any(found.counts.values()),
    )


def _identity(choice: LabImageChoice) -> tuple[str, str]:
    return choice.offered.definition.id, choice.number


def _known_region(request: Request, draft: LabForm) -> str:
    """Return the region of the form where it exists; the checks report an unknown one."""
    names = [each.name for each in request.settings.regions.all]
    return draft.region if draft.region in names else draft.account.location


def _latest(offered: ImageEligibility) -> LabImageChoice:
    return LabImageChoice(offered=offered, version="", obstacles=offered.obstacles)


def _chosen(request: Request, draft: LabForm, region: str) -> LabImageChoice | None:
    offered = find_image(request, draft.account.arm_id, draft.image, region) if draft.image else None
    if offered is None:
        return None
    choice = _exact(request, draft, offered, region) if draft.version else None
    if choice is None:
        latest = request.uow.versions.find(offered.version.id) if offered.version else None
        choice = replace(_latest(offered), accounts=_accounts(latest) if latest else ())
    return replace(choice, recommended=offered.definition.recommended)


def _exact(request: Request, draft: LabForm, offered: ImageEligibility, region: str) -> LabImageChoice | None:
    """Return the exact version, None where there is none."""
    image = ResourceId.parse(offered.definition.resource_id)
    try:
        exact = request.uow.versions.get_by_key(image.child("versions", draft.version).key)
    except GaleriaError:
        return None
    (facts,) = request.uow.versions.facts([exact])
    return LabImageChoice(
        offered=offered,
        version=exact.name,
        obstacles=exact_version_obstacles(draft.account, facts, enabled=offered.enabled, region=region),
        accounts=_accounts(exact),
    )


def _accounts(version: ImageVersion) -> tuple[str, ...]:
    """Return the accounts that are known to be on the version's disk, or were found open there."""
    return tuple(accounts_to_close(version.found, list(version.accounts), user_name="", keep=()))


def _regions(request: Request, draft: LabForm, chosen: LabImageChoice | None) -> tuple[LabRegionChoice, ...]:
    holding: Sequence[str] = chosen.offered.available_regions if chosen else ()
    return tuple(
        LabRegionChoice(
            region=each,
            is_allowed=each.name in draft.account.allowed_regions,
            has_image=each.name in holding if chosen else None,
        )
        for each in request.settings.regions.all
    )


def _sized(size: Size, chosen: LabImageChoice | None) -> SizeChoice:
    """Compare a size with the recommendation of the image's definition."""
    asked = chosen.recommended if chosen else {}
    cores, memory = asked.get("vCPUs", {}), asked.get("memory", {})
    gigabytes = size.memory_mib / 1024
    return SizeChoice(
        size=size,
        is_below=size.vcpus < cores.get("min", 0) or gigabytes < memory.get("min", 0),
        is_above=size.vcpus > cores.get("max", size.vcpus) or gigabytes > memory.get("max", gigabytes),
    )
