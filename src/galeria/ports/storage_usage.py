"""The storage that image versions occupy in each region, measured in the background because stores are too slow for pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from galeria.domain.images.soft_delete import Retention
from galeria.domain.images.upkeep import StoreUpkeep, UpkeepKind
from galeria.domain.resources import Outline
from galeria.ports.images import Digest

PLACE = 8
"""How many digits a chain begins with."""


def chain_of(place: int, hashed: str) -> str:
    """Returns a chain: the number of versions that it covers, then their hash.

    The number shows that a version was removed, without listing them.
    """
    return f"{place:0{PLACE}}-{hashed}"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredVersion:
    """An image version of which a region has a completed replica."""

    gallery_id: str
    version_id: str
    digests: tuple[Digest, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionUsage:
    """The bytes that a version adds to all older ones of its gallery in one region, so that the figures of all versions
    add up.

    `chain` names the versions that it was measured against, itself included: it changes when an older one comes or goes.
    """

    version_id: str
    region: str
    own_bytes: int  # compressed
    chain: str
    measured_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageSum:
    """The storage of all versions of one image, soft-deleted ones included."""

    versions: int
    logical_bytes: int
    labs: int
    own_bytes: Mapping[str, int]  # by region
    unmeasured: Mapping[str, int]  # copies, by region, that are not in the figures yet


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionSum(Outline):
    """The storage of one version; only completed replicas count."""

    id: str
    resource_id: str
    retention: Retention
    logical_bytes: int
    own_bytes: Mapping[str, int]  # by region
    whole_bytes: Mapping[str, int]  # by region: shared ones included
    unmeasured: Mapping[str, int]  # copies, by region, that are not in the figures yet
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class LabUse:
    """A lab and the image version that it was made from."""

    version_id: str
    lab_id: str  # its ARM id
    title: str
    created_by: str  # the name of the person


class StorageUsageRepository(Protocol):
    """The measured storage of versions; the number of queries does not grow with the number of versions.

    Deleted versions are left out.
    """

    def has_news(self, region: str) -> bool:
        """Tells whether a version came to the region or went since all were measured; it reads a row for each gallery."""
        ...

    def held(self, region: str) -> list[StoredVersion]:
        """Returns the versions with a completed replica in the region, by gallery, the oldest first."""
        ...

    def chains(self, region: str) -> dict[str, str]:
        """Returns a version's id → the chain that it was measured with, for all measured versions of the region."""
        ...

    def unweighed(self, region: str) -> list[StoredVersion]:
        """Returns the versions with a completed replica in the region of which nobody knows what they occupy by themselves."""
        ...

    def weigh(self, region: str, whole_bytes: Mapping[str, int]) -> None:
        """Keeps a version's id → the compressed bytes that it occupies by itself, which its content decides for good."""
        ...

    def keep(self, measured: Sequence[RegionUsage]) -> None:
        """Replaces earlier measurements by these. One for a replica that no longer exists is dropped."""
        ...

    def forget(self, region: str, version_ids: Sequence[str]) -> None:
        """Removes the measurements of these versions in the region."""
        ...

    def sums(self, gallery_id: str, *, definition_id: str = "") -> dict[str, ImageSum]:
        """Returns a definition's id → the sum of its versions, for one image or the gallery; images without versions
        are left out."""
        ...

    def measured_at(self, gallery_id: str) -> datetime | None:
        """Returns when a version of the gallery was last measured; None before that."""
        ...

    def versions(self, definition_id: str, *, offset: int, limit: int) -> list[VersionSum]:
        """Returns the image's versions with their storage, the highest numbers first, soft-deleted ones included."""
        ...

    def of_gallery(self, gallery_id: str, *, after: tuple[datetime, str] | None, limit: int) -> list[VersionSum]:
        """Returns the gallery's versions with their storage, the oldest first, soft-deleted ones included.

        They begin behind `after`, which is when a version was made, and its id.
        """
        ...

    def uses(self, version_ids: Sequence[str]) -> list[LabUse]:
        """Returns the labs made from these versions, by title."""
        ...


class StoreUpkeepRepository(Protocol):
    """How far the upkeep of each region's store is."""

    def find(self, region: str, kind: UpkeepKind) -> StoreUpkeep | None:
        """Returns how far that work is in the region, or None before the first time."""
        ...

    def all(self) -> list[StoreUpkeep]:
        """Returns all, by region and kind."""
        ...

    def keep(self, upkeep: StoreUpkeep) -> None:
        """Writes this in the place of what was kept for its region and kind."""
        ...
