"""Files that disks are made from: uploaded, written page by page, or fetched from an address."""

import time
from collections.abc import Iterator
from dataclasses import replace

from galeria.domain.errors import Canceled, Invalid, NotFound, OutOfSpace, TooLarge, Unavailable
from galeria.domain.images.import_addresses import read_address
from galeria.domain.images.storage import Origin, OriginKind
from galeria.domain.messages import Message, verbatim
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.units import readable
from galeria.ports.disks import OpenDisk
from galeria.ports.files import Download, FileFacts, UploadFiles
from galeria.ports.progress import Progress
from galeria.workflows.context import WorkflowContext

FETCH = Message("Fetch the file")
LARGEST = (2 << 40) + (16 << 30)  # bytes: a disk of 2 TiB and what a file format adds to it
ENOUGH = 1 << 20  # bytes that a connection has to bring at least, or it counts as one that brought none
TRIES = 5  # connections in a row that bring none
_FORMATS = {
    "vpc": Message("a dynamic VHD"),
    "vhdx": verbatim("VHDX"),
    "vmdk": verbatim("VMDK"),
    "qcow2": verbatim("QCOW2"),
    "raw": Message("a RAW disk"),
}
_CONVERT = Message(
    "Convert it with 'qemu-img convert -O vpc -o subformat=fixed,force_size=on OLD NEW.vhd', "
    "ask for access again and upload the new file."
)
# Without this option qemu-img believes the geometry, which many makers round down, and cuts off the disk's end.
_CONVERT_DYNAMIC = Message(
    "Convert it with 'qemu-img convert --image-opts -O vpc -o subformat=fixed,force_size=on "
    "driver=vpc,force_size_calc=current_size,file.filename=OLD NEW.vhd', ask for access again and upload the new file."
)


def file_of(operation_id: str, lun: int) -> str:
    """Return the name under which an operation keeps the file that it fetches for the disk at `lun`."""
    return f"{operation_id.replace('-', '')}{lun + 1:02x}"


def fetch_file(context: WorkflowContext, operation_id: str, lun: int, address: str) -> None:
    """Fetch the file at `address` whole. What has arrived is kept after a failure, and a retry continues there.

    The address is then shortened to the part without secrets, because nobody asks there again. Raises Invalid, TooLarge,
    OutOfSpace, Unavailable where no bytes come any more or only a few now and then, and Canceled.
    """
    file, tries = file_of(operation_id, lun), 0
    while not _is_complete(context, operation_id, file):
        before = context.disk_files.size(file)
        failure = _fetch_some(context, operation_id, file, address)
        tries = 0 if context.disk_files.size(file) - before >= ENOUGH else tries + 1
        if tries >= TRIES:
            raise failure or _broken()
        if tries:
            time.sleep(min(2.0**tries, 10.0) * context.poll_seconds)
    forget_address(context, operation_id, lun)


def inspect_file(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> FileFacts:
    """Return the format and sizes of the disk in the file; a file written page by page is closed to writers first.

    Raises Invalid for a file that is no disk or that needs other files, and NotFound where it is gone or incomplete.
    """
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
    """Remove the file and its upload, and shorten a source address to the part without secrets. May be repeated."""
    files, id = _place(context, operation_id, lun, origin)
    files.remove(id)
    if origin.kind is OriginKind.URI:
        forget_address(context, operation_id, lun)
    if origin.kind is not OriginKind.UPLOAD:
        return
    with context.database() as uow:
        upload = uow.uploads.find(id)
        if upload:
            uow.uploads.remove(upload)
        uow.commit()


def forget_address(context: WorkflowContext, operation_id: str, lun: int) -> None:
    """Drop the query of a source address, which may hold a signature, from the operation's inputs. May be repeated."""
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        inputs = operation.inputs_as(FillInputs)
        origin = inputs.origins[lun]
        shown = replace(origin, name=read_address(origin.name).shown)
        operation.inputs = replace(inputs, origins={**inputs.origins, lun: shown})
        uow.commit()


def _place(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> tuple[UploadFiles, str]:
    if origin.kind is OriginKind.UPLOAD:
        return context.uploads, origin.name
    return context.disk_files, file_of(operation_id, lun) if origin.kind is OriginKind.URI else origin.name


def _fetch_some(context: WorkflowContext, operation_id: str, file: str, address: str) -> Unavailable | None:
    """Fetch as much as one connection brings. A failure that may be temporary is returned, not raised."""
    have, known = context.disk_files.size(file), _known(context, operation_id, file)
    try:
        with context.fetcher.open(address, offset=have, tag=str(known.get("tag") or "")) as download:
            if download.length is not None and download.length > LARGEST:
                raise TooLarge(
                    Message(
                        "The file has {length}; at most {limit} are taken.",
                        length=readable(download.length),
                        limit=readable(LARGEST),
                    ),
                    hint=Message("Shrink the disk."),
                )
            context.disk_room.require(max(0, (download.length or 0) - download.offset))
            if have and download.offset == 0:
                context.disk_files.remove(file)
            _remember(context, operation_id, file, tag=download.tag, length=download.length)
            whole = _receive(context, operation_id, file, download)
    except OutOfSpace:
        raise  # asking again at once would not help
    except Unavailable as error:
        return error
    if whole and download.length is None:
        _remember(context, operation_id, file, tag=download.tag, length=context.disk_files.size(file))
    return None


def _receive(context: WorkflowContext, operation_id: str, file: str, download: Download) -> bool:
    """Store what arrives, and return whether the sender reached the end. Raises Canceled once what arrived is on disk."""
    canceled: list[Canceled] = []
    progress = context.meter(operation_id, FETCH)
    limit = LARGEST if download.length is None else download.length
    context.disk_files.append(file, download.offset, _metered(download, progress, canceled), limit=limit)
    if canceled:
        raise canceled[0]
    return download.is_whole


def _metered(download: Download, progress: Progress, canceled: list[Canceled]) -> Iterator[bytes]:
    """Pass the pieces on and report progress.

    A cancellation ends the iteration and is put into `canceled`: an error raised here would discard the bytes as wrong.
    """
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
    """Raise Invalid unless the file is a fixed VHD, as Azure requires of page blobs that become disks."""
    if facts.format != "vhd":
        raise Invalid(
            Message(
                "What was uploaded is no fixed VHD, but {format}.",
                format=_FORMATS.get(facts.format, verbatim(facts.format)),
            ),
            hint=_CONVERT_DYNAMIC if facts.format == "vpc" else _CONVERT,
            code="InvalidVhd",
        )
    return facts


def _broken() -> Unavailable:
    return Unavailable(
        Message("The connection breaks off again and again."),
        hint=Message("Retry the operation: it continues where it stopped."),
    )
