"""Changes one property of an existing version and leaves all others as they are."""

from dataclasses import replace
from datetime import datetime

from galeria.actions.core.request import Request
from galeria.actions.versions.publishing import current_targets
from galeria.actions.versions.versions import VERSION, VersionRequest, get_version, put_version
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import ImageVersion
from galeria.domain.images.publishing import ReplicationTarget
from galeria.domain.messages import Message
from galeria.domain.operations import Operation


def set_regions(request: Request, id: ResourceId, regions: tuple[str, ...]) -> Operation | None:
    """Sets the regions of a version, the home one among them. None where nothing is to be done.

    Raises Forbidden, NotFound, Invalid, and Conflict while an operation runs on the version or its safety profile keeps
    a region.
    """
    held = _quiet(request, id)
    if not regions:
        raise Invalid(
            Message("A version is in one region at least."),
            hint=Message("Keep its own region, {location}.", location=held.location),
            target="targetRegions",
        )
    kept = {target.region.replace(" ", "").lower(): target for target in current_targets(request, held)}
    names = [request.settings.regions.get(name).name for name in regions]
    targets = tuple(kept.get(name, ReplicationTarget(region=name)) for name in names)
    return put_version(request, id, replace(_as_it_is(request, held), targets=targets))[2]


def set_latest(request: Request, id: ResourceId, *, excluded: bool, region: str = "") -> Operation | None:
    """Sets whether the version may be the latest: in one region, or everywhere, which clears the regional flags.

    Raises Forbidden, NotFound, Conflict.
    """
    held = _quiet(request, id)
    wanted = _as_it_is(request, held)
    if region:
        name = request.settings.regions.get(region).name
        targets = tuple(
            replace(each, exclude_from_latest=excluded) if _names(each, name) else each for each in wanted.targets
        )
        wanted = replace(wanted, targets=targets)
    else:
        targets = tuple(replace(each, exclude_from_latest=None) for each in wanted.targets)
        wanted = replace(wanted, targets=targets, exclude_from_latest=excluded)
    return put_version(request, id, wanted)[2]


def set_end_of_life(request: Request, id: ResourceId, end: datetime | None) -> Operation | None:
    """Sets the version's end of life; None removes it.

    Raises Forbidden, NotFound, Conflict, and Invalid for the past.
    """
    held = _quiet(request, id)
    return put_version(request, id, replace(_as_it_is(request, held), end_of_life=end))[2]


def retry_version(request: Request, id: ResourceId) -> Operation | None:
    """Retries what failed: making the version, or filling its regions. Raises Forbidden, NotFound, Conflict."""
    held = _quiet(request, id)
    return put_version(request, id, _as_it_is(request, held))[2]


def restore_version(request: Request, id: ResourceId) -> ImageVersion:
    """Restores a soft-deleted version. Raises Forbidden, NotFound, Conflict."""
    request.caller.require(f"{VERSION}/write", id.key)
    held = request.uow.versions.get_by_key(id.key)
    return put_version(request, id, VersionRequest(location=held.location, tags={}, restores=True))[0]


def _quiet(request: Request, id: ResourceId) -> ImageVersion:
    """Returns the version. Raises Conflict while an operation runs on it, because the change would be lost."""
    request.caller.require(f"{VERSION}/write", id.key)
    held = get_version(request, id)
    if request.uow.operations.running_on(held.id):
        raise Conflict(
            Message("Version {held} is being worked on.", held=held.name),
            hint=Message("Wait until its operation has ended, then try again."),
        )
    return held


def _as_it_is(request: Request, held: ImageVersion) -> VersionRequest:
    return VersionRequest(
        location=held.location,
        tags=held.tags,
        targets=current_targets(request, held),
        exclude_from_latest=held.exclude_from_latest,
        end_of_life=held.end_of_life,
    )


def _names(target: ReplicationTarget, region: str) -> bool:
    return target.region.replace(" ", "").lower() == region
