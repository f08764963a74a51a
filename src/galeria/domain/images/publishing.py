"""How a version is published: in which regions, with how many replicas, on what storage, and until when.

The number of replicas and the kind of storage are kept and given back; every region holds one verified copy. Source:
Azure Compute Gallery documentation of image versions (docs/rules.md, "Image versions").
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from galeria.domain.errors import Conflict, Invalid
from galeria.domain.messages import Message

PROFILE = "galleryImageVersion.properties.publishingProfile"
MOST_REPLICAS = 100


class StorageType(StrEnum):
    """The kind of storage of a replica, in Azure's words; it is kept and has no effect here."""

    STANDARD_LRS = "Standard_LRS"
    STANDARD_ZRS = "Standard_ZRS"
    PREMIUM_LRS = "Premium_LRS"
    PREMIUM_V2_LRS = "PremiumV2_LRS"


class StorageStrategy(StrEnum):
    """A rule by which the kind of storage is chosen, in Azure's words."""

    PREFER_ZONES = "PreferStandard_ZRS"
    DEFAULT = "DefaultStandard_LRS"


class ReplicationMode(StrEnum):
    """Whether a version is copied to other regions (full) or stays in its home region (shallow)."""

    FULL = "Full"
    SHALLOW = "Shallow"  # nothing is copied: the home region only


@dataclass(frozen=True, kw_only=True)
class ReplicationTarget:
    """One region of a version's publishing profile, as the caller wrote it. None means as the version says."""

    region: str
    exclude_from_latest: bool | None = None
    replica_count: int | None = None
    storage_type: StorageType | None = None


@dataclass(frozen=True, kw_only=True)
class PublishingOptions:
    """The publishing options of a version besides its regions.

    None means unchanged, or the default for a new version.
    """

    replica_count: int | None = None
    storage_type: StorageType | None = None
    mode: ReplicationMode | None = None
    allow_region_removal: bool | None = None
    block_early_deletion: bool | None = None


def chosen_storage(
    storage_type: StorageType | None, strategy: StorageStrategy | None, place: str
) -> StorageType | None:
    """Returns the kind of storage, given or chosen by a strategy; every region has zone-redundant storage.

    Raises Invalid where both are given.
    """
    if strategy is None:
        return storage_type
    if storage_type is not None:
        raise Invalid(
            Message("A kind of storage and a strategy that chooses one were both given."),
            hint=Message("Give storageAccountType or storageAccountStrategy, not both."),
            target=f"{PROFILE}.{place}storageAccountStrategy",
        )
    return StorageType.STANDARD_ZRS if strategy is StorageStrategy.PREFER_ZONES else StorageType.STANDARD_LRS


def checked_count(count: int, where: str | Message) -> int:
    """Returns the replica count if it is 1 to 100. Raises Invalid; `where` names what the count belongs to."""
    if not 1 <= count <= MOST_REPLICAS:
        raise Invalid(
            Message(
                "The replica count of {where} must be between 1 and {most_replicas}, inclusive; it is {count}.",
                where=where,
                most_replicas=MOST_REPLICAS,
                count=count,
            ),
            hint=Message("One replica is enough here: every region holds one verified copy."),
            target=f"{PROFILE}.targetRegions.regionalReplicaCount",
        )
    return count


def check_shallow(targets: list[ReplicationTarget], home: str, count: int) -> None:
    """Raises Invalid unless a shallow version is in its home region only, with one replica."""
    counts = [count, *(each.replica_count for each in targets if each.replica_count is not None)]
    if [each.region for each in targets] != [home] or any(each != 1 for each in counts):
        raise Invalid(
            Message(
                "A version with the replication mode Shallow is in its own region, {home}, with 1 replica.", home=home
            ),
            hint=Message("Leave out other regions and counts, or make the version with the replication mode Full."),
            target=f"{PROFILE}.replicationMode",
        )


def end_of_life(now_is: datetime, held: datetime | None, wanted: datetime | None, target: str) -> datetime | None:
    """Returns the end of life that holds from now on: the one that was set before where clients have cut it to whole seconds.

    Raises Invalid for another one in the past.
    """
    if wanted is not None and held is not None and wanted in (held, held.replace(microsecond=0)):
        return held
    if wanted is not None and wanted <= now_is:
        raise Invalid(
            Message("The end of life {wanted} is in the past.", wanted=wanted.isoformat()),
            hint=Message("Give a date in the future."),
            target=target,
        )
    return wanted


def check_deletable(name: str, *, blocked: bool, end_of_life: datetime | None, now_is: datetime) -> None:
    """Raises Conflict while a version's safety profile forbids its deletion."""
    if blocked and end_of_life is not None and end_of_life > now_is:
        raise Conflict(
            Message(
                "Version {name} cannot be deleted before its end of life, {end_of_life}.",
                name=name,
                end_of_life=end_of_life.isoformat(),
            ),
            hint=Message("Wait until then, or set safetyProfile.blockDeletionBeforeEndOfLife to false first."),
            code="DeleteGalleryImageVersionBlockedBeforeEndOfLife",
        )


def changed(property: str, now: object, then: object) -> Invalid:
    """Returns the error for a change of a property that never changes; `property` is its whole path, such as
    galleryImage.properties.osType."""
    return Invalid(
        Message("Changing property '{property}' is not allowed.", property=property),
        hint=Message("It is '{now}'. Make another one for '{then}'.", now=str(now), then=str(then)),
        code="PropertyChangeNotAllowed",
        target=property,
    )
