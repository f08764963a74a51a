"""Add regions to a version, take regions from it, fill what failed before."""

from galeria.actions.versions.costs import live_digests
from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.publish_version import REPLICATE, replicate_everywhere


def update_version(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    version_id = step(Message("Take regions out"), remove_regions, context, operation_id)
    step(REPLICATE, replicate_everywhere, context, operation_id, version_id)


def remove_regions(context: WorkflowContext, operation_id: str) -> str:
    """Their replicas are gone at once, and the space that only they needed. Returns the version's id."""
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        version_id: str = operation.subject
        removed: list[str] = operation.inputs["removed"]
        for region in removed:
            replica = uow.versions.find_replica(version_id, region)
            if replica:
                uow.versions.remove_replica(replica)
        uow.commit()
    release_regions(context, operation_id, removed)
    return version_id


def release_regions(context: WorkflowContext, operation_id: str, regions: list[str]) -> None:
    """Free what no image and no machine names any more, and write down how many bytes that really were.

    Where a writer is busy the space is freed by the next round of the garbage collection; the operation says so.
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
    """Bytes really given back by the region's store. Raises Conflict when a writer is busy there."""

    def live() -> set[str]:
        with context.database(reading=True) as uow:
            return live_digests(uow, region)

    return context.stores[region].collect(live).freed_bytes
