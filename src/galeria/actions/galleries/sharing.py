"""Sharing a gallery with subscriptions, tenants or everybody here, and ending that."""

from collections.abc import Mapping, Sequence

from galeria.actions.core.request import Request
from galeria.actions.galleries.galleries import GALLERY
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import Gallery
from galeria.domain.images.sharing import GroupKind, Permissions, ShareStep, added, check_community, removed
from galeria.domain.messages import Message, verbatim

Groups = Mapping[GroupKind, Sequence[str]]


def share_gallery(request: Request, id: ResourceId, step: ShareStep, groups: Groups) -> Gallery:
    """Changes with whom a gallery is shared.

    Raises Forbidden (a Contributor may not share), NotFound, Invalid, and Conflict where the gallery's permissions do
    not allow the change.
    """
    request.caller.require(f"{GALLERY}/share/action", id.key)
    gallery = request.uow.galleries.get_by_key(id.key)
    request.audit(f"{GALLERY}/share/action", str(id), detail=verbatim(step.value))
    if step is ShareStep.ENABLE_COMMUNITY:
        _enable_community(request, gallery)
    elif step is ShareStep.RESET:
        gallery.shared_subscriptions, gallery.shared_tenants, gallery.community_enabled = [], [], False
    else:
        _set_groups(gallery, step, groups)
    request.touch(gallery)
    return gallery


def sharing_regions(request: Request, gallery: Gallery) -> list[str]:
    """Returns the regions where consumers find the gallery: its own, and those with a complete version."""
    complete = request.uow.version_queries.regions_of(gallery.id)
    return [gallery.location, *(region for region in complete if region != gallery.location)]


def _set_groups(gallery: Gallery, step: ShareStep, groups: Groups) -> None:
    if gallery.permissions is not Permissions.GROUPS:
        raise Conflict(
            Message("The gallery's sharing permission is {permissions}.", permissions=gallery.permissions),
            hint=Message("Set it to Groups first: az sig update --permissions Groups."),
            code="OperationNotAllowed",
        )
    subscriptions = groups.get(GroupKind.SUBSCRIPTIONS, ())
    tenants = groups.get(GroupKind.TENANTS, ())
    if step is ShareStep.ADD:
        gallery.shared_subscriptions = added(gallery.shared_subscriptions, subscriptions, GroupKind.SUBSCRIPTIONS)
        gallery.shared_tenants = added(gallery.shared_tenants, tenants, GroupKind.TENANTS)
    else:
        gallery.shared_subscriptions = removed(gallery.shared_subscriptions, subscriptions)
        gallery.shared_tenants = removed(gallery.shared_tenants, tenants)


def _enable_community(request: Request, gallery: Gallery) -> None:
    if gallery.permissions is not Permissions.COMMUNITY:
        raise Conflict(
            Message("The gallery's sharing permission is {permissions}.", permissions=gallery.permissions),
            hint=Message("Make a gallery with the permission Community: az sig create --permissions Community."),
            code="OperationNotAllowed",
        )
    check_community(gallery.community)
    # The name is kept after a reset, so that consumers' references work again when the gallery is shared again.
    gallery.public_name = (
        gallery.public_name or f"{gallery.community['publicNamePrefix']}-{request.id_generator.new_guid()}"
    )
    gallery.community_enabled = True
