"""Decides whether an image can make a lab here, and if not, why and what helps (docs/rules.md, "Images of labs").

It is the one answer of API, pages and command line. Azure leaves unusable images out of its list; here each has its
reasons.
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
from galeria.domain.resources import Outline
from galeria.domain.states import ProvisioningState, ReplicaState


@dataclass(frozen=True, kw_only=True, slots=True)
class Obstacle:
    """One reason why an image cannot be used for a lab, with what helps. `code` is stable for programs."""

    code: str
    reason: str
    cure: str


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionFacts:
    """An image version with its disks and replicas."""

    version: ImageVersion
    disks: list[VersionDisk]
    replicas: list[Replica]

    @property
    def os_disk(self) -> VersionDisk | None:
        """The disk that machines boot from; None before there is one."""
        return next((disk for disk in self.disks if disk.lun == OS_DISK), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class DiskShape:
    """The properties of a version's disks that decide whether a lab machine can use them."""

    os_disk_size: int  # bytes; 0 where it has none yet
    disks: int


@dataclass(frozen=True, slots=True)
class ImageOutline(Outline):
    """The fields of an image definition that lists need, for queries over thousands of them."""

    id: str
    resource_id: str
    display_name: str
    os_type: OsType
    os_state: OsState
    generation: Generation
    description: str

    @classmethod
    def of(cls, definition: ImageDefinition) -> "ImageOutline":
        """Makes the outline of a whole image definition."""
        return cls(*(getattr(definition, each) for each in cls.__slots__))


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionOutline(Outline):
    """The fields of an image version that lists need, for queries over thousands of them."""

    id: str
    resource_id: str
    shape: DiskShape


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageEligibility:
    """Whether one image definition can be used by a lab account in one region.

    `version` is what a new lab would get.
    """

    definition: ImageDefinition
    enabled: bool
    version: ImageVersion | None
    available_regions: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]

    @property
    def is_usable(self) -> bool:
        """Whether a lab can be made from the image: nothing stands against it."""
        return not self.obstacles


def image_eligibility(
    account: LabAccount,
    definition: ImageDefinition,
    facts: list[VersionFacts],
    *,
    enabled: bool,
    region: str,
) -> ImageEligibility:
    """Decides whether the account can make a lab from the image in `region`.

    All obstacles are named, not only the first.
    """
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
    """Returns all obstacles of an image. `shape` is that of the version that a lab would get; without one, `facts` tell why.

    `available` are the regions of all versions, where `facts` leaves out some that make no other difference.
    """
    obstacles: list[Obstacle] = []
    if not enabled:
        obstacles.append(
            Obstacle(
                code="Disabled",
                reason="The image is disabled for this lab account.",
                cure="An administrator of the account can enable it.",
            )
        )
    obstacles += _os_obstacles(os_type)
    obstacles += _disk_obstacles(account, shape) if shape else [_absence(facts, region, available)]
    return tuple(obstacles)


def is_acceptable(account: LabAccount, os_type: OsType, shape: DiskShape) -> bool:
    """Tells whether a version with these properties could be used if it were complete and enabled."""
    return not kind_obstacles(account, os_type, shape)


def kind_obstacles(account: LabAccount, os_type: OsType, shape: DiskShape) -> list[Obstacle]:
    """Returns the obstacles that every version of this kind has, known before one is made."""
    return _os_obstacles(os_type) + _disk_obstacles(account, shape)


def version_obstacles(account: LabAccount, facts: VersionFacts, region: str) -> tuple[Obstacle, ...]:
    """Returns the obstacles of one exact version, which may be one that is excluded from latest."""
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
            reason="Labs cannot provision Windows images on this installation yet.",
            cure="Use a Linux image.",
        )
    ]


def _disk_obstacles(account: LabAccount, shape: DiskShape) -> list[Obstacle]:
    obstacles = []
    if shape.os_disk_size >= account.os_disk_limit:
        obstacles.append(
            Obstacle(
                code="OsDiskTooLarge",
                reason=f"The OS disk has {_gigabytes(shape.os_disk_size)} GB; labs here take less than "
                f"{account.os_disk_limit_gb} GB.",
                cure="Shrink the disk and import it again, or let an administrator raise the account's OS-disk limit.",
            )
        )
    if shape.disks > 1:
        obstacles.append(
            Obstacle(
                code="MultipleDisks",
                reason=f"The image has {shape.disks} disks; a lab machine has one.",
                cure="Import a version with the OS disk only.",
            )
        )
    return obstacles


def _absence(facts: list[VersionFacts], region: str, regions: tuple[str, ...]) -> Obstacle:
    """Returns why no version can be used in `region`; `regions` are those where one can be."""
    if not facts:
        return Obstacle(
            code="NoVersion", reason="The image has no version yet.", cure="Import or export a version into it."
        )
    retained = [each.version for each in facts if each.version.retention is not Retention.ACTIVE]
    if len(retained) == len(facts):
        return _deleted(retained)
    making = [each for each in facts if each.version.state is ProvisioningState.CREATING]
    # A version that is being made for other regions only need not be waited for.
    if making and (not regions or any(replica.region == region for each in making for replica in each.replicas)):
        return Obstacle(
            code="BeingMade", reason="The image is still being made.", cure="Wait until its operation has succeeded."
        )
    if regions:
        if region in regions:
            return Obstacle(
                code="ExcludedFromLatest",
                reason=f"Every version in {region} is excluded from latest.",
                cure="Include one, or name an exact version.",
            )
        return Obstacle(
            code="NotInRegion",
            reason=f"The image is not in {region}; it is in {', '.join(regions)}.",
            cure=f"Replicate it to {region}, or make the lab in a region that has it.",
        )
    return Obstacle(
        code="NoUsableVersion",
        reason="No version of the image was finished.",
        cure="Retry the failed operation, or make a new version.",
    )


def _deleted(versions: list[ImageVersion]) -> Obstacle:
    usable = [each.name for each in versions if each.is_ready]
    exactly = f", or name one that may still be used by its number: {', '.join(usable)}" if usable else ""
    return Obstacle(
        code="Deleted",
        reason="Every version of the image was deleted and can still be restored.",
        cure=f"Restore one (az sig image-version undelete){exactly}.",
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
