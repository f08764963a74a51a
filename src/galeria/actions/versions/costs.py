"""Which labs use a version, what deleting it would free, and what stores must keep."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request import Request
from galeria.actions.galleries.gallery_lists import READ_VERSION
from galeria.actions.labs.lab_settings import LAB
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import DiskFacts, ImageVersion, Replica, ReplicaFacts, VersionDisk
from galeria.domain.images.storage import OriginKind
from galeria.domain.labs.labs import Lab
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.states import ReplicaState
from galeria.ports.images import ImageStore
from galeria.ports.work import Traffic


@dataclass(frozen=True, kw_only=True)
class RegionImpact:
    """The bytes that deleting a version frees in one region."""

    region: str
    freed_now: int  # bytes
    freed_later: int  # bytes, once the labs based on it are deleted


@dataclass(frozen=True, kw_only=True)
class DeletionImpact:
    """What deleting a version would mean: the labs that use it, and the bytes freed."""

    version: ImageVersion
    labs: tuple[Lab, ...]  # that the caller may read
    other_labs: int  # how many more there are
    regions: tuple[RegionImpact, ...]


def _labs(request: Request, version_id: str) -> tuple[tuple[Lab, ...], int]:
    """Returns the labs made from the version that the caller may read, and how many others there are."""
    labs = request.uow.labs.of_version(version_id)
    seen = tuple(each for each in labs if request.caller.may(f"{LAB}/read", each.key))
    return seen, len(labs) - len(seen)


def impact_of_deletion(request: Request, version_id: ResourceId, stores: Mapping[str, ImageStore]) -> DeletionImpact:
    """Returns which labs use the version and what deleting it would free, without changing anything.

    Raises Forbidden, NotFound.
    """
    request.caller.require(READ_VERSION, version_id.key)
    uow = request.uow
    version = uow.versions.get_by_key(version_id.key)
    labs, others = _labs(request, version.id)
    return DeletionImpact(
        version=version, labs=labs, other_labs=others, regions=_region_impacts(request, version, stores)
    )


def freed_by_deletion(
    request: Request, version_id: ResourceId, stores: Mapping[str, ImageStore], traffic: Traffic | None = None
) -> tuple[RegionImpact, ...]:
    """Returns the bytes that deleting the version would free, by region.

    Slow where it has content of its own, because all others' manifests are read; gives way to the answers of `traffic`
    meanwhile. Raises Forbidden, NotFound.
    """
    request.caller.require(READ_VERSION, version_id.key)
    return _region_impacts(request, request.uow.versions.get_by_key(version_id.key), stores, traffic)


def _region_impacts(
    request: BaseRequest, version: ImageVersion, stores: Mapping[str, ImageStore], traffic: Traffic | None = None
) -> tuple[RegionImpact, ...]:
    shared = request.uow.versions.shared(version.id)
    return tuple(
        _region_impact(request, version, stores[region], digests - shared.get(region, set()), traffic)
        for region, digests in sorted(held_digests(request, version).items())
    )


def _region_impact(
    request: BaseRequest, version: ImageVersion, store: ImageStore, own: set[str], traffic: Traffic | None
) -> RegionImpact:
    """Returns what is freed in the store's region; `own` are the digests that no other version has there."""
    region = store.region
    if not own:  # nothing is freed, so thousands of others need not be read
        return RegionImpact(region=region, freed_now=0, freed_later=0)
    images, machines = live_images(request, region, without=version.id), live_machines(request, region)
    whole = store.holding(own - images, others=images, traffic=traffic).exclusive_bytes
    if machines <= images:
        return RegionImpact(region=region, freed_now=whole, freed_later=0)
    now = store.holding(own - images - machines, others=images | machines, traffic=traffic).exclusive_bytes
    return RegionImpact(region=region, freed_now=now, freed_later=whole - now)


def held_digests(request: BaseRequest, version: ImageVersion) -> dict[str, set[str]]:
    """Returns region → digests that this version has there, by its completed replicas."""
    versions = request.uow.versions
    return _held(versions.disks(version.id), versions.replicas(version.id))


def _held(disks: Iterable[VersionDisk | DiskFacts], replicas: Iterable[Replica | ReplicaFacts]) -> dict[str, set[str]]:
    digests = {disk.digest for disk in disks if disk.digest}
    regions = [each.region for each in replicas if each.state is ReplicaState.COMPLETED]
    return {region: set(digests) for region in regions if digests}


def live_images(request: BaseRequest, region: str, *, without: str = "") -> set[str]:
    """Returns the digests that image versions, managed images, disks and snapshots of the region refer to, unfinished
    replicas included."""
    return request.uow.versions.contents(region, without=without) | live_disks(request, region)


def live_disks(request: BaseRequest, region: str) -> set[str]:
    """Returns the digests in the region outside galleries, and those that operations under way are about to copy from it."""
    uow = request.uow
    held = uow.disks.contents(region) | uow.snapshots.contents(region) | uow.managed_images.contents(region)
    fillings = [each.inputs for each in uow.operations.unsettled()]
    origins = [origin for each in fillings if isinstance(each, FillInputs) for origin in each.origins.values()]
    copied = {each.name for each in origins if each.kind is OriginKind.CONTENT and each.region == region}
    parents = {each.parent for each in origins if each.parent and each.region == region}
    return held | copied | parents


def live_machines(request: BaseRequest, region: str) -> set[str]:
    """Returns the digests that machines of the region are based on, whose versions may be deleted already, and those that
    labs make students' machines from, those of machines that are kept, and those that labs elsewhere read while they are
    replicated there."""
    uow = request.uow
    awaited = {lab.base_digest for lab in uow.labs.awaiting(region)}
    kept = uow.kept_machines.contents(region)
    return uow.machines.contents(region) | uow.revisions.contents(region) | kept | awaited


def live_digests(request: BaseRequest, region: str) -> set[str]:
    """Returns all digests that garbage collection must keep in the region."""
    return live_images(request, region) | live_machines(request, region)
