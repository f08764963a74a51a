"""The images of a lab account with their state, reasons and remedies; several can be enabled or disabled at once."""

from dataclasses import dataclass

from fastapi import APIRouter, Response

from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import ACCOUNT
from galeria.actions.labs.eligible_images import EligibleImages, ImageSearch, ImageStatus, search_images
from galeria.actions.labs.image_switches import enable_images
from galeria.actions.versions.versions import VERSION
from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import ImageEligibility
from galeria.domain.images.galleries import Gallery
from galeria.domain.messages import Message
from galeria.interfaces.web.accounts.accounts import ONE_ACCOUNT, account_id, region_list, region_names
from galeria.interfaces.web.accounts.remedies import ObstacleWithRemedy, RemedyFinder
from galeria.interfaces.web.kit.names import system_names
from galeria.interfaces.web.kit.page_numbers import page_number
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import permit
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import account_url


def account_images_router() -> APIRouter:
    router = page_router()
    router.add_api_route(f"{ONE_ACCOUNT}/images", show_images, methods=["GET"], name="web_account_images")
    router.add_api_route(f"{ONE_ACCOUNT}/images", switch, methods=["POST"], name="web_account_images_switch")
    return router


@dataclass(frozen=True, kw_only=True)
class ImageRow:
    image: ImageEligibility
    reasons: tuple[ObstacleWithRemedy, ...]
    system: str
    regions: str
    author: str  # the display name of whoever made it


@dataclass(frozen=True, kw_only=True)
class ImageTable:
    """One page of images. `query` is the search, for links to other pages of its result."""

    found: EligibleImages
    rows: tuple[ImageRow, ...]
    gallery: Gallery | None
    search: ImageSearch
    query: dict[str, str]


def read_search(page: PageRequest, *, usable_first: bool = False) -> ImageSearch:
    """Read the search from the address. An unknown status or page number is ignored."""
    status = page.query("status")
    return ImageSearch(
        region=page.query("region"),
        text=page.query("q"),
        status=ImageStatus(status) if status in list(ImageStatus) else None,
        usable_first=usable_first,
        page=page_number(page),
    )


def find_images(page: PageRequest, request: Request, id: ResourceId, search: ImageSearch) -> ImageTable:
    found = search_images(request, id, search)
    remedies = RemedyFinder(page=page, request=request, account=found.account, region=found.region)
    gallery = found.account.gallery_id
    system, places = system_names(page), region_list(region_names(request))
    people = request.uow.people.some(list({each.definition.author_id for each in found.images}))
    names = {each.id: each.display_name for each in people}
    said = {"q": search.text, "status": search.status or "", "region": search.region}
    return ImageTable(
        found=found,
        rows=tuple(
            ImageRow(
                image=each,
                reasons=remedies.remedies_for(each),
                system=system(each.definition.os_type, each.definition.os_state, each.definition.generation),
                regions=places(each.available_regions),
                author=names.get(each.definition.author_id, each.definition.created_by),
            )
            for each in found.images
        ),
        gallery=request.uow.galleries.find(gallery) if gallery else None,
        search=search,
        query={name: value for name, value in said.items() if value},
    )


def show_images(page: PageRequestDep, group: str, name: str) -> Response:
    return _show(page, account_id(page, group, name))


def switch(page: PageRequestDep, group: str, name: str) -> Response:
    """Enable or disable the ticked rows, or the one whose own button was pressed."""
    id, form = account_id(page, group, name), page.form
    page.require(f"{ACCOUNT}/images/write", id.key)
    one = form.text("enable_one")
    names, enabled = ([one], True) if one else (form.all("image"), form.has("enable"))
    with form.checking():
        if not names:
            raise Invalid(
                Message("No image is ticked."), hint=Message("Tick the rows first, then enable or disable them.")
            )
        with page.writing() as request:
            changed = enable_images(request, id, names, enabled=enabled)
    if form.errors:
        return _show(page, id, status=400)
    return page.go(_back(page, id), notice=_notice(page, changed, enabled=enabled))


def _notice(page: PageRequest, changed: int, *, enabled: bool) -> str:
    catalogue = page.rendering.catalogue(page.language)
    if enabled:
        text = catalogue.ngettext("%(num)s image was enabled.", "%(num)s images were enabled.", changed)
    else:
        text = catalogue.ngettext("%(num)s image was disabled.", "%(num)s images were disabled.", changed)
    return text % {"num": changed}


def _back(page: PageRequest, id: ResourceId) -> str:
    """Return the address of the list with the same search, which the address of the form holds."""
    query = page.http.url.query
    return account_url(id, "images") + (f"?{query}" if query else "")


def _show(page: PageRequest, id: ResourceId, *, status: int = 200) -> Response:
    with page.reading() as request:
        table = find_images(page, request, id, read_search(page))
        return page.show(
            "account_images.html",
            status=status,
            form=page.form,
            table=table,
            account=table.found.account,
            statuses=ImageStatus,
            switch=permit(request, f"{ACCOUNT}/images/write", id.key),
            bring=permit(request, f"{VERSION}/write", table.gallery.key) if table.gallery else None,
            regions=region_names(request),
            here=_back(page, id),
            may_images=True,
        )
