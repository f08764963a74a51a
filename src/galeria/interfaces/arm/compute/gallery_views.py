"""Galleries as the API answers them to callers with a role on them."""

from typing import Any

from galeria.actions.core.request import Request
from galeria.actions.galleries.sharing import sharing_regions
from galeria.domain.images.galleries import Gallery
from galeria.domain.images.sharing import GroupKind, Permissions
from galeria.interfaces.arm.protocol.envelope import envelope


def gallery_view(request: Request, gallery: Gallery, *, with_groups: bool = False) -> dict[str, Any]:
    """Return a gallery. `with_groups` adds those it is shared with, which clients must ask for."""
    properties: dict[str, Any] = {
        "description": gallery.description,
        "identifier": {"uniqueName": gallery.unique_name},
        "sharingProfile": _sharing(gallery, with_groups=with_groups),
        "softDeletePolicy": {
            "isSoftDeleteEnabled": gallery.soft_delete,
            "retentionPeriodInDays": gallery.retention_days,
            "gracePeriodInDays": gallery.grace_days,
        },
    }
    if gallery.is_shared or gallery.community_enabled:
        # Consumers read the same rows as owners, so that a change of sharing has reached every region at once.
        regions = sharing_regions(request, gallery)
        summary = [{"region": region, "state": "Succeeded", "details": ""} for region in regions]
        properties["sharingStatus"] = {"aggregatedState": "Succeeded", "summary": summary}
    view = envelope(gallery, properties)
    return {**view, "identity": gallery.identity} if gallery.identity else view


def _sharing(gallery: Gallery, *, with_groups: bool) -> dict[str, Any]:
    profile: dict[str, Any] = {"permissions": gallery.permissions.value}
    if gallery.permissions is Permissions.COMMUNITY:
        profile["communityGalleryInfo"] = {
            **gallery.community,
            "communityGalleryEnabled": gallery.community_enabled,
            "publicNames": [gallery.public_name] if gallery.public_name else [],
        }
    if with_groups:
        held = {
            GroupKind.SUBSCRIPTIONS: gallery.shared_subscriptions,
            GroupKind.TENANTS: gallery.shared_tenants,
        }
        profile["groups"] = [{"type": kind.value, "ids": list(ids)} for kind, ids in held.items() if ids]
    return profile
