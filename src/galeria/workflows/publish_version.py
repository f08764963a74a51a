"""What every new image version goes through: its disks are stored, it is sealed, it is brought to its regions."""

from concurrent.futures import ThreadPoolExecutor

from galeria.domain.errors import Canceled, GaleriaError, Unavailable
from galeria.domain.images.galleries import ImageVersion, Replica
from galeria.domain.messages import EMPTY, Message, join
from galeria.domain.states import ReplicaState, moved
from galeria.ports.disks import DiskSource
from galeria.ports.images import Digest
from galeria.workflows.context import WorkflowContext
from galeria.workflows.operation_steps import close_region

REPLICATE = Message("Replicate to the other regions")


def store_disk(
    context: WorkflowContext,
    operation_id: str,
    version_id: str,
    lun: int,
    disk: DiskSource,
    *,
    parent: Digest | None,
    step: str,
) -> None:
    """Capture one disk into the version's home region; its digest stands in the row before garbage collection may look."""
    with context.database(reading=True) as uow:
        home = uow.versions.get(version_id).location

    def pin(digest: Digest) -> None:
        with context.database() as uow:
            next(each for each in uow.versions.disks(version_id) if each.lun == lun).digest = digest
            uow.commit()

    progress = context.meter(operation_id, step)
    captured = context.stores[home].capture(disk, parent=parent, pin=pin, progress=progress)
    with context.database() as uow:
        row = next(each for each in uow.versions.disks(version_id) if each.lun == lun)
        row.size, row.data_bytes, row.digest = captured.size, captured.data_bytes, captured.digest
        # A run that continues after a crash finds chunks that the first run stored: they were this version's cost, too.
        row.read_bytes = max(row.read_bytes, captured.read_bytes)
        row.stored_bytes += captured.stored_bytes
        uow.commit()


def is_stored(context: WorkflowContext, version_id: str, lun: int) -> bool:
    """Whether an earlier run got this disk into the home region's store whole."""
    with context.database(reading=True) as uow:
        version = uow.versions.get(version_id)
        digest = next(each for each in uow.versions.disks(version_id) if each.lun == lun).digest
    return bool(digest) and context.stores[version.location].find_manifest(digest) is not None


def replicate_everywhere(context: WorkflowContext, operation_id: str, version_id: str) -> None:
    """Fill every region that is not complete, all at once. One that fails does not hold back the others.

    Raises Unavailable, naming each failed region and why; a retry does only those again.
    """
    with context.database(reading=True) as uow:
        version = uow.versions.get(version_id)
        waiting = [
            each.region for each in uow.versions.replicas(version_id) if each.state is not ReplicaState.COMPLETED
        ]
    if not waiting:
        return
    with ThreadPoolExecutor(len(waiting), thread_name_prefix="replicate") as pool:
        jobs = [pool.submit(_replicate, context, operation_id, version, region) for region in waiting]
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
        raise Canceled(
            Message("The region {region} was taken out of the version.", region=region),
            hint=Message("Add it again to fill it."),
        )
    return found


def seal_version(context: WorkflowContext, version_id: str) -> None:
    """From here on the version exists: in its home region, whole, and never changing again."""
    with context.database() as uow:
        version = uow.versions.get(version_id)
        version.published_at = version.published_at or context.clock.now()
        version.failure = EMPTY
        home = _replica(uow.versions.find_replica(version_id, version.location), version.location)
        # Every chunk's hash was taken from the very bytes that were written and synced here.
        home.state = moved(home.state, ReplicaState.COMPLETED)
        home.verified_at = home.verified_at or context.clock.now()
        uow.commit()
