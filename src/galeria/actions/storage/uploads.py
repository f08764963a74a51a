"""Uploads: announced, received in pieces, resumed, removed. Each belongs to one person; to others it does not exist."""

import re
import unicodedata
from collections.abc import Iterable

from galeria.domain.errors import Conflict, Invalid, NotFound, TooLarge
from galeria.domain.messages import Message
from galeria.domain.operations import Upload
from galeria.domain.people.principals import Principal
from galeria.ports.database import Database, UnitOfWork
from galeria.ports.files import UploadFiles
from galeria.ports.work import Clock, IdGenerator

LONGEST_NAME = 255  # characters


def create_upload(
    uow: UnitOfWork,
    id_generator: IdGenerator,
    clock: Clock,
    *,
    owner: Principal,
    file_name: str,
    length: int,
    limit: int,
) -> Upload:
    """Announce a file of `length` bytes; at most `limit` are taken. Raises Invalid, TooLarge. The caller commits."""
    if length < 0:
        raise Invalid(
            Message("A file cannot have {length} bytes.", length=length),
            hint=Message("Announce the file's length in bytes."),
        )
    if length > limit:
        raise TooLarge(
            Message("The file has {length} bytes; at most {limit} are taken.", length=length, limit=limit),
            hint=Message(
                "Convert the disk to a compact format ('qemu-img convert -O qcow2'), or ask the "
                "administrator to raise the limit."
            ),
        )
    upload = Upload(
        id=id_generator.new_id(),
        owner_id=owner.id,
        file_name=shown_name(file_name),
        length=length,
        created_at=clock.now(),
    )
    uow.uploads.add(upload)
    return upload


def get_upload(database: Database, files: UploadFiles, *, owner: Principal, id: str) -> Upload:
    """The upload with what is really on disk: after a crash the file may know of more bytes than the database.

    Raises NotFound, for other people's uploads too.
    """
    with database(reading=True) as uow:
        upload = _owned(uow, owner, id)
    if upload.offset == files.size(upload.id):
        return upload
    return _record(database, files, owner, id)


def list_uploads(database: Database, files: UploadFiles, *, owner: Principal) -> list[Upload]:
    """Their own, the newest first, each with what is really on disk."""
    with database(reading=True) as uow:
        found = uow.uploads.of_owner(owner.id)
    for upload in found:
        upload.offset = files.size(upload.id)
    return found


def receive(
    database: Database, files: UploadFiles, *, owner: Principal, id: str, offset: int, data: Iterable[bytes]
) -> Upload:
    """Append `data`, which begins at byte `offset` of the file. No transaction is open while bytes arrive.

    When `data` breaks off, what arrived is kept; the next `get_upload` records it where this could not. Raises NotFound,
    Conflict (the offset is not where the file ends; somebody else is writing; the file is sealed), TooLarge, OutOfSpace.
    """
    with database(reading=True) as uow:
        upload = _owned(uow, owner, id)
    if offset > upload.length:
        raise Conflict(
            Message(
                "The upload has {length} bytes in all; a piece cannot begin at {offset}.",
                length=upload.length,
                offset=offset,
            ),
            hint=Message("Ask for the offset (HEAD) and continue there."),
            code="OffsetMismatch",
        )
    files.append(upload.id, offset, data, limit=upload.length)
    return _record(database, files, owner, id)


def remove_upload(database: Database, files: UploadFiles, *, owner: Principal, id: str) -> None:
    """The row goes first: a file without a row is found and cleared away later, a row without a file misleads.

    Raises NotFound.
    """
    with database() as uow:
        upload = _owned(uow, owner, id)
        uow.uploads.remove(upload)
        uow.commit()
    files.remove(upload.id)


def shown_name(name: str) -> str:
    """A file's name as it may be shown: without directories, without control and direction-changing characters.

    At most 255 characters, ending kept, since it tells the format to people. It never names a file of ours.
    """
    last = re.split(r"[/\\]", name.strip().rstrip("/\\"))[-1]
    clean = "".join(char for char in unicodedata.normalize("NFC", last) if unicodedata.category(char)[0] != "C")
    clean = clean.strip()
    if clean in ("", ".", ".."):
        return "unnamed"
    if len(clean) > LONGEST_NAME:
        return clean[: LONGEST_NAME - 17] + "…" + clean[-16:]
    return clean


def _record(database: Database, files: UploadFiles, owner: Principal, id: str) -> Upload:
    """Write down what is on disk. Asks for it before the transaction: the disk may take its time to sync."""
    size = files.size(id)
    with database() as uow:
        upload = uow.uploads.find(id)
        if upload is not None and upload.owner_id == owner.id:
            upload.offset = size
            uow.commit()
            return upload
    files.remove(id)  # removed while bytes arrived: then nobody will ask for the file again
    raise _missing(id)


def _owned(uow: UnitOfWork, owner: Principal, id: str) -> Upload:
    upload = uow.uploads.find(id)
    if upload is None or upload.owner_id != owner.id:
        raise _missing(id)
    return upload


def _missing(id: str) -> NotFound:
    return NotFound(Message("There is no upload '{id}'.", id=id), hint=Message("Upload the file again."))
