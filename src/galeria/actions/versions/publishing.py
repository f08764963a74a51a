"""The publishing profile of a version: its regions with their counts and flags, and what of that never changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from galeria.actions.core.request import Request
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.images.galleries import ImageVersion, Replica, as_sent
from galeria.domain.images.publishing import (
    PROFILE,
    PublishingOptions,
    ReplicationMode,
    ReplicationTarget,
    changed,
    check_shallow,
    checked_count,
    end_of_life,
)
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import RegionInputs
from galeria.domain.states import ReplicaState

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class PublishingRequest:
    """What a caller says of how a version is published. Without target regions it stays where it is, or at home."""

    targets: tuple[ReplicationTarget, ...] = ()
    exclude_from_latest: bool = False
    end_of_life: datetime | None = None
    publishing: PublishingOptions = field(default_factory=PublishingOptions)


def publish(request: Request, version: ImageVersion, wanted: PublishingRequest) -> None:
    """Publish a version that holds no bytes yet: its flags, and pending replicas in exactly the regions asked for.

    Repeated without target regions, the regions of the first time stay. Raises Invalid.
    """
    _set_options(request, version, wanted)
    held = request.uow.versions.replicas(version.id)
    if held and not wanted.targets:
        return
    for replica in held:
        request.uow.versions.remove_replica(replica)
    for position, (target, spelling) in enumerate(_checked(request, version, wanted.targets)):
        request.uow.versions.add_replica(_replica(version, target, spelling, position))


def publish_anew(request: Request, version: ImageVersion, wanted: PublishingRequest) -> tuple[list[str], bool]:
    """Change how a sealed version is published. Returns the regions to be emptied, and whether any is to be filled.

    Raises Conflict where the safety profile keeps a region, Invalid where a kind of storage or the mode would change.
    """
    _check_fixed(version, wanted.publishing)
    _set_options(request, version, wanted)
    return _change_targets(request, version, wanted.targets)


def publish_beside(request: Request, version: ImageVersion, wanted: PublishingRequest) -> None:
    """Change what can be kept at once while an operation fills the version or takes regions away: flags and counts.

    Raises Conflict for other regions than the operation brings about, and for another kind of storage or mode.
    """
    stay = {each.region for each in _staying(request, version)}
    targets = _checked(request, version, wanted.targets) if wanted.targets else []
    named = {target.region: (target, spelling) for target, spelling in targets}
    if named and set(named) != stay:
        raise busy(version, f"{PROFILE}.targetRegions")
    options = wanted.publishing
    for name, now, said in (
        ("storageAccountType", version.storage_type, options.storage_type),
        ("replicationMode", version.replication_mode, options.mode),
    ):
        if said not in (None, now):
            raise busy(version, f"{PROFILE}.{name}")
    _set_options(request, version, wanted)
    for position, (region, (target, spelling)) in enumerate(named.items()):
        replica = request.uow.versions.find_replica(version.id, region)
        if replica:
            _change(version, replica, target, spelling)
            replica.position = position


def busy(version: ImageVersion, target: str) -> Conflict:
    """Returns the error for a change that cannot be kept while an operation works on the version; `target` names it."""
    return Conflict(
        Message(
            "Version {version} is being worked on, and '{target}' cannot change now.",
            version=version.name,
            target=target,
        ),
        hint=Message("Wait until its operation has ended, then send the change again."),
        code="OperationNotAllowed",
        target=target,
    )


def current_targets(request: Request, version: ImageVersion) -> tuple[ReplicationTarget, ...]:
    """The target regions that a version has, or will have when what runs has ended, as a caller would say them."""
    return tuple(
        ReplicationTarget(
            region=each.spelling or each.region,
            exclude_from_latest=each.exclude_from_latest,
            replica_count=each.replica_count,
            storage_type=each.storage_type,
        )
        for each in as_sent(_staying(request, version))
    )


def _staying(request: Request, version: ImageVersion) -> list[Replica]:
    """Returns the replicas without those that a running operation takes away."""
    inputs = [each.inputs for each in request.uow.operations.running_on(version.id)]
    leaving = {region for each in inputs if isinstance(each, RegionInputs) for region in each.removed}
    return [each for each in request.uow.versions.replicas(version.id) if each.region not in leaving]


def _set_options(request: Request, version: ImageVersion, wanted: PublishingRequest) -> None:
    options, now = wanted.publishing, request.clock.now()
    version.end_of_life = end_of_life(now, version.end_of_life, wanted.end_of_life, f"{PROFILE}.endOfLifeDate")
    version.exclude_from_latest = wanted.exclude_from_latest
    version.replica_count = checked_count(_or(options.replica_count, version.replica_count), "the version")
    version.storage_type = options.storage_type or version.storage_type
    version.replication_mode = options.mode or version.replication_mode
    version.allow_region_removal = _or(options.allow_region_removal, version.allow_region_removal)
    version.block_early_deletion = _or(options.block_early_deletion, version.block_early_deletion)
    if version.block_early_deletion and version.end_of_life is None:
        raise Invalid(
            Message("Deletion cannot be blocked before an end of life that is not set."),
            hint=Message("Give publishingProfile.endOfLifeDate with safetyProfile.blockDeletionBeforeEndOfLife."),
            target=f"{PROFILE}.endOfLifeDate",
        )


def _change_targets(
    request: Request, version: ImageVersion, targets: Sequence[ReplicationTarget]
) -> tuple[list[str], bool]:
    checked = {target.region: (target, spelling) for target, spelling in _checked(request, version, targets)}
    held = {replica.region: replica for replica in request.uow.versions.replicas(version.id)}
    leaving = [replica for region, replica in held.items() if region not in checked]
    if not version.allow_region_removal:
        _keep(version, leaving)
    unfinished = False
    for position, (region, (target, spelling)) in enumerate(checked.items()):
        replica = held.get(region)
        if replica is None:
            request.uow.versions.add_replica(_replica(version, target, spelling, position))
        else:
            _change(version, replica, target, spelling)
            replica.position = position
        unfinished = unfinished or replica is None or replica.state is not ReplicaState.COMPLETED
    return sorted(replica.region for replica in leaving), unfinished


def _checked(
    request: Request, version: ImageVersion, targets: Sequence[ReplicationTarget]
) -> list[tuple[ReplicationTarget, str]]:
    """Returns the targets with short names, and the caller's spelling; none stand for the home region. Raises Invalid."""
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


def _replica(version: ImageVersion, target: ReplicationTarget, spelling: str, position: int) -> Replica:
    return Replica(
        version_id=version.id,
        region=target.region,
        exclude_from_latest=target.exclude_from_latest,
        spelling=spelling,
        replica_count=target.replica_count,
        storage_type=target.storage_type,
        position=position,
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


def _check_fixed(version: ImageVersion, options: PublishingOptions) -> None:
    """Storage and mode are fixed once the bytes of a version are sealed."""
    fixed: dict[str, tuple[object, object]] = {
        "storageAccountType": (version.storage_type, options.storage_type),
        "replicationMode": (version.replication_mode, options.mode),
    }
    for name, (now, then) in fixed.items():
        if then not in (None, now):
            raise changed(f"{PROFILE}.{name}", now, then)


def _or(option: T | None, held: T) -> T:
    return held if option is None else option
