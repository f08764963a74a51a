"""Image versions: made from uploads, spread over regions, deleted after a look at what that means."""

from datetime import datetime
from typing import Annotated, TypedDict

from fastapi import Query
from starlette.responses import Response

from galeria.actions.costs import impact_of_deletion
from galeria.actions.request import Request
from galeria.actions.versions import (
    Target,
    VersionRequest,
    delete_version,
    get_version,
    list_versions,
    put_version,
)
from galeria.domain.errors import Invalid
from galeria.domain.galleries import OS_DISK, ImageVersion
from galeria.faces.arm.answers import deleting, put, shown
from galeria.faces.arm.door import At
from galeria.faces.arm.galleries import lab_named
from galeria.faces.arm.ids import DefinitionId, VersionId
from galeria.faces.arm.paging import Order, listed, page
from galeria.faces.arm.routes import DEFINITION, VERSION, Route
from galeria.faces.arm.schemas_compute import (
    PublishingProfile,
    StorageProfile,
    VersionBody,
    VersionPatch,
    VersionProperties,
)
from galeria.faces.arm.version_views import version_view


class Published(TypedDict):
    targets: tuple[Target, ...]
    exclude_from_latest: bool
    end_of_life: datetime | None


Expand = Annotated[str, Query(alias="$expand")]


def put_one(id: VersionId, body: VersionBody, door: At) -> Response:
    """Without publishing profile or target regions a version keeps its own: `az` leaves out what it means to keep."""
    properties = body.properties or VersionProperties()
    with door.writing() as request:
        held = request.uow.versions.find_by_key(id.key)
        profile = properties.publishing_profile
        said = set(PublishingProfile.model_fields) if profile else set()
        wanted = VersionRequest(
            location=body.location,
            tags=body.tags or {},
            uploads=_uploads(properties.storage_profile),
            **_published(request, held, profile or PublishingProfile(), said),
        )
        version, is_new, operation = put_version(request, id, wanted)
        view = version_view(request, version)
    door.start(operation)
    return put(door, view, is_new=is_new, operation=operation)


def patch_one(id: VersionId, body: VersionPatch, door: At) -> Response:
    profile = (body.properties and body.properties.publishing_profile) or PublishingProfile()
    with door.writing() as request:
        held = get_version(request, id)
        wanted = VersionRequest(
            location=held.location,
            tags=held.tags if body.tags is None else body.tags,
            **_published(request, held, profile, set(profile.model_fields_set)),
        )
        version, is_new, operation = put_version(request, id, wanted)
        view = version_view(request, version)
    door.start(operation)
    return put(door, view, is_new=is_new, operation=operation)


def get_one(id: VersionId, door: At, expand: Expand = "") -> Response:
    with_status = "replicationstatus" in expand.lower()
    with door.reading() as request:
        return shown(version_view(request, get_version(request, id), with_status=with_status))


def list_all(id: DefinitionId, door: At, expand: Expand = "") -> Response:
    """By number, the oldest first."""
    with_status = "replicationstatus" in expand.lower()
    with door.reading() as request:
        versions, link = page(door, list_versions(request, id), order=_by_number)
        views = [version_view(request, version, with_status=with_status) for version in versions]
    return shown(listed(views, link))


def delete_one(id: VersionId, door: At) -> Response:
    with door.writing() as request:
        operation = delete_version(request, id)
    door.start(operation)
    return deleting(door, operation)


def impact(id: VersionId, door: At) -> Response:
    """What deleting it would mean. Nothing is changed."""
    with door.reading() as request:
        found = impact_of_deletion(request, id, door.inside.stores)
    return shown(
        {
            "version": found.version.resource_id,
            "labs": [lab_named(lab) for lab in found.labs],
            "regions": [
                {"region": each.region, "freedNowBytes": each.freed_now, "freedLaterBytes": each.freed_later}
                for each in found.regions
            ],
        }
    )


def _published(request: Request, held: ImageVersion | None, profile: PublishingProfile, said: set[str]) -> Published:
    """The publishing part of a request: what was `said` of it, and for the rest what the version has."""
    if held is None:
        return Published(
            targets=_targets(profile),
            exclude_from_latest=bool(profile.exclude_from_latest),
            end_of_life=profile.end_of_life_date,
        )
    sets_flag, sets_end = "exclude_from_latest" in said, "end_of_life_date" in said
    return Published(
        targets=_held_targets(request, held) if profile.target_regions is None else _targets(profile),
        exclude_from_latest=bool(profile.exclude_from_latest) if sets_flag else held.exclude_from_latest,
        end_of_life=profile.end_of_life_date if sets_end else held.end_of_life,
    )


def _targets(profile: PublishingProfile) -> tuple[Target, ...]:
    return tuple(
        Target(region=each.name, exclude_from_latest=each.exclude_from_latest) for each in profile.target_regions or ()
    )


def _held_targets(request: Request, version: ImageVersion) -> tuple[Target, ...]:
    return tuple(
        Target(region=each.region, exclude_from_latest=each.exclude_from_latest)
        for each in request.uow.versions.replicas(version.id)
    )


def _uploads(profile: StorageProfile | None) -> dict[int, str]:
    """Lun → upload; the OS disk has a lun of its own in the inside."""
    uploads: dict[int, str] = {}
    if profile is None:
        return uploads
    os_disk = profile.os_disk_image
    if os_disk and os_disk.source and os_disk.source.upload_id:
        uploads[OS_DISK] = os_disk.source.upload_id
    for disk in profile.data_disk_images or ():
        if disk.lun in uploads:
            raise Invalid(
                f"Two data disks have the LUN {disk.lun}.",
                hint="Give every data disk a LUN of its own.",
                target="galleryImageVersion.properties.storageProfile.dataDiskImages",
            )
        if disk.source and disk.source.upload_id:
            uploads[disk.lun] = disk.source.upload_id
    return uploads


def _by_number(version: ImageVersion) -> Order:
    number = version.number
    return (number.major, number.minor, number.patch)


ROUTES = (
    Route(
        name="GalleryImageVersions_ListByGalleryImage", method="GET", path=DEFINITION + "/versions", handler=list_all
    ),
    Route(name="GalleryImageVersions_CreateOrUpdate", method="PUT", path=VERSION, handler=put_one),
    Route(name="GalleryImageVersions_Update", method="PATCH", path=VERSION, handler=patch_one),
    Route(name="GalleryImageVersions_Get", method="GET", path=VERSION, handler=get_one),
    Route(name="GalleryImageVersions_Delete", method="DELETE", path=VERSION, handler=delete_one),
    Route(name="GalleryImageVersions_Impact", method="GET", path=VERSION + "/impact", handler=impact),
)
