"""Start operations that are recorded in the database and have not ended."""

from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import OperationStatus
from galeria.ports.database import Database
from galeria.ports.work import Starter


def start_unsettled(database: Database, starter: Starter) -> None:
    """Start every unsettled operation; one that runs already is left alone.

    This covers a crash between the commit of a request and the start of its work, and servers without a worker. Of starts of
    machines that wait for room, those behind the first that still has none are not asked about: nobody overtakes.
    """
    with database(reading=True) as uow:
        unsettled = uow.operations.unsettled()
    is_full = False
    for operation in unsettled:
        if is_full and _waits(operation) and not operation.cancel_requested:
            continue
        starter.start(operation.id)
        is_full = is_full or (_waits(operation) and _still_waits(database, operation.id))


def _waits(operation: Operation) -> bool:
    return operation.kind is OperationKind.START_MACHINE and operation.status is OperationStatus.NOT_STARTED


def _still_waits(database: Database, operation_id: str) -> bool:
    with database(reading=True) as uow:
        return _waits(uow.operations.get(operation_id))
