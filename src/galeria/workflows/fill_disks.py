"""Bring the bytes of disks into their region's store, wherever they come from.

What an operation makes (a version, a managed image, a disk or snapshot) has a row for each disk, and the operation's
inputs say for each where its bytes come from. A disk whose content is in the store already is passed over, so that
every step may run again.
"""

from typing import Protocol

from galeria.domain.errors import NotFound
from galeria.domain.images.galleries import OS_DISK
from galeria.domain.images.storage import Origin, OriginKind, StoredDisk
from galeria.domain.labs.labs import LabMachine
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.ports.database import UnitOfWork
from galeria.ports.disks import DiskSource, OpenDisk
from galeria.ports.images import Digest
from galeria.ports.machines import Machine
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.file_sources import FETCH, fetch_file, inspect_file, open_file
from galeria.workflows.virtual_disks import EmptyDisk, GrownDisk

SEAL_DISK = Message("Close the disk's layer")
LOOK = Message("Look at the file")
STORE = Message("Store the disk")

_FILES = {OriginKind.UPLOAD, OriginKind.PAGES, OriginKind.URI}


class DiskRow(Protocol):
    """What the rows of all that has disks have in common. All in bytes but the digest."""

    size: int
    data_bytes: int
    read_bytes: int
    stored_bytes: int
    digest: str


def fill_disks(step: VisibleStep, context: WorkflowContext, operation_id: str) -> str:
    """The part of a story that fills the rows of the operation's disks. Returns the id of what they belong to."""
    kinds = _kinds(context, operation_id)
    if OriginKind.MACHINE in kinds:
        step(SEAL_DISK, seal_layer, context, operation_id)
    if OriginKind.URI in kinds:
        step(FETCH, fetch_origins, context, operation_id)
    if kinds & _FILES:
        step(LOOK, inspect_origins, context, operation_id)
    return step(STORE, store_contents, context, operation_id)


def origins_of(operation: Operation) -> dict[int, Origin]:
    """Lun → where its bytes come from."""
    inputs = operation.inputs
    uploads = {int(lun): Origin(kind=OriginKind.UPLOAD, name=id) for lun, id in inputs.get("uploads", {}).items()}
    return uploads | {int(lun): Origin.from_inputs(each) for lun, each in inputs.get("origins", {}).items()}


def rows_of(uow: UnitOfWork, operation: Operation) -> dict[int, DiskRow]:
    """Lun → row. Raises NotFound where what they belong to is gone."""
    if operation.kind is OperationKind.CREATE_VERSION:
        return {disk.lun: disk for disk in uow.versions.disks(operation.subject)}
    if operation.kind is OperationKind.CREATE_IMAGE:
        return {disk.lun: disk for disk in uow.managed_images.disks(operation.subject)}
    return {OS_DISK: stored_disk_of(uow, operation.subject)}


def stored_disk_of(uow: UnitOfWork, id: str) -> StoredDisk:
    """A disk or a snapshot."""
    return uow.disks.find(id) or uow.snapshots.get(id)


def seal_layer(context: WorkflowContext, operation_id: str) -> None:
    with context.database(reading=True) as uow:
        machine = uow.machines.get(uow.operations.get(operation_id).inputs["machine"])
    context.engine.seal_disk(_machine(machine), _layer_of(operation_id))


def fetch_origins(context: WorkflowContext, operation_id: str) -> None:
    for lun, origin in _waiting(context, operation_id).items():
        if origin.kind is OriginKind.URI:
            fetch_file(context, operation_id, lun, origin.name)


def inspect_origins(context: WorkflowContext, operation_id: str) -> None:
    """Refuse what is unsafe or no disk before anything is stored; write the sizes down."""
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


def store_contents(context: WorkflowContext, operation_id: str) -> str:
    """Returns the id of what the disks belong to."""
    for lun, origin in _waiting(context, operation_id).items():
        if origin.kind is OriginKind.CONTENT:
            _copy(context, operation_id, lun, origin)
            continue
        with _opened(context, operation_id, lun, origin) as disk:
            _capture(context, operation_id, lun, disk, _parent(context, operation_id, origin))
        if origin.kind is OriginKind.MACHINE:
            _note_layer(context, operation_id, origin)
    with context.database(reading=True) as uow:
        return uow.operations.get(operation_id).subject


def is_filled(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> bool:
    """Whether an earlier run got this disk into the region's store whole, and as large as it is to be."""
    with context.database(reading=True) as uow:
        operation = uow.operations.get(operation_id)
        digest = rows_of(uow, operation)[lun].digest
    manifest = context.stores[operation.location].find_manifest(digest) if digest else None
    return manifest is not None and manifest.size >= origin.grown


def _kinds(context: WorkflowContext, operation_id: str) -> set[OriginKind]:
    """Inputs never change, so that this may be asked between steps."""
    with context.database(reading=True) as uow:
        return {origin.kind for origin in origins_of(uow.operations.get(operation_id)).values()}


def _waiting(context: WorkflowContext, operation_id: str) -> dict[int, Origin]:
    with context.database(reading=True) as uow:
        origins = origins_of(uow.operations.get(operation_id))
    return {lun: origin for lun, origin in origins.items() if not is_filled(context, operation_id, lun, origin)}


def _opened(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> OpenDisk:
    if origin.kind is OriginKind.EMPTY:
        return EmptyDisk(origin.size)
    if origin.kind is OriginKind.MACHINE:
        since, _ = _ground(context, operation_id, origin)
        machine = Machine(id=origin.name, region=origin.region)
        return context.engine.open_changes(machine, _layer_of(operation_id), since=since)
    return open_file(context, operation_id, lun, origin)


def _capture(context: WorkflowContext, operation_id: str, lun: int, disk: DiskSource, parent: Digest | None) -> None:
    with context.database(reading=True) as uow:
        region = uow.operations.get(operation_id).location

    def pin(digest: Digest) -> None:
        _pin(context, operation_id, lun, digest)

    progress = context.meter(operation_id, STORE)
    captured = context.stores[region].capture(disk, parent=parent, pin=pin, progress=progress)
    with context.database() as uow:
        row = rows_of(uow, uow.operations.get(operation_id))[lun]
        row.size, row.data_bytes, row.digest = captured.size, captured.data_bytes, captured.digest
        # A run that continues after a crash finds chunks that the first run stored: they were this one's cost, too.
        row.read_bytes = max(row.read_bytes, captured.read_bytes)
        row.stored_bytes += captured.stored_bytes
        uow.commit()


def _copy(context: WorkflowContext, operation_id: str, lun: int, origin: Origin) -> None:
    """In the same region a copy is a name; from another one it brings what is missing, and checks all of it."""
    with context.database(reading=True) as uow:
        region = uow.operations.get(operation_id).location
    source = context.stores[origin.region]
    facts = source.find_manifest(origin.name)
    if facts is None:
        raise NotFound(
            Message("The source's content is not in {region} any more.", region=origin.region),
            hint=Message("It was deleted meanwhile. Choose another source."),
        )
    sent = 0
    if region != origin.region:
        progress = context.meter(operation_id, STORE)
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
            _capture(context, operation_id, lun, GrownDisk(content, origin.grown), facts.digest)


def _pin(context: WorkflowContext, operation_id: str, lun: int, digest: Digest) -> None:
    """The content stands in its row before garbage collection may look."""
    with context.database() as uow:
        rows_of(uow, uow.operations.get(operation_id))[lun].digest = digest
        uow.commit()


def _ground(context: WorkflowContext, operation_id: str, origin: Origin) -> tuple[str | None, Digest]:
    """The layer that changes are counted from, and what it was sealed as; at worst the machine's own image."""
    with context.database(reading=True) as uow:
        machine = uow.machines.get(origin.name)
        region = uow.operations.get(operation_id).location
    if origin.parent is None or context.stores[region].find_manifest(origin.parent) is None:
        return None, machine.base_digest
    return origin.since, origin.parent


def _parent(context: WorkflowContext, operation_id: str, origin: Origin) -> Digest | None:
    return _ground(context, operation_id, origin)[1] if origin.kind is OriginKind.MACHINE else None


def _note_layer(context: WorkflowContext, operation_id: str, origin: Origin) -> None:
    """The machine's changes are counted from here on, unless something later was quicker."""
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        machine = uow.machines.get(origin.name)
        if machine.layer == origin.since:
            machine.layer, machine.layer_digest = _layer_of(operation_id), rows_of(uow, operation)[OS_DISK].digest
        uow.commit()


def _layer_of(operation_id: str) -> str:
    return operation_id.replace("-", "")


def _machine(row: LabMachine) -> Machine:
    return Machine(id=row.id, region=row.region)
