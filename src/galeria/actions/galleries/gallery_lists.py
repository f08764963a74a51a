"""Lists of galleries, images and versions for people: pages of rows, quick with ten thousand versions."""

from dataclasses import dataclass

from galeria.actions.core.paging import ROWS, ListPage, page_within
from galeria.actions.core.request import Request
from galeria.actions.galleries.galleries import GALLERY, list_galleries
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import ImageOutline, VersionFacts
from galeria.domain.images.galleries import Gallery, ImageDefinition, ImageVersion, ReplicaFacts, VersionNumber
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.operations import Operation

READ_VERSION = "Microsoft.Compute/galleries/images/versions/read"


@dataclass(frozen=True, kw_only=True)
class GalleryRow:
    """A gallery as a list shows it."""

    gallery: Gallery
    images: int
    accounts: tuple[LabAccount, ...]  # that it is attached to and that the caller may see


@dataclass(frozen=True, kw_only=True)
class DefinitionRow:
    """An image as a list shows it."""

    definition: ImageOutline
    versions: int
    newest: VersionNumber | None  # the highest number that can be used in some region
    regions: tuple[str, ...]  # with a completed replica of some version


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """An image version as a list shows it."""

    facts: VersionFacts
    latest_in: tuple[str, ...]  # regions
    operation: Operation | None  # under way on this version

    @property
    def version(self) -> ImageVersion:
        """The image version itself."""
        return self.facts.version

    @property
    def copies(self) -> dict[str, ReplicaFacts]:
        """The version's replicas by region."""
        return {each.region: each for each in self.facts.replicas}


def browse_galleries(request: Request, prefix: str) -> list[GalleryRow]:
    """Returns the galleries below a subscription's or group's key that the caller may see, by name."""
    counts = request.uow.version_queries.definition_counts()
    accounts: dict[str, list[LabAccount]] = {}
    for account in request.uow.accounts.below(prefix):
        if account.gallery_id and request.caller.may("Microsoft.LabServices/labPlans/read", account.key):
            accounts.setdefault(account.gallery_id, []).append(account)
    return [
        GalleryRow(gallery=each, images=counts.get(each.id, 0), accounts=tuple(accounts.get(each.id, ())))
        for each in list_galleries(request, prefix)
    ]


def browse_definitions(request: Request, gallery: Gallery, *, text: str = "", page: int = 1) -> ListPage[DefinitionRow]:
    """Returns a page of a gallery's images, by display name; `text` is part of the display or resource name, in any case.

    Raises Forbidden.
    """
    request.caller.require(f"{GALLERY}/read", gallery.key)
    wanted = text.casefold().strip()
    found = [
        each
        for each in request.uow.image_queries.outlines(gallery.id)
        if wanted in each.display_name.casefold() or wanted in each.name.lower()
    ]
    page = page_within(page, len(found), ROWS)
    shown = found[(page - 1) * ROWS : page * ROWS]
    ids, lists = [each.id for each in shown], request.uow.version_queries
    regions, counts, newest = request.uow.image_queries.regions(ids), lists.version_counts(ids), lists.newest(ids)
    rows = [
        DefinitionRow(
            definition=each,
            versions=counts[each.id],
            newest=newest.get(each.id),
            regions=regions.get(each.id, ()),
        )
        for each in shown
    ]
    return ListPage(rows=rows, count=len(found), page=page)


def browse_versions(
    request: Request, definition: ImageDefinition, *, starting: str = "", page: int = 1
) -> ListPage[VersionRow]:
    """Returns a page of an image's versions, the highest numbers first, without soft-deleted ones.

    `starting` is what the numbers begin with. Raises Forbidden.
    """
    request.caller.require(READ_VERSION, definition.key)
    lists, starting = request.uow.version_queries, starting.strip()
    versions, count = lists.versions(definition.id, starting=starting, offset=(max(page, 1) - 1) * ROWS, limit=ROWS)
    if not versions and count:
        page = page_within(page, count, ROWS)
        versions, count = lists.versions(definition.id, starting=starting, offset=(page - 1) * ROWS, limit=ROWS)
    latest = lists.latest(definition.id)
    running = {each.subject: each for each in request.uow.operations.unsettled()}
    rows = [
        VersionRow(
            facts=facts,
            latest_in=tuple(region for region, id in latest.items() if id == facts.version.id),
            operation=running.get(facts.version.id),
        )
        for facts in request.uow.versions.facts(versions)
    ]
    return ListPage(rows=rows, count=count, page=max(page, 1))


def get_version_details(request: Request, id: ResourceId) -> VersionRow:
    """Returns one version as a row, a soft-deleted one included. Raises Forbidden, NotFound."""
    request.caller.require(READ_VERSION, id.key)
    version = request.uow.versions.get_by_key(id.key)
    (facts,) = request.uow.versions.facts([version])
    latest = request.uow.version_queries.latest(version.definition_id)
    running = request.uow.operations.running_on(version.id)
    return VersionRow(
        facts=facts,
        latest_in=tuple(region for region, found in latest.items() if found == version.id),
        operation=running[0] if running else None,
    )


def retained_of_definition(request: Request, definition: ImageDefinition) -> tuple[list[ImageVersion], int]:
    """Returns the first soft-deleted versions of an image, and how many there are. Raises Forbidden."""
    request.caller.require(READ_VERSION, definition.key)
    return request.uow.version_queries.versions(definition.id, retained=True, limit=ROWS)


def retained_of_gallery(request: Request, gallery: Gallery) -> tuple[list[ImageVersion], int]:
    """Returns the first soft-deleted versions of a gallery, those to be removed first in front, and how many there are.

    Raises Forbidden.
    """
    request.caller.require(READ_VERSION, gallery.key)
    return request.uow.version_queries.retained(gallery.id, limit=ROWS)
