"""What machines take of the host now, and who waits for a start: asked by whoever shows it and by whoever admits starts."""

from galeria.actions.core.base_request import BaseRequest
from galeria.domain.errors import Invalid
from galeria.domain.labs.labs import LabMachine
from galeria.domain.labs.sizes import Size, get_size
from galeria.domain.labs.start_queue import HostUse, memory_cost
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import OperationStatus


def host_use(request: BaseRequest, *, regions: frozenset[str] | None = None) -> HostUse:
    """Returns what machines take of the host now, and who waits: of all regions, or of some."""
    starts = _starts(request, regions)
    begun = {each.subject for each in starts if each.status is OperationStatus.IN_PROGRESS}
    taking = request.uow.machines.sizes_on_host(starting=begun, regions=regions)
    return HostUse(
        running=sum(count for _, count in taking),
        starting=len(begun),
        waiting=sum(each.status is OperationStatus.NOT_STARTED for each in starts),
        memory_mib=sum(count * _memory(request, size) for size, count in taking),
        cores=sum(count * _cores(request, size) for size, count in taking),
    )


def waiting_starts(request: BaseRequest, regions: frozenset[str] | None = None) -> list[Operation]:
    """Returns the starts in these regions, or in all, that wait for room on the host, in the order in which they are served."""
    return [each for each in _starts(request, regions) if each.status is OperationStatus.NOT_STARTED]


def _starts(request: BaseRequest, regions: frozenset[str] | None) -> list[Operation]:
    starts = request.uow.operations.of_kind(OperationKind.START_MACHINE)
    return [each for each in starts if regions is None or each.location in regions]


def place_in_queue(request: BaseRequest, operation: Operation) -> int:
    """Returns the operation's place among the starts that wait, from 1; 0 for one that does not wait."""
    if operation.kind is not OperationKind.START_MACHINE or operation.status is not OperationStatus.NOT_STARTED:
        return 0
    places = [each.id for each in waiting_starts(request)]
    return places.index(operation.id) + 1 if operation.id in places else 0


def give_up_waiting(request: BaseRequest, machine: LabMachine) -> Operation | None:
    """Asks the machine's start to stop where it still waits for room, and returns it; else None."""
    for each in request.uow.operations.running_on(machine.id):
        if each.kind is OperationKind.START_MACHINE and each.status is OperationStatus.NOT_STARTED:
            each.cancel_requested = True
            return each
    return None


def _memory(request: BaseRequest, name: str) -> int:
    size = _find_size(request, name)
    return memory_cost(size) if size else 0


def _cores(request: BaseRequest, name: str) -> int:
    size = _find_size(request, name)
    return size.vcpus if size else 0


def _find_size(request: BaseRequest, name: str) -> Size | None:
    try:
        return get_size(request.settings.sizes, name)
    except Invalid:  # the administrator took the size away while machines of it run
        return None
