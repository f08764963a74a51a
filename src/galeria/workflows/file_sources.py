"""Files that become disks: uploaded, written page by page, or fetched from elsewhere."""

import time
from collections.abc import Iterator
from dataclasses import replace

from galeria.domain.errors import Canceled, Invalid, NotFound, TooLarge, Unavailable
from galeria.domain.images.import_addresses import read_address
from galeria.domain.images.storage import Origin, OriginKind
from galeria.domain.messages import Message
from galeria.ports.disks import OpenDisk
from galeria.ports.files import Download, FileFacts, UploadFiles
from galeria.ports.progress import Progress
from galeria.workflows.context import WorkflowContext

FETCH = Message("Fetch the file")
LARGEST = (2 << 40) + (16 << 30)  # bytes: 2 TiB of disk and what a format adds to it
TRIES = 5  # in a row that bring nothing


def file_of(operation_id: str, lun: int) -> str:
    """The name under which an operation keeps a file that it fetches."""
    return f"{operation_id.replace('-', '')}{lun + 1:02x}"


def fetch_file(context: WorkflowContext, operation_id: str, lun: int, address: str) -> None:
    """Until all of it is here. What arrived is kept, also by a failure: a retry continues where it stopped.

    Raises Invalid, TooLarge, Unavailable, Canceled.
    """
    file, tries = file_of(operation_id, lun), 0
    while not _is_complete(context, operation_id, file):
        before = context.disk_files.size(file)
        failure = _fetch_some(context, operation_id, file, address)
        tries = 0 if context.disk_files.size(file) > before else tries + 1
        if tries >= TRIES:
            raise failure or _broken()
        if tries:
            time.sleep(min(2.0**tries, 10.0) * context.poll_seconds)


def inspect_file(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> FileFacts:
    """Raises Invalid for anything but a disk that stands by itself, NotFound where the file is gone or not complete."""
    files, id = _place(context, operation_id, lun, origin)
    if origin.kind is OriginKind.PAGES:
        context.disk_files.seal(id)
        return _fixed_vhd(files.inspect(id))
    if origin.kind is OriginKind.UPLOAD:
        _require_complete(context, id)
    return files.inspect(id)


def open_file(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> OpenDisk:
    files, id = _place(context, operation_id, lun, origin)
    return files.open(id, files.inspect(id))


def remove_file(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> None:
    """Once its content is stored, or nobody will want it any more."""
    files, id = _place(context, operation_id, lun, origin)
    files.remove(id)
    if origin.kind is OriginKind.URI:
        _forget_secret(context, operation_id, lun, origin)
    if origin.kind is not OriginKind.UPLOAD:
        return
    with context.database() as uow:
        upload = uow.uploads.find(id)
        if upload:
            uow.uploads.remove(upload)
        uow.commit()


def _forget_secret(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> None:
    """What lets the address be read is kept no longer than it is needed."""
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        shown = replace(origin, name=read_address(origin.name).shown).to_inputs()
        operation.inputs = {**operation.inputs, "origins": {**operation.inputs["origins"], str(lun): shown}}
        uow.commit()


def _place(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> tuple[UploadFiles, str]:
    if origin.kind is OriginKind.UPLOAD:
        return context.uploads, origin.name
    return context.disk_files, file_of(operation_id, lun) if origin.kind is OriginKind.URI else origin.name


def _fetch_some(context: WorkflowContext, operation_id: str, file: str, address: str) -> Unavailable | None:
    """One connection's worth of it; a failure that may pass is given back."""
    have, known = context.disk_files.size(file), _known(context, operation_id, file)
    try:
        with context.fetcher.open(address, offset=have, tag=str(known.get("tag") or "")) as download:
            if download.length is not None and download.length > LARGEST:
                raise TooLarge(
                    Message(
                        "The file has {length} bytes; at most {largest} are taken.",
                        length=download.length,
                        largest=LARGEST,
                    ),
                    hint=Message("Shrink the disk."),
                )
            if have and download.offset == 0:
                context.disk_files.remove(file)
            _remember(context, operation_id, file, tag=download.tag, length=download.length)
            whole = _receive(context, operation_id, file, download)
    except Unavailable as error:
        return error
    if whole and download.length is None:
        _remember(context, operation_id, file, tag=download.tag, length=context.disk_files.size(file))
    return None


def _receive(context: WorkflowContext, operation_id: str, file: str, download: Download) -> bool:
    """Whether the sender came to the end. Raises Canceled after what arrived is on disk."""
    canceled: list[Canceled] = []
    progress = context.meter(operation_id, FETCH)
    limit = LARGEST if download.length is None else download.length
    context.disk_files.append(file, download.offset, _metered(download, progress, canceled), limit=limit)
    if canceled:
        raise canceled[0]
    return download.is_whole


def _metered(download: Download, progress: Progress, canceled: list[Canceled]) -> Iterator[bytes]:
    """An error raised in here would say that the bytes are wrong; a cancellation only ends them."""
    done = download.offset
    for piece in download.pieces():
        yield piece
        done += len(piece)
        try:
            progress(done=done, total=max(done, download.length or 0))
        except Canceled as error:
            canceled.append(error)
            return


def _is_complete(context: WorkflowContext, operation_id: str, file: str) -> bool:
    length = _known(context, operation_id, file).get("length")
    return length is not None and context.disk_files.size(file) == length


def _known(context: WorkflowContext, operation_id: str, file: str) -> dict[str, str | int | None]:
    with context.database(reading=True) as uow:
        known: dict[str, str | int | None] = uow.operations.get(operation_id).outputs.get("fetched", {}).get(file, {})
    return known


def _remember(context: WorkflowContext, operation_id: str, file: str, *, tag: str, length: int | None) -> None:
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        fetched = {**operation.outputs.get("fetched", {}), file: {"tag": tag, "length": length}}
        operation.outputs = {**operation.outputs, "fetched": fetched}
        uow.commit()


def _require_complete(context: WorkflowContext, upload_id: str) -> None:
    with context.database(reading=True) as uow:
        upload = uow.uploads.find(upload_id)
    if upload is None or context.uploads.size(upload_id) != upload.length:
        raise NotFound(
            Message("The uploaded file {upload_id} is gone or not complete.", upload_id=upload_id),
            hint=Message("Upload it again, then make the version again."),
        )


def _fixed_vhd(facts: FileFacts) -> FileFacts:
    """A disk that is written page by page is a page blob, and that is a fixed VHD."""
    if facts.format != "vhd":
        raise Invalid(
            Message("What was uploaded is no fixed VHD, but {format}.", format=facts.format),
            hint=Message(
                "Convert it with 'qemu-img convert -O vpc -o subformat=fixed,force_size=on OLD NEW.vhd', "
                "ask for access again and upload the new file."
            ),
            code="InvalidVhd",
        )
    return facts


def _broken() -> Unavailable:
    return Unavailable(
        Message("The connection breaks off again and again."),
        hint=Message("Retry the operation: it continues where it stopped."),
    )
