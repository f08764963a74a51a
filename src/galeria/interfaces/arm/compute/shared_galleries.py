"""Routes of galleries that are shared with this subscription or tenant, or with everybody as community galleries."""

from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Query
from starlette.responses import Response

from galeria.actions.core.request import Request
from galeria.actions.galleries.shared_galleries import (
    GalleryConsumer,
    get_community,
    get_shared,
    list_shared,
    seen_definition,
    seen_definitions,
    seen_version,
    seen_versions,
)
from galeria.domain.errors import Invalid
from galeria.domain.images.galleries import Gallery
from galeria.domain.messages import Message
from galeria.interfaces.arm.compute import shared_gallery_views as views
from galeria.interfaces.arm.compute.versions import page_by_number
from galeria.interfaces.arm.protocol.arm_request import ArmRequest, ArmRequestDep
from galeria.interfaces.arm.protocol.paging import by_name, listed, page
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import COMPUTE, SUBSCRIPTION, Route

LOCATION = SUBSCRIPTION + COMPUTE + "/locations/{location}"
SHARED = LOCATION + "/sharedGalleries"
COMMUNITY = LOCATION + "/communityGalleries"
_COMMUNITY_TYPE = "Microsoft.Compute/Locations/CommunityGalleries"

SharedTo = Annotated[str, Query(alias="sharedTo")]


class SharedGalleryKind:
    """One gallery of a region as its consumers see it, shared or community."""

    def __init__(self, arm_request: ArmRequest, subscription: str, location: str, name: str) -> None:
        self._consumer = GalleryConsumer(subscription=subscription, tenant=arm_request.services.tenant_id)
        self._name = name
        self._shared = "/sharedGalleries/" in arm_request.http.scope["path"]
        self.region = arm_request.services.settings.regions.get(location).name

    def gallery(self, request: Request) -> Gallery:
        if self._shared:
            return get_shared(request, self._consumer, self.region, self._name)
        return get_community(request, self._consumer.subscription, self.region, self._name)

    def view(self, gallery: Gallery) -> dict[str, Any]:
        return (views.shared_gallery if self._shared else views.community_gallery)(gallery, self.region)

    def unique_id(self, gallery: Gallery) -> str:
        if self._shared:
            return f"/SharedGalleries/{gallery.unique_name}"
        return f"/CommunityGalleries/{gallery.public_name}"

    def type(self, *below: str) -> str:
        return "" if self._shared else "/".join((_COMMUNITY_TYPE, *below))


async def _place(arm_request: ArmRequestDep, subscription: str, location: str, gallery: str) -> SharedGalleryKind:
    return SharedGalleryKind(arm_request, subscription, location, gallery)


Here = Annotated[SharedGalleryKind, Depends(_place)]


def list_galleries(subscription: str, location: str, arm_request: ArmRequestDep, shared_to: SharedTo = "") -> Response:
    if shared_to.lower() not in ("", "subscription", "tenant"):
        raise Invalid(
            Message("sharedTo is '{shared_to}'.", shared_to=shared_to),
            hint=Message("Leave it out, or say tenant."),
            target="sharedTo",
        )
    region = arm_request.services.settings.regions.get(location).name
    consumer = GalleryConsumer(subscription=subscription, tenant=arm_request.services.tenant_id)
    with arm_request.reading() as request:
        found = list_shared(request, consumer, region, to_tenant=shared_to.lower() == "tenant")
        galleries, link = page(arm_request, found, order=by_name)
    return shown(listed([views.shared_gallery(gallery, region) for gallery in galleries], link))


def get_gallery(arm_request: ArmRequestDep, here: Here) -> Response:
    with arm_request.reading() as request:
        return shown(here.view(here.gallery(request)))


def list_images(arm_request: ArmRequestDep, here: Here) -> Response:
    with arm_request.reading() as request:
        gallery = here.gallery(request)
        found, link = page(arm_request, seen_definitions(request, gallery), order=by_name)
    place, type = here.unique_id(gallery), here.type("Images")
    return shown(listed([views.image(each, place, here.region, type) for each in found], link))


def get_image(image: str, arm_request: ArmRequestDep, here: Here) -> Response:
    with arm_request.reading() as request:
        gallery = here.gallery(request)
        found = seen_definition(request, gallery, image)
    return shown(views.image(found, here.unique_id(gallery), here.region, here.type("Images")))


def list_versions(image: str, arm_request: ArmRequestDep, here: Here) -> Response:
    with arm_request.reading() as request:
        gallery = here.gallery(request)
        definition = seen_definition(request, gallery, image)
        found, link = page_by_number(arm_request, partial(seen_versions, request, definition, here.region))
        place, type = f"{here.unique_id(gallery)}/Images/{definition.name}", here.type("Images", "Versions")
        bodies = views.versions(request, found, place, here.region, type)
    return shown(listed(bodies, link))


def get_version(image: str, version: str, arm_request: ArmRequestDep, here: Here) -> Response:
    with arm_request.reading() as request:
        gallery = here.gallery(request)
        definition = seen_definition(request, gallery, image)
        found = seen_version(request, definition, version, here.region)
        place = f"{here.unique_id(gallery)}/Images/{definition.name}"
        (body,) = views.versions(request, [found], place, here.region, here.type("Images", "Versions"))
    return shown(body)


def _below(kind: str, path: str) -> tuple[Route, ...]:
    """Return the routes that both kinds of galleries have; `kind` begins the operation ids."""
    handlers = (
        (f"{kind}Galleries_Get", "", get_gallery),
        (f"{kind}GalleryImages_List", "/images", list_images),
        (f"{kind}GalleryImages_Get", "/images/{image}", get_image),
        (f"{kind}GalleryImageVersions_List", "/images/{image}/versions", list_versions),
        (f"{kind}GalleryImageVersions_Get", "/images/{image}/versions/{version}", get_version),
    )
    return tuple(Route(name=name, method="GET", path=path + more, handler=handler) for name, more, handler in handlers)


ROUTES = (
    Route(name="SharedGalleries_List", method="GET", path=SHARED, handler=list_galleries),
    *_below("Shared", SHARED + "/{gallery}"),
    *_below("Community", COMMUNITY + "/{gallery}"),
)
