"""The cost and use of a gallery: sums per image and region, a page of versions, quick with ten thousand of them.

The figures are those that were last measured in the background (`reconcilers.storage_usage`). A version's bytes leave out
what an older one has in the region already, so that all figures add up to what is really stored.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from galeria.actions.core.paging import count_pages, page_within
from galeria.actions.core.request import Request
from galeria.actions.galleries.galleries import get_gallery
from galeria.actions.labs.lab_settings import LAB
from galeria.domain.costs import RegionCost, monthly_price
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import ImageOutline
from galeria.domain.images.galleries import Gallery, ImageDefinition
from galeria.ports.storage_usage import ImageSum, LabUse, VersionSum

ROWS = 25  # of a page: each has several amounts of money to be written out


@dataclass(frozen=True, kw_only=True)
class MeasuredCost(RegionCost):
    """`unmeasured` copies are not in the figures yet."""

    unmeasured: int = 0


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The cost of a version, an image or a gallery, by region."""

    regions: tuple[MeasuredCost, ...]

    @cached_property
    def stored_bytes(self) -> int:
        """The compressed bytes in all regions."""
        return sum(each.stored_bytes for each in self.regions)

    @cached_property
    def price_month(self) -> Decimal:
        """The price per month in all regions."""
        return monthly_price(self.regions)

    @cached_property
    def unmeasured(self) -> int:
        """The number of replicas that are not in the figures yet, in all regions."""
        return sum(each.unmeasured for each in self.regions)


@dataclass(frozen=True, kw_only=True)
class CostSum(Cost):
    """The cost of an image or a gallery with its numbers of versions and labs."""

    versions: int
    logical_bytes: int  # what the guests see
    labs: int


@dataclass(frozen=True, kw_only=True)
class ImageCost:
    """An image with the cost of its versions."""

    image: ImageOutline
    sums: CostSum


@dataclass(frozen=True, kw_only=True)
class GalleryCosts:
    """The cost of a gallery.

    `sums` are of the whole gallery; `images` is one page of them, the most expensive first.
    """

    gallery: Gallery
    sums: CostSum
    images: tuple[ImageCost, ...]
    page: int
    pages: int
    measured_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class VersionUse(Cost):
    """The cost of a version and the labs made from it."""

    version: VersionSum
    logical_bytes: int
    labs: tuple[LabUse, ...]  # that the caller may read
    other_labs: int  # how many more there are


@dataclass(frozen=True, kw_only=True)
class VersionLine:
    """The cost of a version, and what its image is called."""

    image: str
    display_name: str
    use: VersionUse


@dataclass(frozen=True, kw_only=True)
class GalleryLines:
    """The cost of a gallery, version by version.

    `sums` are of the whole gallery; `lines` are a part of its versions, the oldest first. `place` is where the next part
    begins; None for the last one.
    """

    sums: CostSum
    lines: tuple[VersionLine, ...]
    place: tuple[datetime, str] | None
    measured_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ImageUses:
    """The cost of an image.

    `sums` are of the whole image; `versions` is one page of them, the highest numbers first.
    """

    gallery: Gallery
    definition: ImageDefinition
    sums: CostSum
    versions: tuple[VersionUse, ...]
    page: int
    pages: int


def get_cost_overview(request: Request, gallery_id: ResourceId, *, text: str = "", page: int = 1) -> GalleryCosts:
    """Returns a gallery's cost with a page of its images; `text` is part of an image's display or resource name, in any
    case. Raises Forbidden, NotFound."""
    gallery = get_gallery(request, gallery_id)
    storage_usage = request.uow.storage_usage
    sums = storage_usage.sums(gallery.id)
    wanted = text.casefold().strip()
    costs = [
        ImageCost(image=each, sums=_sum(request, sums[each.id]))
        for each in request.uow.image_queries.outlines(gallery.id)
        if each.id in sums and (wanted in each.display_name.casefold() or wanted in each.name.lower())
    ]
    costs.sort(key=lambda each: -each.sums.price_month)
    page = page_within(page, len(costs), ROWS)
    return GalleryCosts(
        gallery=gallery,
        sums=_total(request, list(sums.values())),
        images=tuple(costs[(page - 1) * ROWS : page * ROWS]),
        page=page,
        pages=count_pages(len(costs), ROWS),
        measured_at=storage_usage.measured_at(gallery.id),
    )


def get_image_costs(request: Request, definition_id: ResourceId, *, page: int = 1) -> ImageUses:
    """Returns an image's cost with a page of its versions. Raises Forbidden, NotFound."""
    gallery = get_gallery(request, definition_id.parent)
    definition, storage_usage = request.uow.definitions.get_by_key(definition_id.key), request.uow.storage_usage
    none = ImageSum(versions=0, logical_bytes=0, labs=0, own_bytes={}, unmeasured={})
    sums = storage_usage.sums(gallery.id, definition_id=definition.id).get(definition.id, none)
    page = page_within(page, sums.versions, ROWS)
    versions = storage_usage.versions(definition.id, offset=(page - 1) * ROWS, limit=ROWS)
    return ImageUses(
        gallery=gallery,
        definition=definition,
        sums=_sum(request, sums),
        versions=tuple(_uses(request, versions)),
        page=page,
        pages=count_pages(sums.versions, ROWS),
    )


def get_cost_lines(
    request: Request, gallery_id: ResourceId, *, after: tuple[datetime, str] | None, limit: int
) -> GalleryLines:
    """Returns a gallery's cost with at most `limit` of its versions, behind the place `after`. Raises Forbidden, NotFound."""
    gallery, storage_usage = get_gallery(request, gallery_id), request.uow.storage_usage
    versions = storage_usage.of_gallery(gallery.id, after=after, limit=limit + 1)
    shown = versions[:limit]
    names = {each.key: each for each in request.uow.image_queries.outlines(gallery.id)}
    images = [names[each.key.rpartition("/versions/")[0]] for each in shown]
    return GalleryLines(
        sums=_total(request, list(storage_usage.sums(gallery.id).values())),
        lines=tuple(
            VersionLine(image=image.name, display_name=image.display_name, use=use)
            for image, use in zip(images, _uses(request, shown), strict=True)
        ),
        place=(shown[-1].created_at, shown[-1].id) if len(versions) > limit else None,
        measured_at=storage_usage.measured_at(gallery.id),
    )


def readable_labs(request: Request, version_id: str) -> list[LabUse]:
    """Returns the labs made from the version that the caller may read, by title."""
    found = request.uow.storage_usage.uses([version_id])
    return [each for each in found if request.caller.may(f"{LAB}/read", each.lab_id)]


def _uses(request: Request, versions: list[VersionSum]) -> Iterator[VersionUse]:
    labs: dict[str, list[LabUse]] = {}
    others: Counter[str] = Counter()
    for use in request.uow.storage_usage.uses([each.id for each in versions]):
        if request.caller.may(f"{LAB}/read", use.lab_id):
            labs.setdefault(use.version_id, []).append(use)
        else:
            others[use.version_id] += 1
    for each in versions:
        yield VersionUse(
            version=each,
            logical_bytes=each.logical_bytes,
            regions=_regions(request, each.own_bytes, each.unmeasured),
            labs=tuple(labs.get(each.id, ())),
            other_labs=others[each.id],
        )


def _sum(request: Request, sums: ImageSum) -> CostSum:
    return CostSum(
        versions=sums.versions,
        logical_bytes=sums.logical_bytes,
        labs=sums.labs,
        regions=_regions(request, sums.own_bytes, sums.unmeasured),
    )


def _total(request: Request, sums: list[ImageSum]) -> CostSum:
    return CostSum(
        versions=sum(each.versions for each in sums),
        logical_bytes=sum(each.logical_bytes for each in sums),
        labs=sum(each.labs for each in sums),
        regions=_regions(request, _added(each.own_bytes for each in sums), _added(each.unmeasured for each in sums)),
    )


def _added(some: Iterable[Mapping[str, int]]) -> Counter[str]:
    """Adds up figures by region."""
    whole: Counter[str] = Counter()
    for each in some:
        whole.update(each)
    return whole


def _regions(request: Request, own: Mapping[str, int], waiting: Mapping[str, int]) -> tuple[MeasuredCost, ...]:
    """Returns the cost by region, priced on the sum of bytes: many rounded prices would add up to something else."""
    return tuple(
        MeasuredCost(
            prices=request.settings.prices,
            region=region,
            stored_bytes=own.get(region, 0),
            unmeasured=waiting.get(region, 0),
        )
        for region in sorted({*own, *waiting})
    )
