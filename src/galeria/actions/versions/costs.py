"""What images occupy and cost, who uses them, and what deleting one would free."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from galeria.actions.core.request import Request
from galeria.actions.galleries.gallery_lists import READ_VERSION
from galeria.domain.costs import RegionCost, monthly_price
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import VersionFacts
from galeria.domain.images.galleries import ImageDefinition, ImageVersion, Replica, VersionDisk
from galeria.domain.images.storage import Origin, OriginKind
from galeria.domain.labs.labs import Lab
from galeria.domain.states import ReplicaState
from galeria.ports.database import UnitOfWork
from galeria.ports.images import ImageStore


@dataclass(frozen=True, kw_only=True)
class ReplicaCost(RegionCost):
    """`stored_bytes` are those that no older version holds already, so that all lines add up to what is really stored."""

    whole_bytes: int  # compressed bytes of the whole version, shared ones included


@dataclass(frozen=True, kw_only=True)
class VersionCost:
    definition: ImageDefinition
    version: ImageVersion
    logical_bytes: int  # what the guests see
    regions: tuple[ReplicaCost, ...]
    labs: tuple[Lab, ...]

    @property
    def price_month(self) -> Decimal:
        return monthly_price(self.regions)


@dataclass(frozen=True, kw_only=True)
class RegionImpact:
    region: str
    freed_now: int  # bytes
    freed_later: int  # bytes, once the labs that stand on it are gone


@dataclass(frozen=True, kw_only=True)
class DeletionImpact:
    """What deleting a version means, told before it is done."""

    version: ImageVersion
    labs: tuple[Lab, ...]
    regions: tuple[RegionImpact, ...]


def gallery_costs(request: Request, gallery_id: ResourceId, stores: Mapping[str, ImageStore]) -> list[VersionCost]:
    """One entry per version, oldest first."""
    request.caller.require("Microsoft.Compute/galleries/read", gallery_id.key)
    uow = request.uow
    gallery = uow.galleries.get_by_key(gallery_id.key)
    definitions = {each.id: each for each in uow.definitions.of_gallery(gallery.id)}
    versions = sorted(uow.versions.of_gallery(gallery.id), key=lambda version: (version.created_at, version.id))
    facts = uow.versions.facts(versions)
    replicas = _replica_costs(request, facts, stores)
    return [
        VersionCost(
            definition=definitions[each.version.definition_id],
            version=each.version,
            logical_bytes=sum(disk.size for disk in each.disks),
            regions=tuple(replicas[each.version.id]),
            labs=tuple(uow.labs.of_version(each.version.id)),
        )
        for each in facts
    ]


def _replica_costs(
    request: Request, facts: list[VersionFacts], stores: Mapping[str, ImageStore]
) -> dict[str, list[ReplicaCost]]:
    """By the version's id, regions by name. Each region's manifests are read a few times, however many there are."""
    held: dict[str, dict[str, set[str]]] = {}
    for each in facts:
        for region, digests in _held(each.disks, each.replicas).items():
            held.setdefault(region, {})[each.version.id] = digests
    costs: dict[str, list[ReplicaCost]] = {each.version.id: [] for each in facts}
    for region, versions in sorted(held.items()):
        grown = _growth(stores[region], list(versions.values()))
        for (id, digests), stored in zip(versions.items(), grown, strict=True):
            whole = stores[region].holding(digests, others=()).stored_bytes
            cost = ReplicaCost(prices=request.settings.prices, region=region, stored_bytes=stored, whole_bytes=whole)
            costs[id].append(cost)
    return costs


def _growth(store: ImageStore, sets: list[set[str]]) -> list[int]:
    """Bytes that each set adds to those in front of it."""
    grown: list[int] = []
    while len(grown) < len(sets):
        before = {digest for digests in sets[: len(grown)] for digest in digests}
        grown += store.growth(sets[len(grown) :], before=before)
    return grown


def impact_of_deletion(request: Request, version_id: ResourceId, stores: Mapping[str, ImageStore]) -> DeletionImpact:
    """Which labs use it, what goes now and what later. Nothing is changed."""
    request.caller.require(READ_VERSION, version_id.key)
    uow = request.uow
    version = uow.versions.get_by_key(version_id.key)
    labs = tuple(uow.labs.of_version(version.id))
    return DeletionImpact(version=version, labs=labs, regions=_region_impacts(uow, version, stores))


def freed_by_deletion(
    request: Request, version_id: ResourceId, stores: Mapping[str, ImageStore]
) -> tuple[RegionImpact, ...]:
    """Of the impact only what takes long: where contents are the version's own, those of all others are read."""
    request.caller.require(READ_VERSION, version_id.key)
    return _region_impacts(request.uow, request.uow.versions.get_by_key(version_id.key), stores)


def _region_impacts(
    uow: UnitOfWork, version: ImageVersion, stores: Mapping[str, ImageStore]
) -> tuple[RegionImpact, ...]:
    shared = uow.versions.shared(version.id)
    return tuple(
        _region_impact(uow, version, stores[region], digests - shared.get(region, set()))
        for region, digests in sorted(held_digests(uow, version).items())
    )


def _region_impact(uow: UnitOfWork, version: ImageVersion, store: ImageStore, own: set[str]) -> RegionImpact:
    """`own` are the contents of it that no other version of the region has."""
    region = store.region
    if not own:  # then nothing goes, whatever else there is: thousands of others are not looked at
        return RegionImpact(region=region, freed_now=0, freed_later=0)
    images, machines = live_images(uow, region, without=version.id), live_machines(uow, region)
    whole = store.holding(own - images, others=images).exclusive_bytes
    if machines <= images:
        return RegionImpact(region=region, freed_now=whole, freed_later=0)
    now = store.holding(own - images - machines, others=images | machines).exclusive_bytes
    return RegionImpact(region=region, freed_now=now, freed_later=whole - now)


def held_digests(uow: UnitOfWork, version: ImageVersion) -> dict[str, set[str]]:
    """Region → contents that this version has there."""
    return _held(uow.versions.disks(version.id), uow.versions.replicas(version.id))


def _held(disks: list[VersionDisk], replicas: list[Replica]) -> dict[str, set[str]]:
    digests = {disk.digest for disk in disks if disk.digest}
    regions = [each.region for each in replicas if each.state is ReplicaState.COMPLETED]
    return {region: set(digests) for region in regions if digests}


def live_images(uow: UnitOfWork, region: str, *, without: str = "") -> set[str]:
    """Contents that image versions, managed images, disks and snapshots of the region name, half-copied ones included."""
    return uow.versions.contents(region, without=without) | live_disks(uow, region)


def live_disks(uow: UnitOfWork, region: str) -> set[str]:
    """Contents of the region outside galleries, and those that operations under way are about to copy from it."""
    held = uow.disks.contents(region) | uow.snapshots.contents(region) | uow.managed_images.contents(region)
    origins = [
        Origin.from_inputs(each)
        for operation in uow.operations.unsettled()
        for each in operation.inputs.get("origins", {}).values()
    ]
    copied = {each.name for each in origins if each.kind is OriginKind.CONTENT and each.region == region}
    parents = {each.parent for each in origins if each.parent and each.region == region}
    return held | copied | parents


def live_machines(uow: UnitOfWork, region: str) -> set[str]:
    """Contents that machines of the region stand on, whose versions may be deleted already."""
    return uow.machines.contents(region)


def live_digests(uow: UnitOfWork, region: str) -> set[str]:
    """Everything that garbage collection must keep in the region."""
    return live_images(uow, region) | live_machines(uow, region)
