"""The publishing profile of one version: its regions, their counts and flags, and what of that never changes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from galeria.actions.core.request import Request
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.images.galleries import ImageVersion, Replica
from galeria.domain.images.publishing import (
    PROFILE,
    PublishingOptions,
    ReplicationMode,
    ReplicationTarget,
    changed,
    check_end_of_life,
    check_shallow,
    checked_count,
)
from galeria.domain.messages import Message
from galeria.domain.states import ReplicaState

T = TypeVar("T")


def publish(request: Request, version: ImageVersion, wanted: PublishingOptions, end_of_life: datetime | None) -> None:
    """Set what is said of the version as a whole. Storage and mode are fixed once its bytes are sealed."""
    if version.is_sealed:
        _check_fixed(version, wanted)
    check_end_of_life(request.clock.now(), version.end_of_life, end_of_life, f"{PROFILE}.endOfLifeDate")
    version.end_of_life = end_of_life
    version.replica_count = checked_count(_or(wanted.replica_count, version.replica_count), Message("the version"))
    version.storage_type = wanted.storage_type or version.storage_type
    version.replication_mode = wanted.mode or version.replication_mode
    version.allow_region_removal = _or(wanted.allow_region_removal, version.allow_region_removal)
    version.block_early_deletion = _or(wanted.block_early_deletion, version.block_early_deletion)
    if version.block_early_deletion and end_of_life is None:
        raise Invalid(
            Message("Deletion cannot be blocked before an end of life that is not set."),
            hint=Message("Give publishingProfile.endOfLifeDate with safetyProfile.blockDeletionBeforeEndOfLife."),
            target=f"{PROFILE}.endOfLifeDate",
        )


def set_targets(request: Request, version: ImageVersion, targets: Sequence[ReplicationTarget]) -> None:
    """Pending replicas in exactly these regions, for a version that holds no bytes yet; the home region is one of them."""
    for replica in request.uow.versions.replicas(version.id):
        request.uow.versions.remove_replica(replica)
    for target, spelling in _checked(request, version, targets):
        request.uow.versions.add_replica(_replica(version, target, spelling))


def change_targets(
    request: Request, version: ImageVersion, targets: Sequence[ReplicationTarget]
) -> tuple[list[str], bool]:
    """Change the regions of a sealed version. Returns those to be emptied, and whether any is to be filled.

    Raises Conflict where the safety profile keeps a region, Invalid where a region's kind of storage would change.
    """
    checked = {target.region: (target, spelling) for target, spelling in _checked(request, version, targets)}
    held = {replica.region: replica for replica in request.uow.versions.replicas(version.id)}
    leaving = [replica for region, replica in held.items() if region not in checked]
    if not version.allow_region_removal:
        _keep(version, leaving)
    unfinished = False
    for region, (target, spelling) in checked.items():
        replica = held.get(region)
        if replica is None:
            request.uow.versions.add_replica(_replica(version, target, spelling))
        else:
            _change(version, replica, target, spelling)
        unfinished = unfinished or replica is None or replica.state is not ReplicaState.COMPLETED
    return sorted(replica.region for replica in leaving), unfinished


def _checked(
    request: Request, version: ImageVersion, targets: Sequence[ReplicationTarget]
) -> list[tuple[ReplicationTarget, str]]:
    """With canonical names and the caller's spelling; the home region is added where nobody named a region."""
    home = version.location
    checked: list[tuple[ReplicationTarget, str]] = []
    for each in targets or (ReplicationTarget(region=home),):
        region = request.settings.regions.get(each.region).name
        if each.replica_count is not None:
            checked_count(each.replica_count, region)
        checked.append((replace(each, region=region), each.region))
    names = [target.region for target, _ in checked]
    if len(set(names)) != len(names):
        raise Invalid(
            Message("Duplicate regions are not allowed in target publishing regions."),
            hint=Message("Name each region once; spelling and case make no difference."),
            target=f"{PROFILE}.targetRegions",
        )
    if home not in names:
        raise Invalid(
            Message("The target regions must include the version's own location, {home}.", home=home),
            hint=Message("Add {home} to the target regions.", home=home),
            target=f"{PROFILE}.targetRegions",
        )
    if version.replication_mode is ReplicationMode.SHALLOW:
        check_shallow([target for target, _ in checked], home, version.replica_count)
    return checked


def _replica(version: ImageVersion, target: ReplicationTarget, spelling: str) -> Replica:
    return Replica(
        version_id=version.id,
        region=target.region,
        exclude_from_latest=target.exclude_from_latest,
        spelling=spelling,
        replica_count=target.replica_count,
        storage_type=target.storage_type,
    )


def _change(version: ImageVersion, replica: Replica, target: ReplicationTarget, spelling: str) -> None:
    now = replica.storage_type or version.storage_type
    if target.storage_type not in (None, now):
        raise changed(f"{PROFILE}.targetRegions['{replica.region}'].storageAccountType", now, target.storage_type)
    replica.exclude_from_latest, replica.replica_count = target.exclude_from_latest, target.replica_count
    replica.spelling = spelling


def _keep(version: ImageVersion, leaving: list[Replica]) -> None:
    kept = [replica.region for replica in leaving if replica.state is ReplicaState.COMPLETED]
    if kept:
        raise Conflict(
            Message(
                "The safety profile of version {version} keeps its replicas in {kept}.", version=version.name, kept=kept
            ),
            hint=Message("Set safetyProfile.allowDeletionOfReplicatedLocations to true first."),
            code="OperationNotAllowed",
            target=f"{PROFILE}.targetRegions",
        )


def _check_fixed(version: ImageVersion, wanted: PublishingOptions) -> None:
    fixed: dict[str, tuple[object, object]] = {
        "storageAccountType": (version.storage_type, wanted.storage_type),
        "replicationMode": (version.replication_mode, wanted.mode),
    }
    for name, (now, then) in fixed.items():
        if then not in (None, now):
            raise changed(f"{PROFILE}.{name}", now, then)


def _or(wanted: T | None, held: T) -> T:
    return held if wanted is None else wanted
