"""The gallery of a lab account: create and attach, attach, detach."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.galleries.galleries import GALLERY, list_galleries, put_gallery
from galeria.actions.labs.accounts import ACCOUNT, AccountRequest, put_account
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import Gallery
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.messages import Message


@dataclass(frozen=True, kw_only=True)
class AccountGallery:
    """The gallery attached to a lab account, and those that could be. `labs` counts the labs made in the account."""

    account: LabAccount
    gallery: Gallery | None
    may_see: bool  # whether the caller may see the gallery
    labs: int
    others: tuple[Gallery, ...]  # that the caller may attach


def preview_gallery(request: Request, id: ResourceId) -> AccountGallery:
    """Returns which gallery is attached and which could be. Raises Forbidden, NotFound."""
    request.caller.require(f"{ACCOUNT}/read", id.key)
    uow = request.uow
    account = uow.accounts.get_by_key(id.key)
    gallery = uow.galleries.find(account.gallery_id) if account.gallery_id else None
    visible = list_galleries(request, f"/subscriptions/{id.subscription.lower()}")
    return AccountGallery(
        account=account,
        gallery=gallery,
        may_see=gallery is not None and request.caller.may(f"{GALLERY}/read", gallery.key),
        labs=uow.image_queries.lab_counts([account.id]).get(account.id, 0),
        others=tuple(each for each in visible if each.id != account.gallery_id),
    )


def create_and_attach(request: Request, id: ResourceId, name: str) -> Gallery:
    """Creates a gallery in the account's resource group and region and attaches it.

    Raises Forbidden, NotFound, Invalid, and Conflict where another one is attached or one of that name exists.
    """
    account = _changed_account(request, id)
    _require_none_attached(request, account)
    wanted = id.parent.resource("Microsoft.Compute", "galleries", name)
    if request.uow.galleries.find_by_key(wanted.key):
        raise Conflict(
            Message("There is a gallery '{name}' already.", name=name),
            hint=Message("Attach that one, or choose another name."),
            target="name",
        )
    gallery, _ = put_gallery(request, wanted, location=account.location, tags={}, description="")
    request.uow.flush()
    _set(request, account, wanted)
    return gallery


def attach_gallery(request: Request, id: ResourceId, gallery: ResourceId) -> LabAccount:
    """Attaches a gallery to a lab account. Raises Forbidden, NotFound, and Conflict where another one is attached."""
    return _set(request, _changed_account(request, id), gallery)


def detach_gallery(request: Request, id: ResourceId) -> LabAccount:
    """Detaches the gallery of a lab account.

    Its labs work on, and images keep their enabled state for when it is attached again. Raises Forbidden, NotFound.
    """
    return _set(request, _changed_account(request, id), None)


def parse_gallery(text: str) -> ResourceId:
    """Reads a gallery's id that a form sent. Raises Invalid."""
    if not text:
        raise Invalid(Message("No gallery was chosen."), hint=Message("Choose one of the list."), target="gallery")
    id = ResourceId.parse(text)
    if id.type.lower() != GALLERY.lower():
        raise Invalid(
            Message("'{text}' is not a gallery.", text=text), hint=Message("Choose one of the list."), target="gallery"
        )
    return id


def _changed_account(request: Request, id: ResourceId) -> LabAccount:
    request.caller.require(f"{ACCOUNT}/write", id.key)
    return request.uow.accounts.get_by_key(id.key)


def _require_none_attached(request: Request, account: LabAccount) -> None:
    if account.gallery_id:
        attached = request.uow.galleries.get(account.gallery_id)
        raise Conflict(
            Message(
                "The lab account '{account}' has the gallery '{attached}' attached.",
                account=account.name,
                attached=attached.name,
            ),
            hint=Message("Detach that one first; an account has one gallery at a time."),
        )


def _set(request: Request, account: LabAccount, gallery: ResourceId | None) -> LabAccount:
    wanted = AccountRequest(location=account.location, tags=dict(account.tags), gallery=gallery)
    return put_account(request, account.arm_id, wanted)[0]
