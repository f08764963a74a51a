"""What disks, snapshots and managed images have in common: they are filled by an operation and removed by one."""

from collections.abc import Sequence

from galeria.actions.core.request import Request
from galeria.actions.storage.sources import Sources
from galeria.domain.errors import Conflict
from galeria.domain.images.storage import Disk, ManagedImage, OriginKind, Snapshot
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import ProvisioningState, moved
from galeria.ports.database import UnitOfWork

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


def find_stored(uow: UnitOfWork, id: str) -> Stored | None:
    return uow.disks.find(id) or uow.snapshots.find(id) or uow.managed_images.find(id)


def begin_filling(request: Request, thing: Stored, kind: OperationKind, sources: Sources) -> Operation:
    """Write down where the bytes come from; the work begins after the commit."""
    origins = {str(lun): source.origin.to_inputs() for lun, source in sources.items()}
    inputs: dict[str, object] = {"origins": origins}
    for source in sources.values():
        if source.origin.kind is OriginKind.MACHINE:
            inputs["machine"] = source.origin.name
    return request.begin(kind, thing, thing.id, inputs)


def refill(request: Request, thing: Stored, kind: OperationKind) -> Operation:
    """After a failure, from the same sources."""
    begun = request.uow.operations.recent(below=thing.key)
    failed = next(each for each in begun if each.subject == thing.id and each.kind is kind)
    thing.state = moved(thing.state, ProvisioningState.CREATING, Message("'{thing}'", thing=thing.name))
    return request.begin(kind, thing, thing.id, failed.inputs)


def begin_removal(request: Request, thing: Stored, kind: OperationKind) -> Operation:
    """What is still being made is canceled first. A repeated deletion joins the running one."""
    for running in request.uow.operations.running_on(thing.id):
        if running.kind is kind:
            return running
        running.cancel_requested = True
    thing.state = moved(thing.state, ProvisioningState.DELETING, Message("'{thing}'", thing=thing.name))
    return request.begin(kind, thing, thing.id)


def reopen(uow: UnitOfWork, operation: Operation) -> None:
    """Put the thing back into the state in which its work is under way. Raises Conflict where it is gone."""
    thing = find_stored(uow, operation.subject)
    if thing is None:
        raise Conflict(Message("It was deleted."), hint=Message("Make it again."))
    thing.state = moved(thing.state, _UNDER_WAY[operation.kind])


def require_unchanged(pairs: Sequence[tuple[str, object, object]]) -> None:
    """(property, what it is, what was said): what was said must be left out or be the same. Raises Conflict."""
    for name, now, said in pairs:
        if said not in (None, "") and said != now:
            raise Conflict(
                Message("Changing property '{name}' is not allowed.", name=name),
                hint=Message("It is '{now}'. Make another one for '{said}'.", now=str(now), said=str(said)),
                code="PropertyChangeNotAllowed",
                target=name,
            )
