"""The page of the regions of a version: a box for each, with the price before the change."""

from dataclasses import dataclass
from decimal import Decimal

from fastapi import APIRouter, Response

from galeria.actions.core.request import Request
from galeria.actions.versions.region_prices import RegionPrice, region_prices
from galeria.actions.versions.version_changes import set_regions
from galeria.actions.versions.versions import VERSION
from galeria.domain.costs import monthly_price, sending_price
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import ImageVersion
from galeria.domain.messages import Message
from galeria.interfaces.web.galleries.gallery_versions import ONE as VERSION_PATH
from galeria.interfaces.web.galleries.gallery_versions import version_id
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import permit, refused
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import version_url

ONE = VERSION_PATH + "/regions"


@dataclass(frozen=True, kw_only=True)
class RegionBox:
    price: RegionPrice
    ticked: bool
    is_kept: bool  # it cannot be unticked


@dataclass(frozen=True, kw_only=True)
class PriceChange:
    """The price of the ticked boxes."""

    added: list[RegionPrice]
    removed: list[RegionPrice]
    send_bytes: int
    price_month: Decimal
    price_month_now: Decimal
    price_once: Decimal


def version_regions_router() -> APIRouter:
    router = page_router()
    router.add_api_route(ONE, show, methods=["GET"], name="web_version_regions")
    router.add_api_route(ONE, change, methods=["POST"], name="web_version_regions_change")
    router.add_api_route(f"{ONE}/check", check, methods=["POST"], name="web_version_regions_check")
    return router


def show(page: PageRequestDep, group: str, gallery: str, image: str, version: str) -> Response:
    return _show(page, version_id(page, group, gallery, image, version))


def check(page: PageRequestDep, group: str, gallery: str, image: str, version: str) -> Response:
    """Return the price of the boxes that are ticked now."""
    with page.reading() as request:
        _, boxes = _boxes(request, page, version_id(page, group, gallery, image, version))
    return page.show("parts/region_bill.html", bill=_bill(boxes))


def change(page: PageRequestDep, group: str, gallery: str, image: str, version: str) -> Response:
    id = version_id(page, group, gallery, image, version)
    if page.form.has("show"):  # the button that shows the price in browsers without scripts
        return _show(page, id)
    page.require(f"{VERSION}/write", id.key)
    operation = None
    with page.form.checking("regions", targetRegions="regions"), page.writing() as request:
        held = request.uow.versions.get_by_key(id.key)
        wanted = dict.fromkeys((held.location, *page.form.all("regions")))
        operation = set_regions(request, id, tuple(wanted))
    if page.form.errors:
        return _show(page, id, status=400)
    page.start(operation)
    said = page.gettext("The regions are being changed.") if operation else page.gettext("Nothing was to change.")
    return page.go(version_url(id), notice=said)


def _show(page: PageRequest, id: ResourceId, *, status: int = 200) -> Response:
    with page.reading() as request:
        version, boxes = _boxes(request, page, id)
        allowed = permit(request, f"{VERSION}/write", version.key)
        if allowed and request.uow.operations.running_on(version.id):
            allowed = refused(Message("Something works on the version; wait until that has ended."))
        if allowed and not version.is_sealed:
            allowed = refused(Message("The version was never finished; try to make it again first."))
        return page.show(
            "version_regions.html",
            status=status,
            form=page.form,
            version=version,
            image=request.uow.definitions.get(version.definition_id),
            boxes=boxes,
            bill=_bill(boxes),
            allowed=allowed,
        )


def _boxes(request: Request, page: PageRequest, id: ResourceId) -> tuple[ImageVersion, list[RegionBox]]:
    version, prices = region_prices(request, id, page.copy_bytes)
    is_sent = page.http.method == "POST"
    ticked = set(page.form.all("regions"))
    boxes = [
        RegionBox(
            price=each,
            ticked=each.is_home or (each.region.name in ticked if is_sent else each.replica is not None),
            is_kept=each.is_home or (each.is_complete and not version.allow_region_removal),
        )
        for each in prices
    ]
    return version, boxes


def _bill(boxes: list[RegionBox]) -> PriceChange:
    ticked = [each.price for each in boxes if each.ticked or each.is_kept]
    held = [each.price for each in boxes if each.price.replica is not None]
    return PriceChange(
        added=[each for each in ticked if each not in held],
        removed=[each for each in held if each not in ticked],
        send_bytes=sum(each.cost.send_bytes for each in ticked),
        price_month=monthly_price(each.cost for each in ticked),
        price_month_now=monthly_price(each.cost for each in held),
        price_once=sending_price(each.cost for each in ticked),
    )
