"""What disks, snapshots and managed images have in common: an operation fills them and an operation removes them."""

from collections.abc import Sequence

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.groups import being_deleted
from galeria.actions.core.request import Request
from galeria.actions.storage.sources import Sources
from galeria.domain.errors import Conflict
from galeria.domain.images.storage import Disk, ManagedImage, Snapshot
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import ProvisioningState, moved

Stored = Disk | Snapshot | ManagedImage


def find_stored(request: BaseRequest, id: str) -> Stored | None:
    """Returns the disk, snapshot or managed image of that id, or None."""
    uow = request.uow
    return uow.disks.find(id) or uow.snapshots.find(id) or uow.managed_images.find(id)


def get_stored(request: BaseRequest, id: str) -> Stored:
    """Returns the disk, snapshot or managed image of that id. Raises Conflict where it was deleted."""
    thing = find_stored(request, id)
    if thing is None:
        raise Conflict(Message("It was deleted."), hint=Message("Make it again."))
    return thing


def begin_filling(request: Request, thing: Stored, kind: OperationKind, sources: Sources) -> Operation:
    """Starts the operation that fills the thing from its sources."""
    inputs = FillInputs(origins={lun: source.origin for lun, source in sources.items()})
    return request.begin(kind, thing, thing.id, inputs)


def refill(request: Request, thing: Stored, kind: OperationKind) -> Operation:
    """Starts filling the thing again after a failure, from the same sources."""
    begun = request.uow.operations.recent(below=thing.key)
    failed = next(each for each in begun if each.subject == thing.id and each.kind is kind)
    thing.state = moved(thing.state, ProvisioningState.CREATING, Message("'{thing}'", thing=thing.name))
    return request.begin(kind, thing, thing.id, failed.inputs)


def begin_removal(request: Request, thing: Stored, kind: OperationKind) -> Operation:
    """Starts removing the thing and cancels what is still filling it. A repeated call returns the running operation."""
    for running in request.uow.operations.running_on(thing.id):
        if running.kind is kind:
            return running
        running.cancel_requested = True
    thing.state = moved(thing.state, ProvisioningState.DELETING, Message("'{thing}'", thing=thing.name))
    return request.begin(kind, thing, thing.id)


def require_lasting(thing: Stored, running: Sequence[Operation], deletion: OperationKind) -> None:
    """Raises Conflict for a change of what is being deleted, or whose filling was asked to stop: it would be lost."""
    if any(each.kind is deletion for each in running):
        raise being_deleted(thing)
    if any(each.cancel_requested for each in running):
        raise Conflict(
            Message("What fills '{thing}' was asked to stop.", thing=thing.name),
            hint=Message("Wait until that has ended, then send it again."),
        )


def require_unchanged(pairs: Sequence[tuple[str, object, object]]) -> None:
    """Raises Conflict for the first of (property, current value, said value) whose said value is given and differs."""
    for name, now, said in pairs:
        if said not in (None, "") and said != now:
            raise Conflict(
                Message("Changing property '{name}' is not allowed.", name=name),
                hint=Message("It is '{now}'. Make another one for '{said}'.", now=str(now), said=str(said)),
                code="PropertyChangeNotAllowed",
                target=name,
            )
