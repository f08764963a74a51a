"""What disks, snapshots and managed images have in common: they are filled by an operation and removed by one."""

from collections.abc import Sequence

from galeria.actions.core.request import Request
from galeria.actions.storage.sources import Sources
from galeria.domain.errors import Conflict
from galeria.domain.images.storage import Disk, ManagedImage, Snapshot
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import ProvisioningState, moved
from galeria.ports.database import UnitOfWork

Stored = Disk | Snapshot | ManagedImage


def find_stored(uow: UnitOfWork, id: str) -> Stored | None:
    return uow.disks.find(id) or uow.snapshots.find(id) or uow.managed_images.find(id)


def get_stored(uow: UnitOfWork, id: str) -> Stored:
    """The disk, snapshot or managed image of that id. Raises Conflict where it is gone."""
    thing = find_stored(uow, id)
    if thing is None:
        raise Conflict("It was deleted.", hint="Make it again.")
    return thing


def begin_filling(request: Request, thing: Stored, kind: OperationKind, sources: Sources) -> Operation:
    """Write down where the bytes come from; the work begins after the commit."""
    inputs = FillInputs(origins={lun: source.origin for lun, source in sources.items()})
    return request.begin(kind, thing, thing.id, inputs)


def refill(request: Request, thing: Stored, kind: OperationKind) -> Operation:
    """After a failure, from the same sources."""
    begun = request.uow.operations.recent(below=thing.key)
    failed = next(each for each in begun if each.subject == thing.id and each.kind is kind)
    thing.state = moved(thing.state, ProvisioningState.CREATING, f"'{thing.name}'")
    return request.begin(kind, thing, thing.id, failed.inputs)


def begin_removal(request: Request, thing: Stored, kind: OperationKind) -> Operation:
    """What is still being made is canceled first. A repeated deletion joins the running one."""
    for running in request.uow.operations.running_on(thing.id):
        if running.kind is kind:
            return running
        running.cancel_requested = True
    thing.state = moved(thing.state, ProvisioningState.DELETING, f"'{thing.name}'")
    return request.begin(kind, thing, thing.id)


def require_unchanged(pairs: Sequence[tuple[str, object, object]]) -> None:
    """(property, what it is, what was said): what was said must be left out or be the same. Raises Conflict."""
    for name, now, said in pairs:
        if said not in (None, "") and said != now:
            raise Conflict(
                f"Changing property '{name}' is not allowed.",
                hint=f"It is '{now}'. Make another one for '{said}'.",
                code="PropertyChangeNotAllowed",
                target=name,
            )
