"""What every new image version goes through: its disk is looked into, it is sealed, and brought to its regions."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from galeria.domain.errors import Canceled, GaleriaError, Unavailable
from galeria.domain.images.findings import Look
from galeria.domain.images.galleries import OS_DISK, ImageVersion, Replica
from galeria.domain.messages import EMPTY, Message, join
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.states import ReplicaState, moved
from galeria.ports.database import UnitOfWork
from galeria.ports.images import Digest
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.operation_steps import close_region
from galeria.workflows.regions.replicate_elsewhere import replicate_elsewhere, taken_out

LOOK_INSIDE = Message("Look inside the disk")
SEAL = Message("Seal the version")
REPLICATE = Message("Replicate to the other regions")


def look_if_begun_so(step: VisibleStep, context: WorkflowContext, operation_id: str, version_id: str) -> None:
    """Look inside the disk where the operation was begun with a look.

    That never changes, so that it may be asked between steps.
    """
    with context.database(reading=True) as uow:
        looks = uow.operations.get(operation_id).inputs_as(FillInputs).looks
    if looks:
        step(LOOK_INSIDE, look_inside, context, version_id)


def look_inside(context: WorkflowContext, version_id: str) -> None:
    """Note what is on the OS disk, or why it was not looked at: a look that fails holds up nobody.

    The same content was perhaps looked at for another version: what was found then is taken over.
    """
    with context.database(reading=True) as uow:
        version = uow.versions.get(version_id)
        digest = _digest(uow, version)
        found = version.found or uow.versions.find_findings(digest)
    look = Look(findings=found) if found else _look(context, version.location, digest)
    with context.database() as uow:
        version = uow.versions.get(version_id)
        version.found, version.look_obstacle = look.findings, look.obstacle
        uow.commit()


def _digest(uow: UnitOfWork, version: ImageVersion) -> Digest:
    return next(disk.digest for disk in uow.versions.disks(version.id) if disk.lun == OS_DISK)


def _look(context: WorkflowContext, region: str, digest: Digest) -> Look:
    try:
        with context.stores[region].open(digest) as disk:
            return context.inspector.look(disk)
    except GaleriaError as error:
        return Look(obstacle=error.message)


def replicate_everywhere(context: WorkflowContext, operation_id: str, version_id: str) -> None:
    """Replicate to every region that is not complete, all at the same time; a failure in one does not stop the others.

    Raises Unavailable with each failed region and its reason, and Canceled; a retry repeats only those regions.
    """
    with context.database(reading=True) as uow:
        version = uow.versions.get(version_id)
        waiting = [
            each.region for each in uow.versions.replicas(version_id) if each.state is not ReplicaState.COMPLETED
        ]
    if not waiting:
        return
    # The context, so that what they log names the operation.
    with ThreadPoolExecutor(len(waiting), thread_name_prefix="replicate") as pool:
        jobs = [pool.submit(copy_context().run, _bring, context, operation_id, version, region) for region in waiting]
        failures = [failure for failure in (job.result() for job in jobs) if failure]
    for failure in failures:
        if isinstance(failure[1], Canceled):
            raise failure[1]
    if failures:
        raise Unavailable(
            Message(
                "Gallery replication failed in one or more regions: {failures}",
                failures=join(*(_of_region(region, error) for region, error in failures), separator="; "),
            ),
            hint=Message(
                "{hint} Then retry the operation: only these regions are done again.", hint=failures[0][1].hint
            ),
            code="ReplicationFailed",
        )


def _bring(
    context: WorkflowContext, operation_id: str, version: ImageVersion, region: str
) -> tuple[str, GaleriaError] | None:
    """Replicate to the region, or have it done by whoever does the region's work."""
    if context.elsewhere is None or context.serves(region):
        return _replicate(context, operation_id, version, region)
    return replicate_elsewhere(context, context.elsewhere, operation_id, version.id, region)


def replicate_here(context: WorkflowContext, operation_id: str, version_id: str, region: str) -> None:
    """Replicate to a region whose work this process does, for an operation that another process runs or has run.

    May be repeated. What becomes of it stands in the replica and in the operation's step.
    """
    with context.database(reading=True) as uow:
        replica = uow.versions.find_replica(version_id, region)
        version = uow.versions.find(version_id)
    if version and replica and replica.state is not ReplicaState.COMPLETED:
        _replicate(context, operation_id, version, region)


def _of_region(region: str, error: GaleriaError) -> Message:
    return Message("{region}: {error}", region=region, error=error.message)


def _replicate(
    context: WorkflowContext, operation_id: str, version: ImageVersion, region: str
) -> tuple[str, GaleriaError] | None:
    try:
        with context.database() as uow:
            replica = _replica(uow.versions.find_replica(version.id, region), region)
            replica.state, replica.failure = moved(replica.state, ReplicaState.REPLICATING), EMPTY
            digests = [disk.digest for disk in uow.versions.disks(version.id)]
            uow.commit()
        sent = 0
        for digest in digests:
            sent += _send(context, operation_id, version, region, digest)
    except GaleriaError as error:
        _end_replica(context, version, region, failure=error.message)
        close_region(context.database, context.clock, operation_id, REPLICATE, region, ok=False)
        return region, error
    _end_replica(context, version, region, sent=sent)
    close_region(context.database, context.clock, operation_id, REPLICATE, region, ok=True)
    return None


def _send(context: WorkflowContext, operation_id: str, version: ImageVersion, region: str, digest: Digest) -> int:
    progress = context.meter(operation_id, REPLICATE, region, version.id)
    source = context.stores[version.location]
    replicated = context.stores[region].replicate(digest, source=source, pin=lambda _: None, progress=progress)
    return replicated.sent_bytes


def _end_replica(
    context: WorkflowContext, version: ImageVersion, region: str, *, sent: int = 0, failure: Message = EMPTY
) -> None:
    with context.database() as uow:
        replica = _replica(uow.versions.find_replica(version.id, region), region)
        replica.state = moved(replica.state, ReplicaState.FAILED if failure else ReplicaState.COMPLETED)
        replica.failure, replica.sent_bytes = failure, replica.sent_bytes + sent
        replica.verified_at = None if failure else context.clock.now()
        uow.commit()


def _replica(found: Replica | None, region: str) -> Replica:
    if found is None:
        raise taken_out(region)
    return found


def seal_version(context: WorkflowContext, version_id: str) -> None:
    """Publish the version: it is complete in its home region and never changes again."""
    with context.database() as uow:
        version = uow.versions.get(version_id)
        version.published_at = version.published_at or context.clock.now()
        version.failure = EMPTY
        home = _replica(uow.versions.find_replica(version_id, version.location), version.location)
        # Every chunk's hash was computed from the bytes that were written and synced, so that they count as verified.
        home.state = moved(home.state, ReplicaState.COMPLETED)
        home.verified_at = home.verified_at or context.clock.now()
        uow.commit()
