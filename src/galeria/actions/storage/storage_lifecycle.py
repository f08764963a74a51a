"""What disks, snapshots and managed images have in common: an operation fills them and an operation removes them."""

from collections.abc import Sequence

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request import Request
from galeria.actions.storage.sources import Sources
from galeria.domain.errors import Conflict
from galeria.domain.images.storage import Disk, ManagedImage, OriginKind, Snapshot
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import ProvisioningState, moved

Stored = Disk | Snapshot | ManagedImage

_UNDER_WAY = {
    OperationKind.CREATE_DISK: ProvisioningState.CREATING,
    OperationKind.STORE_UPLOAD: ProvisioningState.UPDATING,
    OperationKind.RESIZE_DISK: ProvisioningState.UPDATING,
    OperationKind.DELETE_DISK: ProvisioningState.DELETING,
    OperationKind.CREATE_SNAPSHOT: ProvisioningState.CREATING,
    OperationKind.DELETE_SNAPSHOT: ProvisioningState.DELETING,
    OperationKind.CREATE_IMAGE: ProvisioningState.CREATING,
    OperationKind.DELETE_IMAGE: ProvisioningState.DELETING,
}
STORAGE_WORK = frozenset(_UNDER_WAY)
REMOVALS = frozenset({OperationKind.DELETE_DISK, OperationKind.DELETE_SNAPSHOT, OperationKind.DELETE_IMAGE})


def begin_filling(request: Request, thing: Stored, kind: OperationKind, sources: Sources) -> Operation:
    """Starts the operation that fills the thing from its sources."""
    origins = {str(lun): source.origin.to_inputs() for lun, source in sources.items()}
    inputs: dict[str, object] = {"origins": origins}
    for source in sources.values():
        if source.origin.kind is OriginKind.MACHINE:
            inputs["machine"] = source.origin.name
    return request.begin(kind, thing, thing.id, inputs)


def refill(request: Request, thing: Stored, kind: OperationKind) -> Operation:
    """Starts filling the thing again after a failure, from the same sources."""
    begun = request.uow.operations.recent(below=thing.key)
    failed = next(each for each in begun if each.subject == thing.id and each.kind is kind)
    thing.state = moved(thing.state, ProvisioningState.CREATING, f"'{thing.name}'")
    return request.begin(kind, thing, thing.id, failed.inputs)


def begin_removal(request: Request, thing: Stored, kind: OperationKind) -> Operation:
    """Starts removing the thing and cancels what is still filling it. A repeated call returns the running operation."""
    for running in request.uow.operations.running_on(thing.id):
        if running.kind is kind:
            return running
        running.cancel_requested = True
    thing.state = moved(thing.state, ProvisioningState.DELETING, f"'{thing.name}'")
    return request.begin(kind, thing, thing.id)


def reopen(request: BaseRequest, operation: Operation) -> None:
    """Puts the thing back into the state of its operation, for a retry. Raises Conflict where it was deleted."""
    uow, id = request.uow, operation.subject
    thing: Stored | None = uow.disks.find(id) or uow.snapshots.find(id) or uow.managed_images.find(id)
    if thing is None:
        raise Conflict("It was deleted.", hint="Make it again.")
    thing.state = moved(thing.state, _UNDER_WAY[operation.kind])


def require_unchanged(pairs: Sequence[tuple[str, object, object]]) -> None:
    """Raises Conflict for the first of (property, current value, said value) whose said value is given and differs."""
    for name, now, said in pairs:
        if said not in (None, "") and said != now:
            raise Conflict(
                f"Changing property '{name}' is not allowed.",
                hint=f"It is '{now}'. Make another one for '{said}'.",
                code="PropertyChangeNotAllowed",
                target=name,
            )
