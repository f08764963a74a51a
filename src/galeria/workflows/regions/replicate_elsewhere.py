"""Replication to regions whose work another process does, near the region's store: it is asked for, and waited for.

Nobody waits for a region that is cut off: its replica is said to have failed, and is made once somebody does its work again.
"""

import time

from galeria.domain.errors import Canceled, GaleriaError, Unavailable
from galeria.domain.images.galleries import Replica
from galeria.domain.messages import EMPTY, Message
from galeria.domain.states import ReplicaState, moved
from galeria.ports.work import RegionWork
from galeria.workflows.context import WorkflowContext

PATIENCE = 20.0
"""Seconds without anybody who does the region's work: long enough for one that is started anew."""
LOOK = 1.0
"""Seconds between two looks at a replica, which each ask the database."""


def replicate_elsewhere(
    context: WorkflowContext, elsewhere: RegionWork, operation_id: str, version_id: str, region: str
) -> tuple[str, GaleriaError] | None:
    """Have the version replicated to the region, and wait. Returns None once it is complete, else the region and why not."""
    with context.database() as uow:
        replica = uow.versions.find_replica(version_id, region)
        if replica and replica.state is not ReplicaState.COMPLETED:
            replica.state, replica.failure = moved(replica.state, ReplicaState.REPLICATING), EMPTY
        uow.commit()
    elsewhere.replicate(operation_id, version_id, region)
    last_seen = time.monotonic()
    while True:
        with context.database(reading=True) as uow:
            replica = uow.versions.find_replica(version_id, region)
            is_canceled = uow.operations.get(operation_id).cancel_requested
        ended = _ended(replica, region, is_canceled=is_canceled)
        if ended or (replica and replica.state is ReplicaState.COMPLETED):
            return ended
        if elsewhere.is_anybody_at_work(region):
            last_seen = time.monotonic()
        elif time.monotonic() - last_seen > PATIENCE:
            return region, _cut_off(context, version_id, region)
        time.sleep(LOOK)


def _ended(replica: Replica | None, region: str, *, is_canceled: bool) -> tuple[str, GaleriaError] | None:
    if replica is None:
        return region, taken_out(region)
    if is_canceled:
        canceled = Message("The operation was canceled.")
        return region, Canceled(canceled, hint=Message("Retry it to continue where it stopped."))
    if replica.state is ReplicaState.FAILED:
        return region, Unavailable(replica.failure, hint=Message("Look at that, then try again."))
    return None


def _cut_off(context: WorkflowContext, version_id: str, region: str) -> Unavailable:
    why = Message("No worker does the work of region {region} now.", region=region)
    end_broken_replica(context, version_id, region, why)
    return Unavailable(why, hint=Message("It is replicated there by itself once one does."))


def end_broken_replica(context: WorkflowContext, version_id: str, region: str, why: Message) -> None:
    """Note that replicating broke off, so that nobody waits for it."""
    with context.database() as uow:
        replica = uow.versions.find_replica(version_id, region)
        if replica and replica.state is ReplicaState.REPLICATING:
            replica.state, replica.failure = moved(replica.state, ReplicaState.FAILED), why
        uow.commit()


def taken_out(region: str) -> Canceled:
    """Return the error for a replica that somebody removed while it was made."""
    return Canceled(
        Message("The region {region} was taken out of the version.", region=region),
        hint=Message("Add it again to fill it."),
    )
