"""Routes of disks and snapshots, two types of the same form.

A PUT answers 200 or 202 and never 201, as Azure's clients expect.
"""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends
from starlette.responses import Response

from galeria.actions.core.groups import listed_below
from galeria.actions.storage.disk_access import GrantedAccess, begin_access, end_access
from galeria.actions.storage.disks import (
    DISK,
    SNAPSHOT,
    DiskKind,
    DiskRequest,
    DiskUpdate,
    delete_disk,
    get_disk,
    list_disks,
    patch_disk,
    put_disk,
)
from galeria.domain.ids import COMPUTE as NAMESPACE
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK
from galeria.domain.images.sharing import CommunityImage
from galeria.domain.operations import Operation
from galeria.interfaces.arm.compute.disk_views import disk_view
from galeria.interfaces.arm.compute.storage_schemas import (
    AccessBody,
    DiskBody,
    DiskChange,
    DiskImageReference,
    DiskPatch,
    DiskSku,
)
from galeria.interfaces.arm.compute.unsupported import require_possible_disk
from galeria.interfaces.arm.protocol.arm_request import ArmRequest, ArmRequestDep
from galeria.interfaces.arm.protocol.errors import ArmJson
from galeria.interfaces.arm.protocol.etags import etag_headers
from galeria.interfaces.arm.protocol.paging import by_name, listed, page
from galeria.interfaces.arm.protocol.path_ids import GroupId, named_id, subscription_key
from galeria.interfaces.arm.protocol.responses import begun, deleting, polled, shown
from galeria.interfaces.arm.protocol.routes import COMPUTE, DISKS, GROUP, SNAPSHOTS, SUBSCRIPTION, Route

# The version of the storage service whose signatures have this form.
_SIGNED_VERSION = "2018-03-28"


async def _disk(group: GroupId, disk: str) -> ResourceId:
    return group.resource(NAMESPACE, "disks", disk)


async def _snapshot(group: GroupId, snapshot: str) -> ResourceId:
    return group.resource(NAMESPACE, "snapshots", snapshot)


DiskId = Annotated[ResourceId, Depends(_disk)]
SnapshotId = Annotated[ResourceId, Depends(_snapshot)]


@dataclass(frozen=True, kw_only=True)
class _Type:
    """The handlers of one of the two types."""

    kind: DiskKind

    def put(self, arm_request: ArmRequest, id: ResourceId, body: DiskBody) -> Response:
        with arm_request.writing() as request:
            disk, operation = put_disk(request, self.kind, id, _wanted(body))
            view = disk_view(request, disk)
        return self._answered(arm_request, view, operation)

    def patch(self, arm_request: ArmRequest, id: ResourceId, body: DiskPatch) -> Response:
        with arm_request.writing() as request:
            disk, operation = patch_disk(request, self.kind, id, _changes(body))
            view = disk_view(request, disk)
        return self._answered(arm_request, view, operation)

    def get(self, arm_request: ArmRequest, id: ResourceId) -> Response:
        with arm_request.reading() as request:
            return shown(disk_view(request, get_disk(request, self.kind, id)))

    def list(self, arm_request: ArmRequest, prefix: str) -> Response:
        with arm_request.reading() as request:
            found = listed_below(request, prefix, list_disks(request, self.kind, prefix))
            disks, link = page(arm_request, found, order=by_name)
            views = [disk_view(request, disk) for disk in disks]
        return shown(listed(views, link))

    def delete(self, arm_request: ArmRequest, id: ResourceId) -> Response:
        with arm_request.writing() as request:
            operation = delete_disk(request, self.kind, id)
        arm_request.start(operation)
        return deleting(arm_request, operation)

    def grant(self, arm_request: ArmRequest, id: ResourceId, body: AccessBody) -> Response:
        """Grant access at once: the address is in this answer only, and is stored nowhere."""
        files = arm_request.services.disk_files
        with arm_request.writing() as request:
            granted = begin_access(request, self.kind, id, files, level=body.access, seconds=body.duration_in_seconds)
        return ArmJson({"accessSAS": _address(arm_request, granted)}, headers={"Cache-Control": "no-store"})

    def revoke(self, arm_request: ArmRequest, id: ResourceId) -> Response:
        with arm_request.writing() as request:
            operation = end_access(request, self.kind, id, arm_request.services.disk_files)
        return begun(arm_request, operation)

    def _answered(self, arm_request: ArmRequest, view: dict[str, Any], operation: Operation | None) -> Response:
        arm_request.start(operation)
        if operation is None:
            return shown(view)
        return ArmJson(view, status_code=202, headers={**etag_headers(view), **polled(arm_request, operation)})


def _changes(body: DiskPatch) -> DiskUpdate:
    said = body.properties or DiskChange()
    require_possible_disk(said)
    return DiskUpdate(
        tags=body.tags,
        sku=body.sku.name.value if body.sku and body.sku.name else "",
        size_gb=said.disk_size_gb,
        os_type=said.os_type,
        generation=said.hyper_v_generation,
        architecture=said.supported_capabilities.architecture if said.supported_capabilities else None,
    )


def _wanted(body: DiskBody) -> DiskRequest:
    said = body.properties
    require_possible_disk(said)
    data = said.creation_data
    reference = data.gallery_image_reference or data.image_reference
    lun = reference.lun if reference else None
    return DiskRequest(
        location=body.location,
        tags=body.tags or {},
        option=data.create_option,
        source=_named(data.source_resource_id, "sourceResourceId"),
        uri=data.source_uri or "",
        image=_image(reference),
        image_lun=OS_DISK if lun is None else lun,
        size_gb=said.disk_size_gb,
        upload_bytes=data.upload_size_bytes,
        os_type=said.os_type,
        generation=said.hyper_v_generation,
        architecture=said.supported_capabilities.architecture if said.supported_capabilities else None,
        sku=(body.sku.name if body.sku and body.sku.name else DiskSku.STANDARD).value,
        incremental=bool(said.incremental),
    )


def _named(text: str | None, target: str) -> ResourceId | None:
    return named_id(text, f"properties.creationData.{target}") if text else None


def _image(reference: DiskImageReference | None) -> ResourceId | CommunityImage | None:
    if reference and reference.community_gallery_image_id:
        return CommunityImage.parse(reference.community_gallery_image_id)
    return _named(reference.id if reference else None, "galleryImageReference.id")


def _address(arm_request: ArmRequest, granted: GrantedAccess) -> str:
    expires = granted.grant.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    query = {
        "sv": _SIGNED_VERSION,
        "sr": "b",
        "si": granted.grant.id,
        "sp": granted.grant.level.value[0].lower(),
        "se": expires,
        "sig": granted.secret,
    }
    return f"{arm_request.services.endpoint}/disks/{granted.disk.id}/abcd?{urlencode(query)}"


_DISKS = _Type(kind=DISK)
_SNAPSHOTS = _Type(kind=SNAPSHOT)


def put_disk_one(id: DiskId, body: DiskBody, arm_request: ArmRequestDep) -> Response:
    return _DISKS.put(arm_request, id, body)


def patch_disk_one(id: DiskId, body: DiskPatch, arm_request: ArmRequestDep) -> Response:
    return _DISKS.patch(arm_request, id, body)


def get_disk_one(id: DiskId, arm_request: ArmRequestDep) -> Response:
    return _DISKS.get(arm_request, id)


def list_disks_in_group(id: GroupId, arm_request: ArmRequestDep) -> Response:
    return _DISKS.list(arm_request, id.key)


def list_disks_in_subscription(subscription: str, arm_request: ArmRequestDep) -> Response:
    return _DISKS.list(arm_request, subscription_key(subscription))


def delete_disk_one(id: DiskId, arm_request: ArmRequestDep) -> Response:
    return _DISKS.delete(arm_request, id)


def grant_disk(id: DiskId, body: AccessBody, arm_request: ArmRequestDep) -> Response:
    return _DISKS.grant(arm_request, id, body)


def revoke_disk(id: DiskId, arm_request: ArmRequestDep) -> Response:
    return _DISKS.revoke(arm_request, id)


def put_snapshot(id: SnapshotId, body: DiskBody, arm_request: ArmRequestDep) -> Response:
    return _SNAPSHOTS.put(arm_request, id, body)


def patch_snapshot(id: SnapshotId, body: DiskPatch, arm_request: ArmRequestDep) -> Response:
    return _SNAPSHOTS.patch(arm_request, id, body)


def get_snapshot(id: SnapshotId, arm_request: ArmRequestDep) -> Response:
    return _SNAPSHOTS.get(arm_request, id)


def list_snapshots_in_group(id: GroupId, arm_request: ArmRequestDep) -> Response:
    return _SNAPSHOTS.list(arm_request, id.key)


def list_snapshots_in_subscription(subscription: str, arm_request: ArmRequestDep) -> Response:
    return _SNAPSHOTS.list(arm_request, subscription_key(subscription))


def delete_snapshot(id: SnapshotId, arm_request: ArmRequestDep) -> Response:
    return _SNAPSHOTS.delete(arm_request, id)


def grant_snapshot(id: SnapshotId, body: AccessBody, arm_request: ArmRequestDep) -> Response:
    return _SNAPSHOTS.grant(arm_request, id, body)


def revoke_snapshot(id: SnapshotId, arm_request: ArmRequestDep) -> Response:
    return _SNAPSHOTS.revoke(arm_request, id)


_ONE = GROUP + COMPUTE + DISKS + "/{disk}"
SNAPSHOT_PATH = GROUP + COMPUTE + SNAPSHOTS + "/{snapshot}"

ROUTES = (
    Route(name="Disks_List", method="GET", path=SUBSCRIPTION + COMPUTE + DISKS, handler=list_disks_in_subscription),
    Route(name="Disks_ListByResourceGroup", method="GET", path=GROUP + COMPUTE + DISKS, handler=list_disks_in_group),
    Route(name="Disks_CreateOrUpdate", method="PUT", path=_ONE, handler=put_disk_one),
    Route(name="Disks_Update", method="PATCH", path=_ONE, handler=patch_disk_one),
    Route(name="Disks_Get", method="GET", path=_ONE, handler=get_disk_one),
    Route(name="Disks_Delete", method="DELETE", path=_ONE, handler=delete_disk_one),
    Route(name="Disks_GrantAccess", method="POST", path=_ONE + "/beginGetAccess", handler=grant_disk),
    Route(name="Disks_RevokeAccess", method="POST", path=_ONE + "/endGetAccess", handler=revoke_disk),
    Route(
        name="Snapshots_List",
        method="GET",
        path=SUBSCRIPTION + COMPUTE + SNAPSHOTS,
        handler=list_snapshots_in_subscription,
    ),
    Route(
        name="Snapshots_ListByResourceGroup",
        method="GET",
        path=GROUP + COMPUTE + SNAPSHOTS,
        handler=list_snapshots_in_group,
    ),
    Route(name="Snapshots_CreateOrUpdate", method="PUT", path=SNAPSHOT_PATH, handler=put_snapshot),
    Route(name="Snapshots_Update", method="PATCH", path=SNAPSHOT_PATH, handler=patch_snapshot),
    Route(name="Snapshots_Get", method="GET", path=SNAPSHOT_PATH, handler=get_snapshot),
    Route(name="Snapshots_Delete", method="DELETE", path=SNAPSHOT_PATH, handler=delete_snapshot),
    Route(name="Snapshots_GrantAccess", method="POST", path=SNAPSHOT_PATH + "/beginGetAccess", handler=grant_snapshot),
    Route(name="Snapshots_RevokeAccess", method="POST", path=SNAPSHOT_PATH + "/endGetAccess", handler=revoke_snapshot),
)
