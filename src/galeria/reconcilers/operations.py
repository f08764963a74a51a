"""Start operations that are recorded in the database and have not ended, and remove those that ended long ago."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import OperationStatus
from galeria.ports.work import OldOperation, Starter, WorkHistory
from galeria.workflows.classes.start_queue import rivals
from galeria.workflows.context import WorkflowContext

T = TypeVar("T")

log = logging.getLogger(__name__)

AT_ONCE = 100
"""How many operations are removed in one transaction: so long writers wait for it."""


def start_unsettled(context: WorkflowContext, starter: Starter) -> None:
    """Start every unsettled operation of the regions served; one that runs already is left alone.

    This covers a crash between the commit of a request and the start of its work, and servers without a worker. Of starts of
    machines that wait for room on a host, those behind the first that still has none are not asked about: nobody overtakes.
    """
    with context.database(reading=True) as uow:
        unsettled = [each for each in uow.operations.unsettled() if context.serves(each.location)]
    full: set[frozenset[str] | None] = set()  # the regions of hosts, or of a cloud, for which a start still waits
    for operation in unsettled:
        queue = rivals(context, operation.location)
        if queue in full and _waits(operation) and not operation.cancel_requested:
            continue
        starter.start(operation.id)
        if queue not in full and _waits(operation) and _still_waits(context, operation.id):
            full.add(queue)


def remove_old_operations(
    context: WorkflowContext, history: WorkHistory, *, rest: Callable[[float], None] = time.sleep
) -> None:
    """Remove the operations that ended `operation_days` ago, with their steps, and what the durable engine remembers of them.

    The newest of each kind stays as long as what it was done with: pages show it, and it may be retried. If this is cut off,
    the next run goes on: everything is found by its time alone.
    """
    days = context.settings.background.operation_days
    if not days:
        return
    before = _removed_before(context, days)
    while _paced(context, rest, partial(history.forget_ended, begun_before=before, limit=AT_ONCE)):
        pass
    count, found = 0, _old(context, before)
    while found:
        count += _paced(context, rest, partial(_remove, context, found, before))
        found = _old(context, before, after=found[-1])
    if count:
        log.info("%d operations that ended before %s were removed", count, before.date())


def _removed_before(context: WorkflowContext, days: int) -> datetime:
    """The deletion of a group reads how those ended that it began, however long it waits for one of them."""
    with context.database(reading=True) as uow:
        waiting = uow.operations.of_kind(OperationKind.DELETE_GROUP)
    return min([context.clock.now() - timedelta(days=days), *(each.created_at for each in waiting)])


def _old(context: WorkflowContext, before: datetime, after: OldOperation | None = None) -> list[OldOperation]:
    with context.database(reading=True) as uow:
        return uow.operations.begun_before(before, after=after, limit=AT_ONCE)


def _remove(context: WorkflowContext, old: list[OldOperation], before: datetime) -> int:
    """Return how many were removed. One that is retried since it was looked at stays."""
    ids = [each.id for each in old if each.is_removable]
    if not ids:
        return 0
    with context.database() as uow:
        count = uow.operations.remove_ended(ids, before=before)
        uow.commit()
    return count


def _paced(context: WorkflowContext, rest: Callable[[float], None], do: Callable[[], T]) -> T:
    """Do it, and rest as the settings of work in the background say. All of its time counts: it is the database's."""
    began = time.monotonic()
    done = do()
    elapsed = time.monotonic() - began
    rest(context.settings.background.pause(elapsed, processor=elapsed, moved=0))
    return done


def _waits(operation: Operation) -> bool:
    return operation.kind is OperationKind.START_MACHINE and operation.status is OperationStatus.NOT_STARTED


def _still_waits(context: WorkflowContext, operation_id: str) -> bool:
    with context.database(reading=True) as uow:
        return _waits(uow.operations.get(operation_id))
