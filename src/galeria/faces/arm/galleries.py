"""Galleries, and what they cost."""

from typing import Any

from starlette.responses import Response

from galeria.actions.costs import VersionCost, gallery_costs
from galeria.actions.galleries import delete_gallery, get_gallery, list_galleries, put_gallery
from galeria.domain.galleries import Gallery
from galeria.domain.labs import Lab
from galeria.faces.arm.answers import deleted, put, shown
from galeria.faces.arm.door import At
from galeria.faces.arm.envelope import envelope
from galeria.faces.arm.ids import GalleryId, GroupId, subscription_key
from galeria.faces.arm.paging import by_name, listed, page
from galeria.faces.arm.routes import COMPUTE, GALLERY, GROUP, SUBSCRIPTION, Route
from galeria.faces.arm.schemas_compute import GalleryBody, GalleryPatch


def put_one(id: GalleryId, body: GalleryBody, door: At) -> Response:
    description = (body.properties and body.properties.description) or ""
    with door.writing() as request:
        gallery, is_new = put_gallery(
            request, id, location=body.location, tags=body.tags or {}, description=description
        )
    return put(door, _view(gallery), is_new=is_new)


def patch_one(id: GalleryId, body: GalleryPatch, door: At) -> Response:
    sent = body.properties.description if body.properties else None
    with door.writing() as request:
        held = get_gallery(request, id)
        gallery, _ = put_gallery(
            request,
            id,
            location=held.location,
            tags=held.tags if body.tags is None else body.tags,
            description=held.description if sent is None else sent,
        )
    return shown(_view(gallery))


def get_one(id: GalleryId, door: At) -> Response:
    with door.reading() as request:
        return shown(_view(get_gallery(request, id)))


def list_in_group(id: GroupId, door: At) -> Response:
    return _listed(id.key, door)


def list_in_subscription(subscription: str, door: At) -> Response:
    return _listed(subscription_key(subscription), door)


def delete_one(id: GalleryId, door: At) -> Response:
    with door.writing() as request:
        was_there = delete_gallery(request, id)
    return deleted(was_there)


def costs(id: GalleryId, door: At) -> Response:
    """One line per version; all of them together are what is really stored."""
    prices = door.inside.settings.prices
    with door.reading() as request:
        lines = gallery_costs(request, id, door.inside.stores)
    return shown(
        {
            "currency": prices.currency,
            "pricesAreExamples": prices.are_examples,
            "value": [_cost(line) for line in lines],
            "totalPerMonth": f"{sum(line.price_month for line in lines):f}",
        }
    )


def lab_named(lab: Lab) -> dict[str, Any]:
    """A lab where it is only mentioned."""
    return {"id": lab.resource_id, "name": lab.name, "title": lab.title, "createdBy": lab.created_by}


def _listed(prefix: str, door: At) -> Response:
    with door.reading() as request:
        galleries, link = page(door, list_galleries(request, prefix), order=by_name)
    return shown(listed([_view(gallery) for gallery in galleries], link))


def _view(gallery: Gallery) -> dict[str, Any]:
    unique_name = f"{gallery.arm_id.subscription}-{gallery.name.upper()}"
    return envelope(gallery, {"description": gallery.description, "identifier": {"uniqueName": unique_name}})


def _cost(line: VersionCost) -> dict[str, Any]:
    return {
        "image": line.definition.name,
        "displayName": line.definition.display_name,
        "version": line.version.name,
        "versionId": line.version.resource_id,
        "logicalBytes": line.logical_bytes,
        "pricePerMonth": f"{line.price_month:f}",
        "regions": [
            {
                "region": each.region,
                "storedBytes": each.stored_bytes,
                "wholeBytes": each.whole_bytes,
                "pricePerMonth": f"{each.price_month:f}",
            }
            for each in line.regions
        ],
        "labs": [lab_named(lab) for lab in line.labs],
    }


ROUTES = (
    Route(
        name="Galleries_List", method="GET", path=SUBSCRIPTION + COMPUTE + "/galleries", handler=list_in_subscription
    ),
    Route(
        name="Galleries_ListByResourceGroup", method="GET", path=GROUP + COMPUTE + "/galleries", handler=list_in_group
    ),
    Route(name="Galleries_CreateOrUpdate", method="PUT", path=GALLERY, handler=put_one),
    Route(name="Galleries_Update", method="PATCH", path=GALLERY, handler=patch_one),
    Route(name="Galleries_Get", method="GET", path=GALLERY, handler=get_one),
    Route(name="Galleries_Delete", method="DELETE", path=GALLERY, handler=delete_one),
    Route(name="Galleries_Costs", method="GET", path=GALLERY + "/costs", handler=costs),
)
