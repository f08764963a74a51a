"""Start operations that are recorded in the database and have not ended."""

from galeria.ports.database import Database
from galeria.ports.work import Starter


def start_unsettled(database: Database, starter: Starter) -> None:
    """Start every unsettled operation; one that runs already is left alone.

    This covers a crash between the commit of a request and the start of its work, and servers without a worker.
    """
    with database(reading=True) as uow:
        waiting = [operation.id for operation in uow.operations.unsettled()]
    for operation_id in waiting:
        starter.start(operation_id)
