"""Uploads: announced, received in pieces, resumed, removed. Each belongs to one person; others do not see it."""

import re
import unicodedata

from galeria.actions.core.limits import require_within
from galeria.actions.core.request import Request
from galeria.domain.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from galeria.domain.messages import Message
from galeria.domain.operations import Upload
from galeria.domain.people.principals import reach
from galeria.domain.units import GB, gigabytes, readable

LONGEST_NAME = 255  # characters
# Whoever may do one of these somewhere has a use for a file.
IMPORTS = (
    "Microsoft.Compute/galleries/images/versions/write",
    "Microsoft.Compute/images/write",
    "Microsoft.Compute/disks/write",
    "Microsoft.Compute/snapshots/write",
)


def create_upload(request: Request, *, file_name: str, length: int, limit: int) -> Upload:
    """Announces a file of `length` bytes; at most `limit` are taken.

    Raises Forbidden without a right to import anywhere, Invalid, TooLarge, and Conflict where the caller or everybody has
    as many files, or announced as many bytes, as may be; OutOfSpace where the disk has no room for it.
    """
    require_import(request)
    if length < 0:
        raise Invalid(
            Message("A file cannot have {length} bytes.", length=length),
            hint=Message("Announce the file's length in bytes."),
        )
    if length > limit:
        raise TooLarge(
            Message(
                "The file has {length}; at most {limit} are taken.", length=readable(length), limit=readable(limit)
            ),
            hint=Message(
                "Convert the disk to a compact format ('qemu-img convert -O qcow2'); an administrator can "
                "raise the limit."
            ),
        )
    require_share(request, length)
    request.disk_room.require(length)
    upload = Upload(
        id=request.id_generator.new_id(),
        owner_id=request.caller.principal.id,
        file_name=shown_name(file_name),
        length=length,
        created_at=request.clock.now(),
    )
    request.uow.uploads.add(upload)
    return upload


def require_import(request: Request) -> None:
    """Raises Forbidden unless the caller may import a file somewhere."""
    if any(reach(request.caller.assignments, action) for action in IMPORTS):
        return
    raise Forbidden(
        Message("'{person}' may not import files.", person=request.caller.principal.display_name),
        hint=Message("Ask an Owner for a role that may write image versions, such as Contributor of a gallery."),
    )


def require_share(request: Request, length: int) -> None:
    """Raises Conflict (QuotaExceeded) where the caller or everybody has as many files, or announced bytes, as may be.

    Disks that wait for their bytes page by page count as files.
    """
    own, settings = request.uow.uploads.totals(owner_id=request.caller.principal.id), request.settings
    require_within(
        own.files + 1,
        settings.uploads_per_person,
        Message("You have {count} uploaded files already, as many as one person may.", count=own.files),
        hint=_free("per_person"),
    )
    require_within(
        own.announced + length,
        settings.upload_gib_per_person * GB,
        Message(
            "Your files would have {announced} GiB in all; at most {most} are taken from one person.",
            announced=gigabytes(own.announced + length),
            most=settings.upload_gib_per_person,
        ),
        hint=_free("gib_per_person"),
    )
    every = request.uow.uploads.totals()
    require_within(
        every.files + 1,
        settings.uploads_in_all,
        Message("There are {count} uploaded files, as many as this installation takes.", count=every.files),
        hint=_free("in_all"),
    )
    require_within(
        every.announced + length,
        settings.upload_gib_in_all * GB,
        Message(
            "The files of everybody would have {announced} GiB together; at most {most} are taken.",
            announced=gigabytes(every.announced + length),
            most=settings.upload_gib_in_all,
        ),
        hint=_free("gib_in_all"),
    )


def _free(setting: str) -> Message:
    return Message(
        "Import or remove files first; an administrator can raise '{setting}' under [uploads] in galeria.toml.",
        setting=setting,
    )


def get_upload(request: Request, id: str) -> Upload:
    """The caller's upload as it was recorded last. Raises NotFound, for other people's uploads too."""
    upload = _find_own(request, id)
    if upload is None:
        raise missing_upload(id)
    return upload


def list_uploads(request: Request) -> list[Upload]:
    """The caller's own, the newest first, as they were recorded last."""
    return request.uow.uploads.of_owner(request.caller.principal.id)


def require_piece(request: Request, id: str, offset: int) -> Upload:
    """The upload that a piece beginning at byte `offset` may be added to.

    Raises NotFound, Conflict, and Forbidden where the caller may not import anywhere any more.
    """
    upload = get_upload(request, id)
    require_import(request)
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
    return upload


def record_size(request: Request, id: str, size: int) -> Upload | None:
    """Write down that `size` bytes are on disk. None where the upload was removed meanwhile."""
    upload = _find_own(request, id)
    if upload is not None:
        upload.offset = size
    return upload


def remove_upload(request: Request, id: str) -> Upload:
    """Remove the row; the file is removed once that is committed. Raises NotFound."""
    upload = get_upload(request, id)
    request.uow.uploads.remove(upload)
    return upload


def shown_name(name: str) -> str:
    """Returns a file's name as it may be shown: without folders, control characters and characters that change direction.

    It has at most 255 characters and keeps its ending, which tells people the format. It is never used as a path.
    """
    last = re.split(r"[/\\]", name.strip().rstrip("/\\"))[-1]
    clean = "".join(char for char in unicodedata.normalize("NFC", last) if unicodedata.category(char)[0] != "C")
    clean = clean.strip()
    if clean in ("", ".", ".."):
        return "unnamed"
    if len(clean) > LONGEST_NAME:
        return clean[: LONGEST_NAME - 17] + "…" + clean[-16:]
    return clean


def missing_upload(id: str) -> NotFound:
    """The error for an upload that does not exist, or belongs to somebody else."""
    return NotFound(Message("There is no upload '{id}'.", id=id), hint=Message("Upload the file again."))


def _find_own(request: Request, id: str) -> Upload | None:
    upload = request.uow.uploads.find(id)
    return upload if upload is not None and upload.owner_id == request.caller.principal.id else None
