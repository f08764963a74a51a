"""Where and how a version is published: its regions, its replicas, its end of life."""

from datetime import datetime

from galeria.actions.request import Request
from galeria.domain.errors import Invalid
from galeria.domain.galleries import ImageVersion, Replica
from galeria.domain.publishing import (
    PROFILE,
    Publishing,
    ReplicationMode,
    Target,
    changed,
    check_end_of_life,
    check_shallow,
    checked_count,
)


def publish(request: Request, version: ImageVersion, said: Publishing, end_of_life: datetime | None) -> None:
    """Everything but the regions. Raises Invalid; the replication mode never changes once the version is sealed."""
    check_end_of_life(request.clock.now(), version.end_of_life, end_of_life, f"{PROFILE}.endOfLifeDate")
    version.end_of_life = end_of_life
    if said.replica_count is not None:
        version.replica_count = checked_count(said.replica_count, f"version {version.name}")
    if said.storage_type is not None:
        version.storage_type = said.storage_type
    if said.mode is not None and said.mode is not version.replication_mode:
        if version.is_sealed:
            raise changed(f"{PROFILE}.replicationMode", version.replication_mode, said.mode)
        version.replication_mode = said.mode
    if said.allow_region_removal is not None:
        version.allow_region_removal = said.allow_region_removal
    if said.block_early_deletion is not None:
        version.block_early_deletion = said.block_early_deletion


def aim(request: Request, version: ImageVersion, targets: tuple[Target, ...]) -> None:
    """The regions of a version that holds no bytes yet: exactly these, its home region among them. Raises Invalid."""
    wanted = _checked(request, version, targets)
    held = {replica.region: replica for replica in request.uow.versions.replicas(version.id)}
    for region in held.keys() - wanted.keys():
        request.uow.versions.remove_replica(held[region])
    _place(request, version, held, wanted)


def aim_again(request: Request, version: ImageVersion, targets: tuple[Target, ...]) -> tuple[list[str], bool]:
    """The regions that an operation must take out, and whether one of the others is still to be filled. Raises Invalid."""
    wanted = _checked(request, version, targets)
    held = {replica.region: replica for replica in request.uow.versions.replicas(version.id)}
    removed = sorted(held.keys() - wanted.keys())
    if removed and not version.allow_region_removal:
        raise Invalid(
            f"Version {version.name} may not lose regions: {', '.join(removed)}.",
            hint="Set safetyProfile.allowDeletionOfReplicatedLocations to true first, or name them as target regions.",
            target=f"{PROFILE}.targetRegions",
        )
    _place(request, version, held, wanted)
    is_unfinished = bool(wanted.keys() - held.keys()) or any(held[each].progress < 100 for each in held if each in wanted)
    return removed, is_unfinished


def _place(request: Request, version: ImageVersion, held: dict[str, Replica], wanted: dict[str, Target]) -> None:
    for region, target in wanted.items():
        replica = held.get(region)
        if replica is None:
            replica = Replica(version_id=version.id, region=region)
            request.uow.versions.add_replica(replica)
        replica.spelling, replica.exclude_from_latest = target.region, target.exclude_from_latest
        replica.replica_count, replica.storage_type = target.replica_count, target.storage_type


def _checked(request: Request, version: ImageVersion, targets: tuple[Target, ...]) -> dict[str, Target]:
    """By canonical name; the home region where nobody named a region."""
    named = targets or (Target(region=version.location),)
    names = [request.settings.regions.get(each.region).name for each in named]
    where = f"{PROFILE}.targetRegions"
    if len(set(names)) != len(names):
        raise Invalid(
            "Duplicate regions are not allowed in target publishing regions.",
            hint="Name each region once; spelling and case make no difference.",
            target=where,
        )
    if version.location not in names:
        raise Invalid(
            f"The target regions must include the version's own location, {version.location}.",
            hint=f"Add {version.location} to the target regions.",
            target=where,
        )
    for each in named:
        if each.replica_count is not None:
            checked_count(each.replica_count, each.region)
    if version.replication_mode is ReplicationMode.SHALLOW:
        canonical = [Target(region=name, replica_count=each.replica_count) for name, each in zip(names, named, strict=True)]
        check_shallow(canonical, version.location, version.replica_count)
    return dict(zip(names, named, strict=True))
