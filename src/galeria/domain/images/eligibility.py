"""Can this image make a lab here, and if not: why, and what cures it. The one answer that API, page and command line show.

Azure leaves such images out of the list without a word (mission, M2).
"""

from dataclasses import dataclass

from galeria.domain.images.galleries import (
    OS_DISK,
    Generation,
    ImageDefinition,
    ImageVersion,
    OsState,
    OsType,
    Replica,
    VersionDisk,
    latest_version,
)
from galeria.domain.images.soft_delete import Retention
from galeria.domain.labs.accounts import GB, LabAccount
from galeria.domain.messages import Message
from galeria.domain.resources import Outline
from galeria.domain.states import ProvisioningState, ReplicaState


@dataclass(frozen=True, kw_only=True, slots=True)
class Obstacle:
    """One reason against an image. `code` is stable for programs."""

    code: str
    reason: Message
    cure: Message


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionFacts:
    version: ImageVersion
    disks: list[VersionDisk]
    replicas: list[Replica]

    @property
    def os_disk(self) -> VersionDisk | None:
        return next((disk for disk in self.disks if disk.lun == OS_DISK), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class DiskShape:
    """What of a version's disks decides whether a lab machine takes them."""

    os_disk_size: int  # bytes; 0 where it has none yet
    disks: int


@dataclass(frozen=True, slots=True)
class ImageOutline(Outline):
    """An image definition in brief, where thousands are looked through."""

    id: str
    resource_id: str
    display_name: str
    os_type: OsType
    os_state: OsState
    generation: Generation
    description: str

    @classmethod
    def of(cls, definition: ImageDefinition) -> "ImageOutline":
        return cls(*(getattr(definition, each) for each in cls.__slots__))


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionOutline(Outline):
    """An image version in brief."""

    id: str
    resource_id: str
    shape: DiskShape


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageEligibility:
    """One image definition as a lab account sees it in one region. `version` is what a new lab would get."""

    definition: ImageDefinition
    enabled: bool
    version: ImageVersion | None
    available_regions: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]

    @property
    def is_usable(self) -> bool:
        return not self.obstacles


def image_eligibility(
    account: LabAccount,
    definition: ImageDefinition,
    facts: list[VersionFacts],
    *,
    enabled: bool,
    region: str,
) -> ImageEligibility:
    """What `region` is offered. Every obstacle is named, not only the first."""
    regions = _available(facts)
    latest = latest_version([(each.version, each.replicas) for each in facts], region)
    chosen = next((each for each in facts if latest and each.version.id == latest.id), None)
    return ImageEligibility(
        definition=definition,
        enabled=enabled,
        version=latest,
        available_regions=regions,
        obstacles=image_obstacles(
            account,
            definition.os_type,
            _shape(chosen) if chosen else None,
            enabled=enabled,
            facts=facts,
            region=region,
            available=regions,
        ),
    )


def image_obstacles(
    account: LabAccount,
    os_type: OsType,
    shape: DiskShape | None,
    *,
    enabled: bool,
    facts: list[VersionFacts],
    region: str,
    available: tuple[str, ...],
) -> tuple[Obstacle, ...]:
    """Every obstacle, not only the first. `shape` is that of the version that a lab would get; without one, `facts` tell why.

    `available` are the regions of all versions, where `facts` leaves out some that make no other difference.
    """
    obstacles: list[Obstacle] = []
    if not enabled:
        obstacles.append(
            Obstacle(
                code="Disabled",
                reason=Message("The image is disabled for this lab account."),
                cure=Message("An administrator of the account can enable it."),
            )
        )
    obstacles += _os_obstacles(os_type)
    obstacles += _disk_obstacles(account, shape) if shape else [_absence(facts, region, available)]
    return tuple(obstacles)


def is_acceptable(account: LabAccount, os_type: OsType, shape: DiskShape) -> bool:
    """Whether `image_eligibility` finds nothing against a version of this kind that is there and enabled."""
    return not kind_obstacles(account, os_type, shape)


def kind_obstacles(account: LabAccount, os_type: OsType, shape: DiskShape) -> list[Obstacle]:
    """What `image_eligibility` will say against every version of this kind, known before there is one."""
    return _os_obstacles(os_type) + _disk_obstacles(account, shape)


def version_obstacles(account: LabAccount, facts: VersionFacts, region: str) -> tuple[Obstacle, ...]:
    """The same for one exact version, which an excluded one may be."""
    ready = any(r.region == region and r.state is ReplicaState.COMPLETED for r in facts.replicas)
    if not ready or not facts.version.is_ready:
        return (_absence([facts], region, _available([facts])),)
    return tuple(_disk_obstacles(account, _shape(facts)))


def _shape(facts: VersionFacts) -> DiskShape:
    return DiskShape(os_disk_size=facts.os_disk.size if facts.os_disk else 0, disks=len(facts.disks))


def _os_obstacles(os_type: OsType) -> list[Obstacle]:
    if os_type is not OsType.WINDOWS:
        return []
    return [
        Obstacle(
            code="OsTypeNotSupported",
            reason=Message("Labs cannot provision Windows images on this installation yet."),
            cure=Message("Use a Linux image."),
        )
    ]


def _disk_obstacles(account: LabAccount, shape: DiskShape) -> list[Obstacle]:
    obstacles = []
    if shape.os_disk_size >= account.os_disk_limit:
        obstacles.append(
            Obstacle(
                code="OsDiskTooLarge",
                reason=Message(
                    "The OS disk has {gigabytes} GB; labs here take less than {os_disk_limit_gb} GB.",
                    gigabytes=_gigabytes(shape.os_disk_size),
                    os_disk_limit_gb=account.os_disk_limit_gb,
                ),
                cure=Message(
                    "Shrink the disk and import it again, or let an administrator raise the account's OS-disk limit."
                ),
            )
        )
    if shape.disks > 1:
        obstacles.append(
            Obstacle(
                code="MultipleDisks",
                reason=Message("The image has {disks} disks; a lab machine has one.", disks=shape.disks),
                cure=Message("Import a version with the OS disk only."),
            )
        )
    return obstacles


def _absence(facts: list[VersionFacts], region: str, regions: tuple[str, ...]) -> Obstacle:
    """Why no version can be used in the region; it is in `regions`."""
    if not facts:
        return Obstacle(
            code="NoVersion",
            reason=Message("The image has no version yet."),
            cure=Message("Import or export a version into it."),
        )
    retained = [each.version for each in facts if each.version.retention is not Retention.ACTIVE]
    if len(retained) == len(facts):
        return _deleted(retained)
    making = [each for each in facts if each.version.state is ProvisioningState.CREATING]
    # A version that is being made for other regions only is nothing to wait for.
    if making and (not regions or any(replica.region == region for each in making for replica in each.replicas)):
        return Obstacle(
            code="BeingMade",
            reason=Message("The image is still being made."),
            cure=Message("Wait until its operation has succeeded."),
        )
    if regions:
        if region in regions:
            return Obstacle(
                code="ExcludedFromLatest",
                reason=Message("Every version in {region} is excluded from latest.", region=region),
                cure=Message("Include one, or name an exact version."),
            )
        return Obstacle(
            code="NotInRegion",
            reason=Message("The image is not in {region}; it is in {regions}.", region=region, regions=regions),
            cure=Message("Replicate it to {region}, or make the lab in a region that has it.", region=region),
        )
    return Obstacle(
        code="NoUsableVersion",
        reason=Message("No version of the image was finished."),
        cure=Message("Retry the failed operation, or make a new version."),
    )


def _deleted(versions: list[ImageVersion]) -> Obstacle:
    usable = [each.name for each in versions if each.is_ready]
    restore = Message("Restore one (az sig image-version undelete).")
    if usable:
        restore = Message(
            "Restore one (az sig image-version undelete), or name one that may still be used by its number: {usable}.",
            usable=usable,
        )
    return Obstacle(
        code="Deleted",
        reason=Message("Every version of the image was deleted and can still be restored."),
        cure=restore,
    )


def _available(facts: list[VersionFacts]) -> tuple[str, ...]:
    return tuple(
        sorted(
            {
                replica.region
                for each in facts
                if each.version.is_offered
                for replica in each.replicas
                if replica.state is ReplicaState.COMPLETED
            }
        )
    )


def _gigabytes(size: int) -> str:
    return f"{size / GB:.0f}" if size % GB == 0 else f"{size / GB:.1f}"
