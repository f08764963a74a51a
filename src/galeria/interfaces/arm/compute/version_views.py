"""Image versions as the API answers them: Azure's form, and in `galeria` further figures."""

from collections.abc import Sequence
from typing import Any

from galeria.actions.core.request import Request
from galeria.domain.images.galleries import OS_DISK, DiskFacts, ImageVersion, ReplicaFacts, as_sent
from galeria.domain.states import ReplicaState
from galeria.domain.units import gigabytes
from galeria.interfaces.arm.compute.found_views import found_view
from galeria.interfaces.arm.compute.version_sources import with_source
from galeria.interfaces.arm.protocol.envelope import envelope, when

_SHOWN = {
    ReplicaState.PENDING: "Unknown",
    ReplicaState.REPLICATING: "Replicating",
    ReplicaState.COMPLETED: "Completed",
    ReplicaState.FAILED: "Failed",
}


def version_view(request: Request, version: ImageVersion, *, with_status: bool = False) -> dict[str, Any]:
    return version_views(request, [version], with_status=with_status)[0]


def version_views(
    request: Request, versions: Sequence[ImageVersion], *, with_status: bool = False
) -> list[dict[str, Any]]:
    """Return the versions. `with_status` adds replicationStatus, which clients must ask for.

    Nothing but the part `galeria` has values that are missing, so that `shown_complete` may show them.
    """
    facts = request.uow.versions.facts(versions)
    return [_view(each.version, each.disks, each.replicas, with_status=with_status) for each in facts]


def _view(
    version: ImageVersion, disks: list[DiskFacts], replicas: list[ReplicaFacts], *, with_status: bool
) -> dict[str, Any]:
    properties = {
        "publishingProfile": _publishing(version, replicas),
        "storageProfile": with_source(version, _storage(disks)),
        "safetyProfile": {
            "allowDeletionOfReplicatedLocations": version.allow_region_removal,
            "blockDeletionBeforeEndOfLife": version.block_early_deletion,
            "reportedForPolicyViolation": False,
            "policyViolations": [],
        },
        "galeria": _figures(version, disks, replicas),
    }
    if with_status:
        properties["replicationStatus"] = _status(replicas)
    return envelope(version, properties)


def _publishing(version: ImageVersion, replicas: list[ReplicaFacts]) -> dict[str, Any]:
    dates = {"publishedDate": when(version.published_at), "endOfLifeDate": when(version.end_of_life)}
    return {
        "targetRegions": [_target(version, replica) for replica in as_sent(replicas)],
        "replicaCount": version.replica_count,
        "excludeFromLatest": version.exclude_from_latest,
        **{name: date for name, date in dates.items() if date is not None},
        "storageAccountType": version.storage_type.value,
        "replicationMode": version.replication_mode.value,
    }


def _target(version: ImageVersion, replica: ReplicaFacts) -> dict[str, Any]:
    """Return a target region under the name that the caller wrote.

    excludeFromLatest is left out where the version's own value counts.
    """
    target = {
        "name": replica.spelling or replica.region,
        "regionalReplicaCount": replica.replica_count or version.replica_count,
        "storageAccountType": (replica.storage_type or version.storage_type).value,
    }
    flag = replica.exclude_from_latest
    return target if flag is None else {**target, "excludeFromLatest": flag}


def _storage(disks: list[DiskFacts]) -> dict[str, Any]:
    images = [
        {"lun": disk.lun, "sizeInGB": gigabytes(disk.size), "hostCaching": "None"} for disk in disks if disk.lun >= 0
    ]
    profile: dict[str, Any] = {"dataDiskImages": images} if images else {}
    for disk in disks:
        if disk.lun == OS_DISK:
            profile["osDiskImage"] = {"sizeInGB": gigabytes(disk.size), "hostCaching": "ReadWrite"}
    return profile


def _status(replicas: list[ReplicaFacts]) -> dict[str, Any]:
    summary = [
        {
            "region": replica.spelling or replica.region,
            "state": _SHOWN[replica.state],
            "progress": replica.progress,
            "details": replica.failure,
        }
        for replica in replicas
    ]
    return {"aggregatedState": _aggregated(replicas), "summary": summary}


def _aggregated(replicas: list[ReplicaFacts]) -> str:
    states = {replica.state for replica in replicas}
    if states <= {ReplicaState.COMPLETED}:
        return "Completed" if states else "Unknown"
    if states & {ReplicaState.PENDING, ReplicaState.REPLICATING}:
        return "InProgress"
    return "Failed"


def _figures(version: ImageVersion, disks: Sequence[DiskFacts], replicas: list[ReplicaFacts]) -> dict[str, Any]:
    os_disk = next((disk for disk in disks if disk.lun == OS_DISK), None)
    return {
        "digest": (os_disk and os_disk.digest) or None,
        "logicalBytes": sum(disk.size for disk in disks),
        "dataBytes": sum(disk.data_bytes for disk in disks),
        "readBytes": sum(disk.read_bytes for disk in disks),
        "storedBytes": sum(disk.stored_bytes for disk in disks),
        "parentDigest": version.parent_digest,
        "failure": version.failure,
        "found": found_view(version.look),
        "disks": [
            {
                "lun": disk.lun,
                "sizeBytes": disk.size,
                "dataBytes": disk.data_bytes,
                "readBytes": disk.read_bytes,
                "storedBytes": disk.stored_bytes,
                "digest": disk.digest or None,
            }
            for disk in disks
        ],
        "replicas": [_replica(replica) for replica in replicas],
    }


def _replica(replica: ReplicaFacts) -> dict[str, Any]:
    return {
        "region": replica.region,
        "state": replica.state.value,
        "progress": replica.progress,
        "bytesDone": replica.bytes_done,
        "bytesTotal": replica.bytes_total,
        "sentBytes": replica.sent_bytes,
        "failure": replica.failure,
        "verifiedAt": when(replica.verified_at),
    }
