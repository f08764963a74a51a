"""Image definitions, versions and accounts as values, without a database."""

from datetime import UTC, datetime
from typing import Any, TypeVar

from galeria.domain.images.eligibility import (
    ImageEligibility,
    VersionFacts,
    VersionOutline,
    available_regions,
    image_eligibility,
)
from galeria.domain.images.galleries import (
    OS_DISK,
    DiskFacts,
    Generation,
    ImageDefinition,
    ImageVersion,
    OsState,
    OsType,
    Replica,
    ReplicaFacts,
    SourceKind,
    VersionDisk,
    latest_version,
)
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.resources import Resource
from galeria.domain.states import ProvisioningState, ReplicaState
from galeria.domain.units import GB

T = TypeVar("T", bound=Resource)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
IMAGE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/gal/images/linux"
COMPLETED = {"brazilsouth": ReplicaState.COMPLETED}


def stamps(id: str) -> dict[str, object]:
    """What every resource carries."""
    return {
        "id": id,
        "resource_id": id,
        "key": id.lower(),
        "location": "brazilsouth",
        "created_at": NOW,
        "created_by": "ana",
        "modified_at": NOW,
        "modified_by": "ana",
    }


def account(**policies: object) -> LabAccount:
    return made(LabAccount, "/subscriptions/s/resourceGroups/g/providers/Microsoft.LabServices/labPlans/labs", policies)


def definition(os_type: OsType = OsType.LINUX) -> ImageDefinition:
    texts: dict[str, object] = dict.fromkeys(("gallery_id", "display_name", "publisher", "offer", "sku"), "linux")
    kinds = {"os_type": os_type, "os_state": OsState.GENERALIZED, "generation": Generation.V2}
    return made(ImageDefinition, IMAGE, texts | kinds)


def version(name: str = "1.0.0", *, sealed: bool = True, **more: object) -> ImageVersion:
    source = {"definition_id": "d", "source_kind": SourceKind.UPLOAD, "source_id": "u"}
    return made(ImageVersion, f"{IMAGE}/versions/{name}", {"published_at": NOW if sealed else None} | source | more)


def facts(
    of: ImageVersion,
    regions: dict[str, ReplicaState] | None = None,
    *,
    flags: dict[str, bool] | None = None,
    disks: tuple[int, ...] = (2 * GB,),
) -> VersionFacts:
    """`flags` are the regional ones; `disks` the sizes in bytes, the OS disk first."""
    replicas = [
        Replica(version_id=of.id, region=region, state=state, exclude_from_latest=(flags or {}).get(region))
        for region, state in (COMPLETED if regions is None else regions).items()
    ]
    held = [VersionDisk(version_id=of.id, lun=OS_DISK + n, size=size, digest="0" * 64) for n, size in enumerate(disks)]
    return VersionFacts(
        version=of,
        disks=[DiskFacts._make(getattr(disk, field) for field in DiskFacts._fields) for disk in held],
        replicas=[ReplicaFacts._make(getattr(each, field) for field in ReplicaFacts._fields) for each in replicas],
    )


def eligibility_of(
    account: LabAccount, definition: ImageDefinition, facts: list[VersionFacts], *, enabled: bool, region: str
) -> ImageEligibility:
    """What the rules say where everything is known of every version: what quick questions must come to as well."""
    latest = latest_version([(each.version, each.replicas) for each in facts], region)
    outlines = [
        VersionOutline(id=each.version.id, resource_id=each.version.resource_id, shape=each.shape)
        for each in facts
        if latest and each.version.id == latest.id
    ]
    return image_eligibility(
        account,
        definition,
        next(iter(outlines), None),
        enabled=enabled,
        region=region,
        available=available_regions(facts),
        facts=facts,
    )


def being_made(name: str = "1.0.0") -> ImageVersion:
    return version(name, sealed=False, state=ProvisioningState.CREATING)


def made(kind: type[T], id: str, more: dict[str, Any]) -> T:
    fields: dict[str, Any] = {**stamps(id), **more}
    return kind(**fields)


def latest(*given: VersionFacts, region: str = "brazilsouth") -> str | None:
    found = latest_version([(each.version, each.replicas) for each in given], region)
    return found.name if found else None
