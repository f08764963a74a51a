"""Cost and use: per image and region, per version with the labs made from it, and the source of the prices."""

from fastapi import APIRouter, Response

from galeria.actions.core.request import Request
from galeria.actions.galleries.galleries import GALLERY, list_galleries
from galeria.actions.versions.cost_overview import get_cost_overview, get_image_costs
from galeria.domain.ids import COMPUTE, ResourceId
from galeria.domain.images.galleries import Gallery
from galeria.interfaces.web.accounts.accounts import region_names
from galeria.interfaces.web.galleries.gallery_images import image_id
from galeria.interfaces.web.kit.page_numbers import page_number
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import permit
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import lab_url

COSTS = "/costs"
SHOWN_LABS = 3  # labs of a version that are named; others are counted


def costs_router() -> APIRouter:
    router = page_router()
    router.add_api_route(COSTS, show_costs, methods=["GET"], name="web_costs")
    image = f"{COSTS}/{{group}}/{{gallery}}/{{image}}"
    router.add_api_route(image, show_image_costs, methods=["GET"], name="web_image_costs")
    return router


def show_costs(page: PageRequestDep) -> Response:
    """Show one gallery: the one that a lab account has attached, or that of `?gallery=GROUP/NAME`."""
    with page.reading() as request:
        galleries = _galleries(request, page)
        id = _asked(page) or (galleries[0].arm_id if galleries else None)
        if id is None:
            return page.show("costs_none.html", ask=permit(request, f"{GALLERY}/read", page.subscription.lower()))
        costs = get_cost_overview(request, id, text=page.query("q"), page=page_number(page))
        return page.show(
            "costs.html",
            costs=costs,
            gallery=costs.gallery,
            galleries=galleries,
            gallery_word=gallery_word,
            text=page.query("q"),
            kept={"gallery": gallery_word(costs.gallery)} if len(galleries) > 1 else {},
            image_costs=_image_costs,
            prices=request.settings.prices,
            regions=region_names(request),
        )


def show_image_costs(page: PageRequestDep, group: str, gallery: str, image: str) -> Response:
    with page.reading() as request:
        uses = get_image_costs(request, image_id(page, group, gallery, image), page=page_number(page))
        return page.show(
            "costs_image.html",
            uses=uses,
            gallery_word=gallery_word,
            prices=request.settings.prices,
            regions=region_names(request),
            lab_url=lab_url,
            shown_labs=SHOWN_LABS,
        )


def gallery_word(gallery: Gallery) -> str:
    """Return the gallery's value in the address."""
    return f"{gallery.arm_id.group}/{gallery.name}"


def _asked(page: PageRequest) -> ResourceId | None:
    """Return the id of the gallery in the address, which may not exist."""
    group, _, name = page.query("gallery").partition("/")
    return page.id(group).resource(COMPUTE, "galleries", name) if group else None


def _galleries(request: Request, page: PageRequest) -> list[Gallery]:
    """Return the galleries, attached ones first."""
    seen = list_galleries(request, page.subscription.lower())
    attached = {each.gallery_id for each in request.uow.accounts.below(page.subscription.lower())}
    return sorted(seen, key=lambda each: each.id not in attached)


def _image_costs(gallery: Gallery, image: str) -> str:
    return f"{COSTS}/{gallery_word(gallery)}/{image}"
