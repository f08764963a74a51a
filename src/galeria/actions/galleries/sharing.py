"""A gallery's owner shares it with subscriptions, tenants or everybody here, and takes that back."""

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
    """Takes the right to share, which a Contributor has not. Raises Conflict where the gallery is not made for it."""
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
    """Where consumers find the gallery: in its own region, and wherever one of its versions is complete."""
    versions = [version for version in request.uow.versions.of_gallery(gallery.id) if version.is_ready]
    replicas = [each for version in versions for each in request.uow.versions.replicas(version.id)]
    complete = {each.region for each in replicas if each.verified_at is not None}
    return [gallery.location, *sorted(complete - {gallery.location})]


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
    # The name outlives a reset, so that what consumers wrote down is true again when the gallery comes back.
    gallery.public_name = (
        gallery.public_name or f"{gallery.community['publicNamePrefix']}-{request.id_generator.new_guid()}"
    )
    gallery.community_enabled = True
