"""Access to a disk's bytes by an address with a secret: granted, checked, revoked.

Only the hash of the secret is stored; it gives access to one disk, to read or to write, until it expires or is revoked.
"""

from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request import Request
from galeria.actions.storage.disks import DISK, DiskKind
from galeria.domain.errors import Conflict, Forbidden, Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK
from galeria.domain.images.storage import (
    AccessGrant,
    AccessLevel,
    DiskCreateOption,
    DiskState,
    Origin,
    OriginKind,
    StoredDisk,
)
from galeria.domain.messages import EMPTY, Message
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.people.sign_in import fingerprint
from galeria.domain.states import ProvisioningState, moved
from galeria.ports.files import PageFiles

LONGEST_SECONDS = 2**32 - 1
_UPLOADING = {DiskState.READY_TO_UPLOAD, DiskState.ACTIVE_UPLOAD}


@dataclass(frozen=True, kw_only=True)
class GrantedAccess:
    """A new grant with its secret, which is shown only now."""

    disk: StoredDisk
    grant: AccessGrant
    secret: str


@dataclass(frozen=True, kw_only=True)
class AccessKey:
    """The grant's id and the secret in an access address."""

    grant_id: str
    secret: str


def begin_access(
    request: Request, kind: DiskKind, id: ResourceId, files: PageFiles, *, level: AccessLevel, seconds: int
) -> GrantedAccess:
    """Grants access to a disk, besides earlier grants.

    Raises Forbidden, NotFound, Invalid for `seconds`, Conflict where the disk's state does not allow it, and OutOfSpace where
    there is no room for an upload.
    """
    request.caller.require(f"{kind.type}/beginGetAccess/action", id.key)
    if not 0 < seconds <= LONGEST_SECONDS:
        raise Invalid(
            Message("Access cannot last {seconds} seconds.", seconds=seconds),
            hint=Message("Give 1 to {longest_seconds}.", longest_seconds=LONGEST_SECONDS),
            target="durationInSeconds",
        )
    disk = kind.rows(request).get_by_key(id.key)
    if request.uow.operations.running_on(disk.id):
        raise Conflict(
            Message("'{disk}' is {state}.", disk=disk.name, state=disk.state),
            hint=Message("Wait until that has ended, then try again."),
        )
    if level is AccessLevel.WRITE:
        request.disk_room.require(0)  # zeros take no room, so that the announced size says little
        _open_for_upload(kind, disk, files)
    else:
        _open_for_reading(disk)
    now, secret = request.clock.now(), request.id_generator.new_secret()
    grant = AccessGrant(
        id=request.id_generator.new_guid(),
        disk_id=disk.id,
        level=level,
        secret_hash=fingerprint(secret),
        expires_at=now + timedelta(seconds=seconds),
        created_at=now,
    )
    request.uow.access_grants.add(grant)
    request.audit(
        f"{kind.type}/beginGetAccess/action",
        str(id),
        detail=Message("{level}, {seconds} s", level=level, seconds=seconds),
    )
    return GrantedAccess(disk=disk, grant=grant, secret=secret)


def end_access(request: Request, kind: DiskKind, id: ResourceId, files: PageFiles) -> Operation | None:
    """Revokes all access to a disk.

    An upload is then stored by the returned operation; None where nothing is to be stored. Raises Forbidden, NotFound.
    """
    request.caller.require(f"{kind.type}/endGetAccess/action", id.key)
    disk = kind.rows(request).get_by_key(id.key)
    for running in request.uow.operations.running_on(disk.id):
        if running.kind is OperationKind.STORE_UPLOAD:
            return running
    request.audit(f"{kind.type}/endGetAccess/action", str(id))
    for grant in request.uow.access_grants.of_disk(disk.id):
        request.uow.access_grants.remove(grant)
    if disk.disk_state is DiskState.ACTIVE_SAS:
        disk.disk_state = DiskState.UNATTACHED
    if disk.disk_state is not DiskState.ACTIVE_UPLOAD:
        return None
    if not files.written(disk.id):
        disk.disk_state = DiskState.READY_TO_UPLOAD
        return None
    disk.state = moved(disk.state, ProvisioningState.UPDATING, Message("Disk '{disk}'", disk=disk.name))
    origin = Origin(kind=OriginKind.PAGES, name=disk.id, size=disk.upload_bytes)
    return request.begin(OperationKind.STORE_UPLOAD, disk, disk.id, FillInputs(origins={OS_DISK: origin}))


def get_accessible_disk(request: BaseRequest, disk_id: str, key: AccessKey) -> tuple[StoredDisk, AccessLevel]:
    """The disk that an address opens, and which way. Raises Forbidden, with the same words whatever was wrong."""
    grant = request.uow.access_grants.find(key.grant_id)
    known = grant.secret_hash if grant else fingerprint("")
    fits = compare_digest(known, fingerprint(key.secret))
    if grant is None or not fits or grant.disk_id != disk_id or not grant.is_valid(request.clock.now()):
        raise _no_access()
    disk = request.uow.disks.find(disk_id) or request.uow.snapshots.find(disk_id)
    if disk is None:
        raise _no_access()
    return disk, grant.level


def _open_for_upload(kind: DiskKind, disk: StoredDisk, files: PageFiles) -> None:
    if kind != DISK or disk.option is not DiskCreateOption.UPLOAD or disk.disk_state not in _UPLOADING:
        raise Conflict(
            Message(
                "'{disk}' cannot be written to: it was not made for an upload, or its upload has ended.", disk=disk.name
            ),
            hint=Message(
                "Make a disk with createOption Upload (az disk create --upload-type Upload), or ask for access to read."
            ),
            code="OperationNotAllowed",
        )
    if disk.state is ProvisioningState.FAILED or files.size(disk.id) != disk.upload_bytes:
        files.prepare(disk.id, disk.upload_bytes)
    if disk.state is ProvisioningState.FAILED:
        disk.state = moved(moved(disk.state, ProvisioningState.UPDATING), ProvisioningState.SUCCEEDED)
        disk.failure = EMPTY
    disk.disk_state = DiskState.ACTIVE_UPLOAD


def _open_for_reading(disk: StoredDisk) -> None:
    if not disk.has_content or disk.state is not ProvisioningState.SUCCEEDED:
        raise Conflict(
            Message("'{disk}' has no content that could be read.", disk=disk.name),
            hint=Message("Wait until it is made, or end its upload first."),
            code="OperationNotAllowed",
        )
    disk.disk_state = DiskState.ACTIVE_SAS


def _no_access() -> Forbidden:
    return Forbidden(
        Message("This address does not open anything, or not any more."),
        hint=Message("Ask for access again (az disk grant-access)."),
        code="AuthenticationFailed",
    )
