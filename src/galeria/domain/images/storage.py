"""Disks, snapshots and managed images outside any gallery, access to them, and where the bytes of a disk come from."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from galeria.domain.errors import Conflict, Invalid
from galeria.domain.images.galleries import OS_DISK, Architecture, Generation, OsState, OsType
from galeria.domain.labs.labs import LabMachine
from galeria.domain.messages import EMPTY, Message
from galeria.domain.resources import Resource

FOOTER = 512  # bytes that a fixed VHD has behind the guest's disk
LARGEST_UPLOAD = (2 << 40) + FOOTER  # bytes; Azure takes no larger image

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9_])?")


class DiskCreateOption(StrEnum):
    """What a disk is made from, in the words of Azure's createOption."""

    EMPTY = "Empty"
    UPLOAD = "Upload"
    COPY = "Copy"
    FROM_IMAGE = "FromImage"
    IMPORT = "Import"


class DiskState(StrEnum):
    """The state of a disk, in the words of Azure's diskState."""

    READY_TO_UPLOAD = "ReadyToUpload"
    ACTIVE_UPLOAD = "ActiveUpload"
    UNATTACHED = "Unattached"
    ACTIVE_SAS = "ActiveSAS"


class AccessLevel(StrEnum):
    """Whether an access grant allows reading or writing."""

    READ = "Read"
    WRITE = "Write"


@dataclass(eq=False, kw_only=True)
class StoredDisk(Resource):
    """A disk or snapshot whose content lies in its region's store under `digest`, which is empty before there is content."""

    option: DiskCreateOption
    source: str = ""  # a resource id, or an address without its query, which may be a secret
    disk_state: DiskState = DiskState.UNATTACHED
    os_type: OsType | None = None
    generation: Generation | None = None
    architecture: Architecture = Architecture.X64
    sku: str = "Standard_LRS"
    upload_bytes: int = 0  # bytes announced for an upload, the VHD's footer included
    size: int = 0  # bytes that the guest sees
    data_bytes: int = 0  # bytes that are not zero
    read_bytes: int = 0  # bytes read to make it
    stored_bytes: int = 0  # compressed bytes that it added to the region's store
    digest: str = ""
    accounts: list[str] = field(default_factory=list)  # that are known to exist on it
    failure: Message = EMPTY

    @property
    def has_content(self) -> bool:
        """Whether the content is complete in the store."""
        return bool(self.digest)


@dataclass(eq=False, kw_only=True)
class Disk(StoredDisk):
    """A managed disk outside any machine, as Azure's Microsoft.Compute/disks."""

    author_id: str = ""  # the principal's id; empty where nobody of that name was left when ids were first noted


@dataclass(eq=False, kw_only=True)
class Snapshot(StoredDisk):
    """A snapshot of a disk, as Azure's Microsoft.Compute/snapshots, which an immutability policy can protect from deletion."""

    incremental: bool = False  # as in the request; every copy shares its bytes with its source anyway
    immutable_days: int = 0  # 0: it was never protected
    immutable_since: datetime | None = None
    immutability_locked: bool = False  # whether the period may only become longer

    @property
    def immutable_until(self) -> datetime | None:
        """The end of the protection from deletion; None where there is none."""
        return self.immutable_since + timedelta(days=self.immutable_days) if self.immutable_since else None

    def is_immutable(self, now: datetime) -> bool:
        """Tells whether the snapshot is protected from deletion at that time."""
        return self.immutable_until is not None and now < self.immutable_until

    def require_deletable(self, now: datetime) -> None:
        """Raises Conflict while the snapshot is protected from deletion."""
        if self.is_immutable(now):
            raise Conflict(
                Message(
                    "The snapshot '{name}' is protected until {immutable_until} UTC.",
                    name=self.name,
                    immutable_until=f"{self.immutable_until:%Y-%m-%d %H:%M}",
                ),
                hint=Message("Wait until then: that is what its immutability policy is for."),
                code="OperationNotAllowed",
            )


@dataclass(eq=False, kw_only=True)
class ManagedImage(Resource):
    """A managed image, as Azure's Microsoft.Compute/images: disks outside any gallery that versions are made from."""

    os_type: OsType
    os_state: OsState
    generation: Generation
    source_machine: str = ""  # the machine's id as the caller wrote it, where it was made from one
    accounts: list[str] = field(default_factory=list)
    failure: Message = EMPTY


@dataclass(eq=False, kw_only=True)
class ManagedImageDisk:
    """One disk of a managed image. The OS disk has lun -1; data disks count from 0.

    Sizes are bytes, as in StoredDisk.
    """

    image_id: str
    lun: int
    position: int = OS_DISK  # among the data disks as they were sent last, which are given back in that order
    source: str = ""
    size: int = 0
    data_bytes: int = 0
    read_bytes: int = 0
    stored_bytes: int = 0
    digest: str = ""


@dataclass(eq=False, kw_only=True)
class AccessGrant:
    """An access grant lets the holder of its address read or write one disk, until it expires or is revoked."""

    id: str  # a GUID
    disk_id: str  # a disk's or a snapshot's
    level: AccessLevel
    secret_hash: str  # SHA-256, in hexadecimal, of the secret in the address; the secret itself is not stored
    expires_at: datetime
    created_at: datetime

    def is_valid(self, now: datetime) -> bool:
        """Tells whether the grant has not expired at that time."""
        return now < self.expires_at


class OriginKind(StrEnum):
    """The kinds of places that a disk's bytes come from."""

    EMPTY = "empty"
    UPLOAD = "upload"  # a file that was uploaded here
    PAGES = "pages"  # a disk's own upload, page by page
    URI = "uri"  # a file elsewhere
    CONTENT = "content"  # sealed content in a region's store
    MACHINE = "machine"  # a lab machine's disk as it is now


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where the bytes of one disk come from, as decided at the request and written down in the operation's inputs."""

    kind: OriginKind
    name: str = ""  # the upload's, disk's or machine's id, the address, or the content's digest
    region: str = ""  # where the content or the machine is
    size: int = 0  # bytes, where they are known before
    since: str | None = None  # of a machine: the layer that its changes are counted from
    parent: str | None = None  # of a machine: the content that this layer was sealed as
    grown: int = 0  # bytes that a copy of content is to have, where it is larger than that

    def to_inputs(self) -> dict[str, Any]:
        """Returns the origin as JSON for an operation's inputs."""
        return {
            "kind": self.kind.value,
            "name": self.name,
            "region": self.region,
            "size": self.size,
            "since": self.since,
            "parent": self.parent,
            "grown": self.grown,
        }

    @classmethod
    def of_machine(cls, machine: LabMachine) -> "Origin":
        """Returns the machine's disk as it is now, as the changes since it was last exported.

        A retry counts the changes from the same layer, whatever other exports have sealed by then.
        """
        return cls(
            kind=OriginKind.MACHINE,
            name=machine.id,
            region=machine.region,
            since=machine.layer if machine.layer_digest else None,
            parent=machine.parent_digest,
        )

    @classmethod
    def from_inputs(cls, inputs: dict[str, Any]) -> "Origin":
        """Makes the origin from the JSON in an operation's inputs."""
        return cls(**{**inputs, "kind": OriginKind(inputs["kind"])})


_DISK = Message("disk")


def disk_name(name: str, kind: Message = _DISK) -> str:
    """Returns the name if a disk, snapshot or managed image (`kind`) may have it, by Azure's rule. Raises Invalid."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            Message("'{name}' cannot be the name of a {kind}.", name=name, kind=kind),
            hint=Message("Allowed are 1 to 80 letters, digits, '_', '.' and '-', letter, digit or '_' at both ends."),
            target="name",
        )
    return name
