"""Routes of the images of a lab account: gallery images (2018), and shared images of its attached gallery (2019)."""

from typing import Any

from starlette.responses import Response

from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import ACCOUNT as ACCOUNT_ACTION
from galeria.actions.labs.accounts import AccountRequest, get_account, put_account
from galeria.actions.labs.eligible_images import get_image, list_images
from galeria.actions.labs.image_switches import enable_image, remove_image_switch
from galeria.domain.errors import NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import ImageEligibility
from galeria.domain.images.galleries import Gallery
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.messages import Message
from galeria.interfaces.arm.classic.paths import ACCOUNT, AccountId, account_id
from galeria.interfaces.arm.classic.schemas import GalleryImageBody, OnOff, SharedGalleryBody, SharedImageBody
from galeria.interfaces.arm.classic.views import gallery_image_view, shared_image_view
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import Order, by_name, listed
from galeria.interfaces.arm.protocol.path_ids import named_id
from galeria.interfaces.arm.protocol.responses import deleted, put, shown
from galeria.interfaces.arm.protocol.routes import Route


def list_gallery_images(id: AccountId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        account = get_account(request, id)
        offers = list_images(request, id)
    return shown(
        selected(arm_request, offers, order=_by_definition, view=lambda each: gallery_image_view(account, each))
    )


def get_gallery_image(id: AccountId, image: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(gallery_image_view(get_account(request, id), get_image(request, id, image)))


def switch_gallery_image(id: AccountId, image: str, body: GalleryImageBody, arm_request: ArmRequestDep) -> Response:
    """Enable or disable an image. PUT creates no image: images come from the attached gallery."""
    wanted = body.properties.is_enabled if body.properties else None
    if wanted is None:
        return get_gallery_image(id, image, arm_request)
    with arm_request.writing() as request:
        offer = enable_image(request, id, image, enabled=wanted)
        return shown(gallery_image_view(get_account(request, id), offer))


def delete_gallery_image(id: AccountId, image: str, arm_request: ArmRequestDep) -> Response:
    """Remove the account's own setting for the image. The image stays in its gallery."""
    with arm_request.writing() as request:
        had_chosen = remove_image_switch(request, id, image)
    return deleted(had_chosen)


def list_shared_images(id: AccountId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        account, gallery = _attached(request, id)
        offers = list_images(request, id)
    where = gallery.resource_id if gallery else ""
    return shown(
        selected(arm_request, offers, order=_by_definition, view=lambda each: shared_image_view(account, where, each))
    )


def switch_shared_image(id: AccountId, image: str, body: SharedImageBody, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        offer = enable_image(request, id, image, enabled=body.properties.enable_state is OnOff.ENABLED)
        account, gallery = _attached(request, id)
        return shown(shared_image_view(account, gallery.resource_id if gallery else "", offer))


def list_shared_galleries(id: AccountId, arm_request: ArmRequestDep) -> Response:
    """List the attached gallery, or nothing."""
    with arm_request.reading() as request:
        account, gallery = _attached(request, id)
    return shown(listed([_gallery(account, gallery)] if gallery else []))


def get_shared_gallery(id: AccountId, gallery: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        account, found = _attached(request, id)
    if found is None or found.name.lower() != gallery.lower():
        raise _not_attached(account, gallery)
    return shown(_gallery(account, found))


def attach(id: AccountId, gallery: str, body: SharedGalleryBody, arm_request: ArmRequestDep) -> Response:
    wanted = named_id(body.properties.gallery_id, "properties.galleryId")
    with arm_request.writing() as request:
        _, before = _attached(request, id)
        _set_gallery(request, id, wanted)
        account, now = _attached(request, id)
    if now is None:
        raise _not_attached(account, gallery)
    return put(arm_request, _gallery(account, now), is_new=before is None)


def detach(id: AccountId, gallery: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        request.caller.require(f"{ACCOUNT_ACTION}/write", id.key)
        _, found = _attached(request, id)
        is_there = found is not None and found.name.lower() == gallery.lower()
        if is_there:
            _set_gallery(request, id, None)
    return deleted(is_there)


def _set_gallery(request: Request, id: ResourceId, gallery: ResourceId | None) -> None:
    held = get_account(request, id)
    put_account(request, id, AccountRequest(location=held.location, tags=dict(held.tags), gallery=gallery))


def _attached(request: Request, id: ResourceId) -> tuple[LabAccount, Gallery | None]:
    account = get_account(request, id)
    return account, request.uow.galleries.find(account.gallery_id) if account.gallery_id else None


def _gallery(account: LabAccount, gallery: Gallery) -> dict[str, Any]:
    return {
        "id": str(account_id(account.resource_id).child("sharedgalleries", gallery.name)),
        "name": gallery.name,
        "type": "Microsoft.LabServices/labAccounts/sharedGalleries",
        "properties": {"galleryId": gallery.resource_id, "provisioningState": "Succeeded"},
    }


def _not_attached(account: LabAccount, name: str) -> NotFound:
    return NotFound(
        Message("The gallery '{name}' is not attached to '{account}'.", name=name, account=account.name),
        hint=Message("List the attached one."),
    )


def _by_definition(offer: ImageEligibility) -> Order:
    return by_name(offer.definition)


_IMAGES = ACCOUNT + "/galleryimages"
_IMAGE = _IMAGES + "/{image}"
_SHARED = ACCOUNT + "/sharedimages"
_GALLERIES = ACCOUNT + "/sharedGalleries"
_GALLERY = _GALLERIES + "/{gallery}"

ROUTES = (
    Route(name="GalleryImages2018_List", method="GET", path=_IMAGES, handler=list_gallery_images),
    Route(name="GalleryImages2018_Get", method="GET", path=_IMAGE, handler=get_gallery_image),
    Route(name="GalleryImages2018_CreateOrUpdate", method="PUT", path=_IMAGE, handler=switch_gallery_image),
    Route(name="GalleryImages2018_Update", method="PATCH", path=_IMAGE, handler=switch_gallery_image),
    Route(name="GalleryImages2018_Delete", method="DELETE", path=_IMAGE, handler=delete_gallery_image),
    Route(name="SharedImages_List", method="GET", path=_SHARED, handler=list_shared_images),
    Route(name="SharedImages_Update", method="PUT", path=_SHARED + "/{image}", handler=switch_shared_image),
    Route(name="SharedGalleries_ListByAccount", method="GET", path=_GALLERIES, handler=list_shared_galleries),
    Route(name="SharedGalleries_GetAttached", method="GET", path=_GALLERY, handler=get_shared_gallery),
    Route(name="SharedGalleries_Attach", method="PUT", path=_GALLERY, handler=attach),
    Route(name="SharedGalleries_Detach", method="DELETE", path=_GALLERY, handler=detach),
)
