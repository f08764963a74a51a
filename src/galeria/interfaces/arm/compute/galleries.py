"""Routes of galleries."""

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from galeria.actions.core.groups import listed_below
from galeria.actions.galleries.galleries import GalleryDetails, delete_gallery, get_gallery, list_galleries, put_gallery
from galeria.actions.galleries.sharing import share_gallery
from galeria.domain.errors import Invalid
from galeria.domain.images.sharing import GroupKind
from galeria.domain.messages import Message
from galeria.interfaces.arm.compute.gallery_schemas import (
    CommunityInfo,
    GalleryBody,
    GalleryIdentity,
    GalleryPatch,
    GalleryProperties,
    SharingProfile,
    SharingUpdate,
    SoftDeletePolicy,
)
from galeria.interfaces.arm.compute.gallery_views import gallery_view
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.paging import by_name, listed, page
from galeria.interfaces.arm.protocol.path_ids import GalleryId, GroupId, subscription_key
from galeria.interfaces.arm.protocol.responses import deleted, put, shown
from galeria.interfaces.arm.protocol.routes import COMPUTE, GALLERY, GROUP, SUBSCRIPTION, Route

_IDENTITIES = {"systemassigned": "SystemAssigned", "userassigned": "UserAssigned"}

Expand = Annotated[str, Query(alias="$expand")]


def put_one(id: GalleryId, body: GalleryBody, arm_request: ArmRequestDep) -> Response:
    """Create or replace a gallery. Without sharing or soft deletion in the body these stay as they are."""
    properties = body.properties or GalleryProperties()
    with arm_request.writing() as request:
        gallery, is_new = put_gallery(
            request,
            id,
            location=body.location,
            tags=body.tags or {},
            description=properties.description or "",
            details=_details(properties, body.identity, arm_request),
        )
        view = gallery_view(request, gallery)
    return put(arm_request, view, is_new=is_new)


def patch_one(id: GalleryId, body: GalleryPatch, arm_request: ArmRequestDep) -> Response:
    properties = body.properties or GalleryProperties()
    sent = properties.description
    with arm_request.writing() as request:
        held = get_gallery(request, id)
        gallery, _ = put_gallery(
            request,
            id,
            location=held.location,
            tags=held.tags if body.tags is None else body.tags,
            description=held.description if sent is None else sent,
            details=_details(properties, body.identity, arm_request),
        )
        return shown(gallery_view(request, gallery))


def get_one(id: GalleryId, arm_request: ArmRequestDep, expand: Expand = "") -> Response:
    with_groups = "sharingprofile/groups" in expand.lower()
    with arm_request.reading() as request:
        return shown(gallery_view(request, get_gallery(request, id), with_groups=with_groups))


def list_in_group(id: GroupId, arm_request: ArmRequestDep) -> Response:
    return _listed(id.key, arm_request)


def list_in_subscription(subscription: str, arm_request: ArmRequestDep) -> Response:
    return _listed(subscription_key(subscription), arm_request)


def delete_one(id: GalleryId, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        was_there = delete_gallery(request, id)
    return deleted(was_there)


def share_one(id: GalleryId, body: SharingUpdate, arm_request: ArmRequestDep) -> Response:
    """Change the sharing at once, and answer with the request itself, which clients print."""
    groups: dict[GroupKind, list[str]] = {}
    for group in body.groups or ():
        groups.setdefault(group.type, []).extend(group.ids or ())
    with arm_request.writing() as request:
        share_gallery(request, id, body.operation_type, groups)
    said = [{"type": kind.value, "ids": ids} for kind, ids in groups.items()]
    return shown({"operationType": body.operation_type.value, "groups": said})


def _listed(prefix: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        galleries, link = page(
            arm_request, listed_below(request, prefix, list_galleries(request, prefix)), order=by_name
        )
        views = [gallery_view(request, gallery) for gallery in galleries]
    return shown(listed(views, link))


def _details(
    properties: GalleryProperties, identity: GalleryIdentity | None, arm_request: ArmRequestDep
) -> GalleryDetails:
    sharing = properties.sharing_profile or SharingProfile()
    policy = properties.soft_delete_policy or SoftDeletePolicy()
    return GalleryDetails(
        identity=_identity(identity, arm_request) if identity else None,
        permissions=sharing.permissions,
        community=_community(sharing.community_gallery_info),
        soft_delete=policy.is_soft_delete_enabled,
        retention_days=policy.retention_period_in_days,
        grace_days=policy.grace_period_in_days,
    )


def _community(info: CommunityInfo | None) -> dict[str, str] | None:
    return info.model_dump(by_alias=True, exclude_none=True) if info else None


def _identity(identity: GalleryIdentity, arm_request: ArmRequestDep) -> dict[str, Any]:
    """Return the identity; an empty one for type None."""
    words = [word.strip().lower() for word in (identity.type or "None").split(",")]
    if words == ["none"]:
        return {}
    if not set(words) <= set(_IDENTITIES):
        raise Invalid(
            Message("'{type}' is not a type of identity.", type=str(identity.type)),
            hint=Message("It is SystemAssigned, UserAssigned, both with a comma between them, or None."),
            target="identity.type",
        )
    kept: dict[str, Any] = {"type": ", ".join(name for word, name in _IDENTITIES.items() if word in words)}
    if "systemassigned" in words:
        kept["tenantId"] = arm_request.services.tenant_id
    if "userassigned" in words:
        named = identity.user_assigned_identities or {}
        kept["userAssignedIdentities"] = {name: {} for name, said in named.items() if said is not None}
    return kept


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
    Route(name="GallerySharingProfile_Update", method="POST", path=GALLERY + "/share", handler=share_one),
)
