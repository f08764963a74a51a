"""What image versions occupy in each region, as it was measured in the background: stores are too slow to be asked by pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from galeria.domain.images.soft_delete import Retention
from galeria.domain.resources import Outline
from galeria.ports.images import Digest

PLACE = 8
"""Digits at the beginning of a chain."""


def chain_of(place: int, hashed: str) -> str:
    """It begins with how many versions it names: so it is seen, without listing them, that one of them has gone."""
    return f"{place:0{PLACE}}-{hashed}"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredVersion:
    """A version that a region holds whole."""

    gallery_id: str
    version_id: str
    digests: tuple[Digest, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionUsage:
    """What a version adds to all older ones of its gallery in one region, so that the figures of all add up.

    `chain` names everything that it was measured against, itself included: it changes when an older version comes or goes.
    """

    version_id: str
    region: str
    own_bytes: int  # compressed
    chain: str
    measured_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageSum:
    """Of all versions of one image, those that are retained after a deletion included."""

    versions: int
    logical_bytes: int
    labs: int
    own_bytes: Mapping[str, int]  # by region
    unmeasured: Mapping[str, int]  # copies, by region, that are not in the figures yet


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionSum(Outline):
    """Of one version; only whole copies count."""

    id: str
    resource_id: str
    retention: Retention
    logical_bytes: int
    own_bytes: Mapping[str, int]  # by region
    unmeasured: Mapping[str, int]  # copies, by region, that are not in the figures yet


@dataclass(frozen=True, kw_only=True, slots=True)
class LabUse:
    """A lab and the version that it was made from."""

    version_id: str
    lab_id: str  # its ARM id
    title: str


class StorageUsageRepository(Protocol):
    """A few questions for each answer, however many versions there are. Deleted versions are never among them."""

    def has_news(self, region: str) -> bool:
        """Whether a version came to the region or went since all were measured; one number for each gallery tells."""
        ...

    def held(self, region: str) -> list[StoredVersion]:
        """By gallery, the oldest first."""
        ...

    def chains(self, region: str) -> dict[str, str]:
        """Of what is measured: the version's id → its chain."""
        ...

    def keep(self, measured: Sequence[RegionUsage]) -> None:
        """In place of what was measured before; of a copy that is gone nothing is kept."""
        ...

    def forget(self, region: str, version_ids: Sequence[str]) -> None: ...

    def sums(self, gallery_id: str, *, definition_id: str = "") -> dict[str, ImageSum]:
        """By the definition's id, of one or of all; images without versions are left out."""
        ...

    def measured_at(self, gallery_id: str) -> datetime | None:
        """When the last copy was; None before that."""
        ...

    def versions(self, definition_id: str, *, offset: int, limit: int) -> list[VersionSum]:
        """The highest numbers first, retained ones included."""
        ...

    def uses(self, version_ids: Sequence[str]) -> list[LabUse]:
        """By title."""
        ...
