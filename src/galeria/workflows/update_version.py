"""Change the regions of an image version: remove replicas, add new ones, and repeat those that failed."""

from galeria.actions.versions.costs import live_digests
from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import RegionInputs
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.publish_version import REPLICATE, replicate_everywhere


def update_version(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    version_id = step(Message("Take regions out"), remove_regions, context, operation_id)
    step(REPLICATE, replicate_everywhere, context, operation_id, version_id)


def remove_regions(context: WorkflowContext, operation_id: str) -> str:
    """Remove the replicas of the regions taken out, free the storage that only they used, and return the version's id."""
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        version_id: str = operation.subject
        removed = list(operation.inputs_as(RegionInputs).removed)
        for region in removed:
            replica = uow.versions.find_replica(version_id, region)
            if replica:
                uow.versions.remove_replica(replica)
        uow.commit()
    release_regions(context, operation_id, removed)
    return version_id


def release_regions(context: WorkflowContext, operation_id: str, regions: list[str]) -> None:
    """Free the contents that no image and no machine uses any more, and record the freed bytes in the operation.

    Where a writer holds the region's lease, a later garbage collection frees them; the operation's output `deferred` says so.
    """
    for region in regions:
        freed, deferred = 0, False
        try:
            freed = collect(context, region)
        except Conflict:
            deferred = True
        with context.database() as uow:
            operation = uow.operations.get(operation_id)
            outputs = dict(operation.outputs)
            before = outputs.get("freedBytes", {})
            outputs["freedBytes"] = {**before, region: before.get(region, 0) + freed}
            if deferred:
                outputs["deferred"] = sorted({*outputs.get("deferred", []), region})
            operation.outputs = outputs
            uow.commit()


def collect(context: WorkflowContext, region: str) -> int:
    """Collect garbage in the region's store, and return the freed bytes. Raises Conflict while a writer holds its lease."""
    return context.stores[region].collect(lambda: live_contents(context, region)).freed_bytes


def live_contents(context: WorkflowContext, region: str) -> set[str]:
    """Return the digests of all sealed content that something in the region needs."""
    with context.database(reading=True) as uow:
        return live_digests(context.request(uow), region)
