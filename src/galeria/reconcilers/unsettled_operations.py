"""Every operation that is written down and not ended is being worked on."""

from galeria.ports.database import Database
from galeria.ports.work import Starter


def start_unsettled(database: Database, starter: Starter) -> None:
    """Covers a crash between the commit of a request and the start of its work, and servers without a worker."""
    with database(reading=True) as uow:
        waiting = [operation.id for operation in uow.operations.unsettled()]
    for operation_id in waiting:
        starter.start(operation_id)
