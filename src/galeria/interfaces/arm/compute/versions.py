"""Routes of image versions, and of what deleting one would free."""

from datetime import datetime
from functools import partial
from typing import Annotated, Protocol, TypedDict

from fastapi import Query
from starlette.responses import Response

from galeria.actions.core.request import Request
from galeria.actions.versions.costs import impact_of_deletion
from galeria.actions.versions.publishing import current_targets
from galeria.actions.versions.versions import (
    VersionRequest,
    get_version,
    list_versions,
    put_version,
    remove_version,
)
from galeria.domain.errors import Invalid
from galeria.domain.images.galleries import ImageVersion, VersionNumber
from galeria.domain.images.publishing import PublishingOptions, ReplicationTarget, chosen_storage
from galeria.interfaces.arm.compute.costs import lab_named
from galeria.interfaces.arm.compute.unsupported import require_possible
from galeria.interfaces.arm.compute.version_schemas import (
    PublishingProfile,
    SafetyProfile,
    TargetRegion,
    VersionBody,
    VersionPatch,
    VersionProperties,
)
from galeria.interfaces.arm.compute.version_sources import sources_named
from galeria.interfaces.arm.compute.version_views import version_view, version_views
from galeria.interfaces.arm.protocol.arm_request import ArmRequest, ArmRequestDep
from galeria.interfaces.arm.protocol.paging import listed, next_link, page_size, place_after, unknown_token
from galeria.interfaces.arm.protocol.path_ids import DefinitionId, VersionId
from galeria.interfaces.arm.protocol.responses import deleted, deleting, put, shown, shown_complete
from galeria.interfaces.arm.protocol.routes import DEFINITION, VERSION, Route


class VersionPublishing(TypedDict):
    targets: tuple[ReplicationTarget, ...]
    exclude_from_latest: bool
    end_of_life: datetime | None
    publishing: PublishingOptions


Expand = Annotated[str, Query(alias="$expand")]
Bypass = Annotated[bool, Query(alias="bypassSoftDelete")]


def put_one(id: VersionId, body: VersionBody, arm_request: ArmRequestDep) -> Response:
    """Create or update a version.

    Without a publishing profile or target regions it keeps its own: `az` leaves out what it means to keep.
    """
    properties = body.properties or VersionProperties()
    with arm_request.writing() as request:
        held = request.uow.versions.find_by_key(id.key)
        profile = properties.publishing_profile
        said = set(PublishingProfile.model_fields) if profile else set()
        require_possible(properties)
        sources = sources_named(properties.storage_profile)
        wanted = VersionRequest(
            location=body.location,
            tags=body.tags or {},
            uploads=sources.uploads,
            disks=sources.disks,
            whole=sources.whole,
            order=sources.order,
            restores=_restores(properties),
            **_published(request, held, properties, said),
        )
        version, is_new, operation = put_version(request, id, wanted)
        view = version_view(request, version)
    arm_request.start(operation)
    return put(arm_request, view, is_new=is_new, operation=operation)


def patch_one(id: VersionId, body: VersionPatch, arm_request: ArmRequestDep) -> Response:
    properties = body.properties or VersionProperties()
    profile = properties.publishing_profile or PublishingProfile()
    with arm_request.writing() as request:
        restored = request.uow.versions.find_by_key(id.key) if properties.restore else None
        held = restored or get_version(request, id)
        require_possible(properties)
        sources = sources_named(properties.storage_profile)
        wanted = VersionRequest(
            location=held.location,
            tags=held.tags if body.tags is None else body.tags,
            uploads=sources.uploads,
            disks=sources.disks,
            whole=sources.whole,
            order=sources.order,
            restores=bool(properties.restore),
            **_published(request, held, properties, set(profile.model_fields_set)),
        )
        version, is_new, operation = put_version(request, id, wanted)
        view = version_view(request, version)
    arm_request.start(operation)
    return put(arm_request, view, is_new=is_new, operation=operation)


def get_one(id: VersionId, arm_request: ArmRequestDep, expand: Expand = "") -> Response:
    with_status = "replicationstatus" in expand.lower()
    with arm_request.reading() as request:
        return shown(version_view(request, get_version(request, id), with_status=with_status))


def list_all(id: DefinitionId, arm_request: ArmRequestDep, expand: Expand = "") -> Response:
    """List the versions by number, the lowest first."""
    with_status = "replicationstatus" in expand.lower()
    with arm_request.reading() as request:
        versions, link = page_by_number(arm_request, partial(list_versions, request, id))
        views = version_views(request, versions, with_status=with_status)
    return shown_complete(listed(views, link))


def delete_one(id: VersionId, arm_request: ArmRequestDep, bypass: Bypass = False) -> Response:
    """Delete a version. Soft deletion is done at once; deletion that frees storage is an operation."""
    with arm_request.writing() as request:
        removal = remove_version(request, id, bypass_soft_delete=bypass)
    arm_request.start(removal.operation)
    return deleting(arm_request, removal.operation) if removal.operation else deleted(removal.was_there)


def impact(id: VersionId, arm_request: ArmRequestDep) -> Response:
    """Return what deleting the version would mean. Nothing is changed."""
    with arm_request.reading() as request:
        found = impact_of_deletion(request, id, arm_request.services.stores)
    return shown(
        {
            "version": found.version.resource_id,
            "labs": [lab_named(lab) for lab in found.labs],
            "otherLabs": found.other_labs,
            "regions": [
                {"region": each.region, "freedNowBytes": each.freed_now, "freedLaterBytes": each.freed_later}
                for each in found.regions
            ],
        }
    )


def _restores(properties: VersionProperties) -> bool:
    """Return whether the request restores a soft-deleted version.

    The newer form is an explicit property; `az sig image-version undelete` sends only the location.
    """
    sources = properties.storage_profile
    says_nothing = not properties.publishing_profile and not (sources and sources.model_dump(exclude_none=True))
    return says_nothing if properties.restore is None else properties.restore


def _published(
    request: Request, held: ImageVersion | None, properties: VersionProperties, said: set[str]
) -> VersionPublishing:
    """Return the publishing options: what the request has, and for the rest what the version has."""
    profile = properties.publishing_profile or PublishingProfile()
    publishing = _publishing(profile, properties.safety_profile or SafetyProfile())
    if held is None:
        return VersionPublishing(
            targets=_targets(profile),
            exclude_from_latest=bool(profile.exclude_from_latest),
            end_of_life=profile.end_of_life_date,
            publishing=publishing,
        )
    sets_flag, sets_end = "exclude_from_latest" in said, "end_of_life_date" in said
    return VersionPublishing(
        targets=current_targets(request, held) if profile.target_regions is None else _targets(profile),
        exclude_from_latest=bool(profile.exclude_from_latest) if sets_flag else held.exclude_from_latest,
        end_of_life=profile.end_of_life_date if sets_end else held.end_of_life,
        publishing=publishing,
    )


def _publishing(profile: PublishingProfile, safety: SafetyProfile) -> PublishingOptions:
    return PublishingOptions(
        replica_count=profile.replica_count,
        storage_type=chosen_storage(profile.storage_account_type, profile.storage_account_strategy, ""),
        mode=profile.replication_mode,
        allow_region_removal=safety.allow_deletion_of_replicated_locations,
        block_early_deletion=safety.block_deletion_before_end_of_life,
    )


def _targets(profile: PublishingProfile) -> tuple[ReplicationTarget, ...]:
    return tuple(_target(each) for each in profile.target_regions or ())


def _target(region: TargetRegion) -> ReplicationTarget:
    return ReplicationTarget(
        region=region.name,
        exclude_from_latest=region.exclude_from_latest,
        replica_count=region.regional_replica_count,
        storage_type=chosen_storage(region.storage_account_type, region.storage_account_strategy, "targetRegions."),
    )


class VersionReader(Protocol):
    """Reads versions after a number, the lowest first."""

    def __call__(self, *, after: VersionNumber | None, limit: int) -> list[ImageVersion]: ...


def page_by_number(arm_request: ArmRequest, read: VersionReader) -> tuple[list[ImageVersion], str | None]:
    """Return the versions on this request's page, and the link to the next. Raises Invalid for the token of another list."""
    size = page_size(arm_request)
    found = read(after=_number_after(arm_request), limit=size + 1)
    if len(found) <= size:
        return found, None
    last = found[size - 1].number
    return found[:size], next_link(arm_request, (last.major, last.minor, last.patch))


def _number_after(arm_request: ArmRequest) -> VersionNumber | None:
    place = place_after(arm_request)
    if place is None:
        return None
    try:
        return VersionNumber.parse(".".join(map(str, place)))
    except Invalid as error:
        raise unknown_token() from error


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
