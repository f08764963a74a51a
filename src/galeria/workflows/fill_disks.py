"""Store the contents of disks in their region's image store, whatever their source.

What an operation makes (a version, a managed image, a disk or snapshot) has a row for each disk, and the operation's
inputs say for each where its bytes come from. A disk whose content is in the store already is passed over, so that
every step may run again.
"""

from dataclasses import replace
from typing import Protocol

from galeria.domain.errors import NotFound
from galeria.domain.images.galleries import OS_DISK
from galeria.domain.images.storage import Origin, OriginKind, StoredDisk
from galeria.domain.labs.hardware import with_variables
from galeria.domain.labs.labs import LabMachine
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.operations import Operation, OperationKind, Subject
from galeria.ports.database import UnitOfWork
from galeria.ports.disks import DiskSource, OpenDisk
from galeria.ports.images import Digest
from galeria.ports.machines import Machine
from galeria.ports.progress import unheard
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.file_sources import FETCH, fetch_file, inspect_file, open_file
from galeria.workflows.images.held_images import ensure_held
from galeria.workflows.virtual_disks import EmptyDisk, GrownDisk

SEAL_DISK = Message("Close the disk's layer")
LOOK = Message("Look at the file")
STORE = Message("Store the disk")
STORE_CHANGES = Message("Store the changes")  # of an export

_FILES = {OriginKind.UPLOAD, OriginKind.PAGES, OriginKind.URI}


class DiskRow(Protocol):
    """The fields that rows of disks have in common: sizes in bytes, and the digest of the stored content."""

    size: int
    data_bytes: int
    read_bytes: int
    stored_bytes: int
    digest: str


def fill_disks(step: VisibleStep, context: WorkflowContext, operation_id: str) -> str:
    """Run the steps that fill the disks of an operation's subject. Returns the subject's id.

    Steps are remembered by name and order, across releases: neither may change for operations that are under way.
    """
    # Kind, subject and the kinds of the inputs' origins never change, so they may be read between steps.
    with context.database(reading=True) as uow:
        operation = uow.operations.get(operation_id)
        kinds = {origin.kind for origin in origins_of(uow, operation).values()}
    if OriginKind.MACHINE in kinds:
        step(SEAL_DISK, seal_layer, context, operation_id)
    if OriginKind.URI in kinds:
        step(FETCH, fetch_origins, context, operation_id)
    if kinds & _FILES:
        step(LOOK, inspect_origins, context, operation_id)
    step(_store_step(operation), store_contents, context, operation_id)
    return operation.subject


def origins_of(uow: UnitOfWork, operation: Operation) -> dict[int, Origin]:
    """Where the bytes come from, by lun; empty for an operation that fills nothing."""
    inputs = operation.inputs
    if not isinstance(inputs, FillInputs):
        return {}
    return {lun: _completed(uow, operation, origin) for lun, origin in inputs.origins.items()}


def is_from_before(origin: Origin) -> bool:
    """Whether the origin is that of an export which was begun by a release that had a workflow of its own for exports.

    Its inputs name the machine and the layer alone. Such a release also noted the layer in the machine when it sealed the
    version, not when it stored the disk. `is_from_before`, `_completed` and `create_version.seal_export` can go one release
    after 0.1.0, when no such export can be running, or have failed and be retried.
    """
    return origin.kind is OriginKind.MACHINE and origin.parent is None


def _completed(uow: UnitOfWork, operation: Operation, origin: Origin) -> Origin:
    """The origin with what earlier releases kept in the version only: see `is_from_before`."""
    if not is_from_before(origin):
        return origin
    return replace(origin, region=operation.location, parent=uow.versions.get(operation.subject).parent_digest)


def rows_of(uow: UnitOfWork, operation: Operation) -> dict[int, DiskRow]:
    """Return the row of each disk by its LUN. Raises NotFound where the version, image or disk is gone."""
    if operation.kind_type.subject is Subject.VERSION:
        return {disk.lun: disk for disk in uow.versions.disks(operation.subject)}
    if operation.kind is OperationKind.CREATE_IMAGE:
        return {disk.lun: disk for disk in uow.managed_images.disks(operation.subject)}
    return {OS_DISK: stored_disk_of(uow, operation.subject)}


def stored_disk_of(uow: UnitOfWork, id: str) -> StoredDisk:
    """Return the disk or snapshot of that id. Raises NotFound."""
    return uow.disks.find(id) or uow.snapshots.get(id)


def seal_layer(context: WorkflowContext, operation_id: str) -> None:
    with context.database(reading=True) as uow:
        machine = uow.machines.get(uow.operations.get(operation_id).inputs.machine)
    context.disk_room.require(0, region=machine.region)
    context.engine.seal_disk(Machine.of(machine), layer_of(operation_id))
    _keep_hardware(context, operation_id, machine)


def _keep_hardware(context: WorkflowContext, operation_id: str, machine: LabMachine) -> None:
    """Keep with a version what its machine started with, and what that machine's firmware knew when the disk was closed."""
    variables = context.engine.firmware_variables(Machine.of(machine))
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        hardware = uow.labs.get(machine.lab_id).hardware
        if operation.kind_type.subject is Subject.VERSION and hardware is not None:
            uow.versions.get(operation.subject).hardware = with_variables(hardware, variables)
            uow.commit()


def fetch_origins(context: WorkflowContext, operation_id: str) -> None:
    for lun, origin in _waiting(context, operation_id).items():
        if origin.kind is OriginKind.URI:
            fetch_file(context, operation_id, lun, origin.name)


def inspect_origins(context: WorkflowContext, operation_id: str) -> None:
    """Check the source files before anything is stored, and record their sizes. Raises Invalid for unsafe files."""
    waiting = _waiting(context, operation_id)
    found = {
        lun: inspect_file(context, operation_id, lun, each) for lun, each in waiting.items() if each.kind in _FILES
    }
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        rows = rows_of(uow, operation)
        for lun, facts in found.items():
            rows[lun].size = facts.virtual_size
        files = {str(lun): {"format": each.format, "fileBytes": each.file_size} for lun, each in found.items()}
        operation.outputs = {**operation.outputs, "files": {**operation.outputs.get("files", {}), **files}}
        uow.commit()


def store_contents(context: WorkflowContext, operation_id: str) -> None:
    """Bring every disk that is not whole there into the region's store."""
    for lun, origin in _waiting(context, operation_id).items():
        if origin.kind is OriginKind.CONTENT:
            _copy(context, operation_id, lun, origin)
            continue
        with _opened(context, operation_id, lun, origin) as disk:
            _capture(context, operation_id, lun, disk, origin, _parent(context, operation_id, origin))


def is_filled(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> bool:
    """Whether an earlier run got this disk into the region's store whole, as large as it is to be, and noted it in its row.

    A run that was cut off between store and row does it again: the store has the bytes already, and the row gets its figures.
    """
    with context.database(reading=True) as uow:
        operation = uow.operations.get(operation_id)
        row = rows_of(uow, operation)[lun]
    manifest = context.stores[operation.location].find_manifest(row.digest) if row.digest else None
    if manifest is None or manifest.size < origin.grown:
        return False
    return (row.size, row.data_bytes) == (manifest.size, manifest.data_bytes)


def _waiting(context: WorkflowContext, operation_id: str) -> dict[int, Origin]:
    with context.database(reading=True) as uow:
        origins = origins_of(uow, uow.operations.get(operation_id))
    return {lun: origin for lun, origin in origins.items() if not is_filled(context, operation_id, lun, origin)}


def _opened(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> OpenDisk:
    if origin.kind is OriginKind.EMPTY:
        return EmptyDisk(origin.size)
    if origin.kind is OriginKind.MACHINE:
        since, _ = _ground(context, operation_id, origin)
        machine = Machine(id=origin.name, region=origin.region)
        return context.engine.open_changes(machine, layer_of(operation_id), since=since)
    return open_file(context, operation_id, lun, origin)


def _capture(
    context: WorkflowContext, operation_id: str, lun: int, disk: DiskSource, origin: Origin, parent: Digest | None
) -> None:
    with context.database(reading=True) as uow:
        operation = uow.operations.get(operation_id)

    def pin(digest: Digest) -> None:
        _pin(context, operation_id, lun, digest)

    progress = context.meter(operation_id, _store_step(operation))
    if parent is not None:
        ensure_held(context, operation.location, parent, progress=unheard)
    captured = context.stores[operation.location].capture(disk, parent=parent, pin=pin, progress=progress)
    with context.database() as uow:
        row = rows_of(uow, uow.operations.get(operation_id))[lun]
        row.size, row.data_bytes, row.digest = captured.size, captured.data_bytes, captured.digest
        # After a crash the chunks that the first run stored are known already; they count for this disk as well.
        row.read_bytes = max(row.read_bytes, captured.read_bytes)
        row.stored_bytes += captured.stored_bytes
        if origin.kind is OriginKind.MACHINE:
            note_layer(uow, operation_id, origin, captured.digest)
        uow.commit()


def _copy(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> None:
    """Copy stored content: in the same region by naming its digest, else by sending missing chunks and checking all."""
    with context.database(reading=True) as uow:
        operation = uow.operations.get(operation_id)
    region = operation.location
    source = context.stores[origin.region]
    facts = source.find_manifest(origin.name)
    if facts is None:
        raise NotFound(
            Message("The source's content is not in {region} any more.", region=origin.region),
            hint=Message("It was deleted meanwhile. Choose another source."),
        )
    sent = 0
    if region != origin.region:
        progress = context.meter(operation_id, _store_step(operation))
        copied = context.stores[region].replicate(
            origin.name, source=source, pin=lambda digest: _pin(context, operation_id, lun, digest), progress=progress
        )
        sent = copied.sent_bytes
    with context.database() as uow:
        row = rows_of(uow, uow.operations.get(operation_id))[lun]
        row.size, row.data_bytes, row.digest = facts.size, facts.data_bytes, facts.digest
        row.stored_bytes += sent
        uow.commit()
    if origin.grown > facts.size:
        with context.stores[region].open(facts.digest) as content:
            _capture(context, operation_id, lun, GrownDisk(content, origin.grown), origin, facts.digest)


def _pin(context: WorkflowContext, operation_id: str, lun: int, digest: Digest) -> None:
    """Write the digest into the disk's row, so that garbage collection keeps the content."""
    with context.database() as uow:
        rows_of(uow, uow.operations.get(operation_id))[lun].digest = digest
        uow.commit()


def _ground(context: WorkflowContext, operation_id: str, origin: Origin) -> tuple[str | None, Digest]:
    """Return the layer from which changes are counted, and the content that it was sealed as.

    Where that content is gone, or the layer was joined with others before a late retry, everything since the machine's own
    image is read: None and that image's digest.
    """
    with context.database(reading=True) as uow:
        machine = uow.machines.get(origin.name)
        region = uow.operations.get(operation_id).location
    if origin.parent is None or context.stores[region].find_manifest(origin.parent) is None:
        return None, machine.base_digest
    layered = Machine(id=origin.name, region=origin.region)
    if origin.since is not None and not context.engine.has_layer(layered, origin.since):
        return None, machine.base_digest
    return origin.since, origin.parent


def _parent(context: WorkflowContext, operation_id: str, origin: Origin) -> Digest | None:
    return _ground(context, operation_id, origin)[1] if origin.kind is OriginKind.MACHINE else None


def note_layer(uow: UnitOfWork, operation_id: str, origin: Origin, digest: Digest) -> None:
    """Count the machine's changes from here on, unless an export that was begun later was quicker: its layer is above."""
    machine = uow.machines.get(origin.name)
    if machine.layer == origin.since:
        machine.layer, machine.layer_digest = layer_of(operation_id), digest


def layer_of(operation_id: str) -> str:
    """A layer is named by the operation that closed it, so that a repeated step finds its own."""
    return operation_id.replace("-", "")


def _store_step(operation: Operation) -> Message:
    """Steps are remembered by their names, so that these stay as they are."""
    return STORE_CHANGES if operation.kind is OperationKind.EXPORT_TEMPLATE else STORE
