"""What machines take of the host now, and who waits for a start: asked by whoever shows it and by whoever admits starts."""

from galeria.actions.core.base_request import BaseRequest
from galeria.domain.errors import Invalid
from galeria.domain.labs.labs import LabMachine
from galeria.domain.labs.sizes import get_size
from galeria.domain.labs.start_queue import HostUse, memory_cost
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import OperationStatus


def host_use(request: BaseRequest) -> HostUse:
    """Returns what machines take of the host now."""
    starts = request.uow.operations.of_kind(OperationKind.START_MACHINE)
    begun = {each.subject for each in starts if each.status is OperationStatus.IN_PROGRESS}
    taking = request.uow.machines.sizes_on_host(starting=begun)
    return HostUse(
        running=sum(count for _, count in taking),
        starting=len(begun),
        waiting=sum(each.status is OperationStatus.NOT_STARTED for each in starts),
        memory_mib=sum(count * _memory(request, size) for size, count in taking),
    )


def waiting_starts(request: BaseRequest) -> list[Operation]:
    """Returns the starts that wait for room on the host, in the order in which they are served."""
    starts = request.uow.operations.of_kind(OperationKind.START_MACHINE)
    return [each for each in starts if each.status is OperationStatus.NOT_STARTED]


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


def _memory(request: BaseRequest, size: str) -> int:
    try:
        return memory_cost(get_size(request.settings.sizes, size))
    except Invalid:  # the administrator took the size away while machines of it run
        return 0
