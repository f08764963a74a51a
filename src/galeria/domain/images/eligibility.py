"""Decides whether an image can make a lab here, and if not, why and what helps (docs/rules.md, "Images of labs").

It is the one answer of API, pages and command line. Azure leaves unusable images out of its list; here each has its
reasons.
"""

from dataclasses import dataclass

from galeria.domain.images.galleries import (
    OS_DISK,
    DiskFacts,
    Generation,
    ImageDefinition,
    ImageVersion,
    OsState,
    OsType,
    ReplicaFacts,
)
from galeria.domain.images.soft_delete import Retention
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.messages import Message, join
from galeria.domain.resources import Outline
from galeria.domain.states import ProvisioningState, ReplicaState
from galeria.domain.units import GB


@dataclass(frozen=True, kw_only=True, slots=True)
class Obstacle:
    """One reason why an image cannot be used for a lab, with what helps. `code` is stable for programs."""

    code: str
    reason: Message
    cure: Message


@dataclass(frozen=True, kw_only=True, slots=True)
class DiskShape:
    """The properties of a version's disks that decide whether a lab machine can use them."""

    os_disk_size: int  # bytes; 0 where it has none yet
    disks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionFacts:
    """An image version with its disks and replicas."""

    version: ImageVersion
    disks: list[DiskFacts]
    replicas: list[ReplicaFacts]

    @property
    def os_disk(self) -> DiskFacts | None:
        """The disk that machines boot from; None before there is one."""
        return next((disk for disk in self.disks if disk.lun == OS_DISK), None)

    @property
    def shape(self) -> DiskShape:
        """The size of the OS disk and the number of disks, which decide whether a lab machine takes them."""
        return DiskShape(os_disk_size=self.os_disk.size if self.os_disk else 0, disks=len(self.disks))


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
    """One image definition as a lab account sees it in one region. `version` is what a new lab would get.

    `facts` are those of the versions that tell why, where there is no version for the region; else there are none.
    """

    definition: ImageDefinition
    enabled: bool
    version: VersionOutline | None
    available_regions: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]
    facts: tuple[VersionFacts, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether a lab can be made from the image in that region."""
        return not self.obstacles

    @property
    def os_disk_size(self) -> int:
        """Bytes of the OS disk of the version that a lab would get; 0 without one."""
        return self.version.shape.os_disk_size if self.version else 0


def image_eligibility(
    account: LabAccount,
    definition: ImageDefinition,
    version: VersionOutline | None,
    *,
    enabled: bool,
    region: str,
    available: tuple[str, ...],
    facts: list[VersionFacts],
) -> ImageEligibility:
    """What `region` is offered: every obstacle is named, not only the first.

    `version` is the latest one in the region, and `available` are the regions of all versions. Without a version,
    `facts` tell why; versions may be left out of them that make no difference.
    """
    obstacles = _image_obstacles(enabled=enabled)
    if version:
        obstacles += _disk_obstacles(account, version.shape)
    else:
        obstacles.append(_absence(facts, region, available))
    return ImageEligibility(
        definition=definition,
        enabled=enabled,
        version=version,
        available_regions=available,
        obstacles=tuple(obstacles),
        facts=() if version else tuple(facts),
    )


def is_acceptable(account: LabAccount, shape: DiskShape) -> bool:
    """Tells whether a version with these properties could be used if it were complete and enabled."""
    return not kind_obstacles(account, shape)


def kind_obstacles(account: LabAccount, shape: DiskShape) -> list[Obstacle]:
    """Returns the obstacles that every version of this kind has, known before one is made."""
    return _disk_obstacles(account, shape)


def exact_version_obstacles(
    account: LabAccount, facts: VersionFacts, *, enabled: bool, region: str
) -> tuple[Obstacle, ...]:
    """What stands against a lab from one exact version of the image: what is said of the image, and of that version."""
    return (*_image_obstacles(enabled=enabled), *version_obstacles(account, facts, region))


_ON_ITS_WAY = (ReplicaState.PENDING, ReplicaState.REPLICATING)


def version_obstacles(account: LabAccount, facts: VersionFacts, region: str) -> tuple[Obstacle, ...]:
    """What stands against one exact version, which may be one that is excluded from latest; the image itself left out."""
    here = next((each.state for each in facts.replicas if each.region == region), None)
    is_elsewhere = any(each.state is ReplicaState.COMPLETED for each in facts.replicas)
    # One that is on its way is read from where it is: its machines start while it arrives.
    is_usable = here is ReplicaState.COMPLETED or (is_elsewhere and here in _ON_ITS_WAY)
    if not is_usable or not facts.version.is_ready:
        return (_absence([facts], region, available_regions([facts])),)
    return tuple(_disk_obstacles(account, facts.shape))


def _image_obstacles(*, enabled: bool) -> list[Obstacle]:
    """What stands against every version of an image, whatever its disks and regions are."""
    disabled = Obstacle(
        code="Disabled",
        reason=Message("The image is disabled for this lab account."),
        cure=Message("An administrator of the account can enable it."),
    )
    return [] if enabled else [disabled]


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
                    "Shrink the disk and import it again; an administrator can raise the account's OS-disk limit."
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
    """Returns why no version can be used in `region`; `regions` are those where one can be."""
    if not facts:
        return Obstacle(
            code="NoVersion",
            reason=Message("The image has no version."),
            cure=Message("Import or export a version into it."),
        )
    retained = [each.version for each in facts if each.version.retention is not Retention.ACTIVE]
    if len(retained) == len(facts):
        return _deleted(retained)
    making = [each for each in facts if each.version.state is ProvisioningState.CREATING]
    # A version that is being made for other regions only need not be waited for.
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
    failures = [each.version.failure for each in facts if each.version.failure]
    unfinished = Message("No version of the image was finished.")
    return Obstacle(
        code="NoUsableVersion",
        reason=join(unfinished, failures[-1]) if failures else unfinished,
        cure=Message("Make a new version, or retry the failed operation once its cause is gone."),
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


def available_regions(facts: list[VersionFacts]) -> tuple[str, ...]:
    """Regions that hold a whole copy of a version that is offered, by name."""
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
