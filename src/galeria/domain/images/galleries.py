"""Galleries, image definitions, image versions, their disks and replicas, and the rule of the latest version."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache, total_ordering
from typing import Any, NamedTuple, TypeVar

from galeria.domain.errors import Invalid
from galeria.domain.images.findings import Findings, Look
from galeria.domain.images.publishing import ReplicationMode, StorageType
from galeria.domain.images.sharing import Permissions
from galeria.domain.images.soft_delete import GRACE_DAYS, RETENTION_DAYS, Retention
from galeria.domain.labs.hardware import Hardware
from galeria.domain.messages import EMPTY, Message
from galeria.domain.resources import Resource
from galeria.domain.states import ProvisioningState, ReplicaState


class OsType(StrEnum):
    """The operating system of an image."""

    LINUX = "Linux"
    WINDOWS = "Windows"


class OsState(StrEnum):
    """Whether an image keeps its machine's identity and accounts (specialized) or gets new ones at first boot (generalized)."""

    GENERALIZED = "Generalized"
    SPECIALIZED = "Specialized"


class Generation(StrEnum):
    """The Hyper-V generation of an image, which decides the firmware that starts it."""

    V1 = "V1"  # BIOS
    V2 = "V2"  # UEFI


class Architecture(StrEnum):
    """The processor architecture of an image, in the words of Azure's API."""

    X64 = "x64"
    ARM64 = "Arm64"


@total_ordering
@dataclass(frozen=True, slots=True)
class VersionNumber:
    """A version's name as Major.Minor.Patch, three 32-bit numbers. Newer means numerically higher, part by part."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def __lt__(self, other: "VersionNumber") -> bool:
        return (self.major, self.minor, self.patch) < (other.major, other.minor, other.patch)

    @property
    def next_patch(self) -> "VersionNumber":
        """The number with its last part raised by 1."""
        return VersionNumber(self.major, self.minor, self.patch + 1)

    @classmethod
    @lru_cache(maxsize=4096)  # lists are sorted by it
    def parse(cls, text: str) -> "VersionNumber":
        """Reads a version number written as Major.Minor.Patch.

        Raises Invalid, also for leading zeros: 1.01.0 would clash with 1.1.0.
        """
        match = re.fullmatch(r"(0|[1-9][0-9]{0,9})\.(0|[1-9][0-9]{0,9})\.(0|[1-9][0-9]{0,9})", text)
        if not match or any(int(part) > 2**31 - 1 for part in match.groups()):
            raise Invalid(
                Message("'{text}' is not a version.", text=text),
                hint=Message("A version has the form Major.Minor.Patch, each a whole number: 1.0.0 or 2026.11.23."),
                target="galleryImageVersionName",
            )
        return cls(*(int(part) for part in match.groups()))


FIRST_VERSION = VersionNumber(1, 0, 0)


@dataclass(eq=False, kw_only=True)
class Gallery(Resource):
    """A gallery of images.

    `community` is what its publisher says of itself, `public_name` the name that everybody here knows a community
    gallery by.
    """

    description: str = ""
    identity: dict[str, Any] = field(default_factory=dict)  # kept and given back; nothing uses it
    permissions: Permissions = Permissions.PRIVATE
    shared_subscriptions: list[str] = field(default_factory=list)
    shared_tenants: list[str] = field(default_factory=list)
    community: dict[str, str] = field(default_factory=dict)
    public_name: str = ""
    community_enabled: bool = False
    soft_delete: bool = False
    retention_days: int = RETENTION_DAYS
    grace_days: int = GRACE_DAYS

    @property
    def unique_name(self) -> str:
        """The name by which other subscriptions know a directly shared gallery."""
        return f"{self.arm_id.subscription}-{self.name.upper()}"

    @property
    def is_shared(self) -> bool:
        """Whether the gallery is shared directly with a subscription or tenant."""
        return bool(self.shared_subscriptions or self.shared_tenants)


@dataclass(eq=False, kw_only=True)
class ImageDefinition(Resource):
    """An image definition: what all versions of one image have in common."""

    gallery_id: str
    display_name: str
    os_type: OsType
    os_state: OsState
    generation: Generation
    publisher: str
    offer: str
    sku: str
    description: str = ""
    architecture: Architecture = Architecture.X64
    eula: str = ""
    privacy_uri: str = ""
    release_note_uri: str = ""
    end_of_life: datetime | None = None  # for information: labs may be made after it
    recommended: dict[str, dict[str, int]] = field(default_factory=dict)  # vCPUs, memory (GB): min, max
    disallowed_disks: list[str] = field(default_factory=list)
    purchase_plan: dict[str, str] = field(default_factory=dict)
    features: list[dict[str, str]] = field(default_factory=list)
    allow_update: bool = False  # whether features may change
    author_id: str = ""  # object id of whoever made it; empty where nobody knows any more


class SourceKind(StrEnum):
    """What the bytes of an image version were taken from."""

    UPLOAD = "upload"
    MACHINE = "machine"
    URI = "uri"  # `source_id` is the address without its query
    # The `source_id` of these four is the resource's id as the caller wrote it.
    DISK = "disk"
    SNAPSHOT = "snapshot"
    IMAGE = "image"
    VERSION = "version"


@dataclass(eq=False, kw_only=True)
class ImageVersion(Resource):
    """A version of an image: a sealed set of disks. Its `location` is the home region, where it was made."""

    definition_id: str
    source_kind: SourceKind
    source_id: str  # as its kind says; for an upload, and a machine after an export, the id in the database
    exclude_from_latest: bool = False
    end_of_life: datetime | None = None
    published_at: datetime | None = None
    parent_digest: str | None = None  # the content that the source disk was based on
    # Accounts known to exist in a specialized image, so that a new lab can disable their passwords.
    accounts: list[str] = field(default_factory=list)
    failure: Message = EMPTY
    deleted_at: datetime | None = None
    replica_count: int = 1
    storage_type: StorageType = StorageType.STANDARD_LRS
    replication_mode: ReplicationMode = ReplicationMode.FULL
    allow_region_removal: bool = True
    block_early_deletion: bool = False  # no deletion before the end of life
    retention: Retention = Retention.ACTIVE
    soft_deleted_at: datetime | None = None
    consumption_ends_at: datetime | None = None
    hard_deletion_at: datetime | None = None
    # What a look into the OS disk found, or why it was not looked at; neither for versions from before there were looks.
    found: Findings | None = None
    look_obstacle: Message = EMPTY
    # What its machines start with, where that is known from a machine and not only from the look.
    hardware: Hardware | None = None

    @property
    def look(self) -> Look:
        """The outcome of the look into the OS disk."""
        return Look(findings=self.found, obstacle=self.look_obstacle)

    @property
    def number(self) -> VersionNumber:
        """The version's name as a number, which sorts."""
        return VersionNumber.parse(self.name)

    @property
    def is_sealed(self) -> bool:
        """Whether the disks are complete in the home region and will not change."""
        return self.published_at is not None

    @property
    def is_ready(self) -> bool:
        """Whether labs can use it by its exact number, in regions with a completed replica; soft-deleted versions are
        included until their retention ends."""
        here = self.deleted_at is None and self.retention is not Retention.EXPIRED
        return self.is_sealed and here and self.state is not ProvisioningState.DELETING

    @property
    def is_offered(self) -> bool:
        """Whether it may be chosen as the latest version: it is ready and not soft-deleted."""
        return self.is_ready and self.retention is Retention.ACTIVE


OS_DISK = -1


@dataclass(eq=False, kw_only=True)
class VersionDisk:
    """One disk of an image version. The OS disk has lun -1; data disks count from 0."""

    version_id: str
    lun: int
    position: int = OS_DISK  # among the data disks as they were sent last, which are given back in that order
    size: int  # bytes that the guest sees
    data_bytes: int = 0  # bytes that are not zero
    read_bytes: int = 0  # bytes read to make it
    stored_bytes: int = 0  # compressed bytes it added to the home region's store
    digest: str = ""


@dataclass(eq=False, kw_only=True)
class Replica:
    """One region's copy of an image version. Completed means that every chunk was verified there."""

    version_id: str
    region: str
    state: ReplicaState = ReplicaState.PENDING
    exclude_from_latest: bool | None = None  # None: as the version says
    bytes_done: int = 0
    bytes_total: int = 0
    sent_bytes: int = 0  # compressed bytes that crossed to this region; 0 in the home region
    failure: Message = EMPTY
    verified_at: datetime | None = None
    spelling: str = ""  # the region's name as the caller wrote it, which is given back
    replica_count: int | None = None  # None: as the version says
    storage_type: StorageType | None = None  # None: as the version says
    position: int = 0  # among the target regions as they were sent last, which are given back in that order

    @property
    def progress(self) -> int:
        """The percentage of bytes that have arrived; 100 only when the replica is completed."""
        return _arrived_percent(self)


class DiskFacts(NamedTuple):
    """What is known of a version's disk, for lists of thousands: the fields of `VersionDisk`, which are not changed here."""

    version_id: str
    lun: int
    position: int
    size: int
    data_bytes: int
    read_bytes: int
    stored_bytes: int
    digest: str


class ReplicaFacts(NamedTuple):
    """What is known of one region's copy, for lists of thousands: the fields of `Replica`, which are not changed here."""

    version_id: str
    region: str
    state: ReplicaState
    exclude_from_latest: bool | None
    bytes_done: int
    bytes_total: int
    sent_bytes: int
    failure: Message
    verified_at: datetime | None
    spelling: str
    replica_count: int | None
    storage_type: StorageType | None
    position: int

    @property
    def progress(self) -> int:
        """The percentage of bytes that have arrived; 100 only when the replica is completed."""
        return _arrived_percent(self)


AnyReplica = TypeVar("AnyReplica", Replica, ReplicaFacts)


def _arrived_percent(replica: Replica | ReplicaFacts) -> int:
    if replica.state is ReplicaState.COMPLETED:
        return 100
    return min(99, replica.bytes_done * 100 // replica.bytes_total) if replica.bytes_total else 0


def as_sent(replicas: Iterable[AnyReplica]) -> list[AnyReplica]:
    """Returns the replicas in the order in which their regions were sent last; Terraform plans a change where it differs."""
    return sorted(replicas, key=lambda each: each.position)


def is_excluded(version: ImageVersion, replica: Replica | ReplicaFacts | None) -> bool:
    """Whether the version is never the latest where the replica is: what is said of the region wins over the version."""
    said = replica.exclude_from_latest if replica else None
    return version.exclude_from_latest if said is None else said


def latest_version(
    versions: Sequence[tuple[ImageVersion, Sequence[Replica | ReplicaFacts]]], region: str
) -> ImageVersion | None:
    """The numerically highest version that is ready and not excluded in `region`; the regional flag wins over the global.

    A sealed version is ready in each region that has verified it, even while others are still being filled.
    Source of the order and the flags: the service's own rule for "latest". A database that chooses among thousands states
    the same rule in SQL, and a test holds its answers against this function.
    """

    def is_eligible(version: ImageVersion, replicas: Sequence[Replica | ReplicaFacts]) -> bool:
        if not version.is_offered:
            return False
        for replica in replicas:
            if replica.region == region and replica.state is ReplicaState.COMPLETED:
                return not is_excluded(version, replica)
        return False

    eligible = [version for version, replicas in versions if is_eligible(version, replicas)]
    return max(eligible, key=lambda version: version.number, default=None)
