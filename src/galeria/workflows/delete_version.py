"""Take a version away and give its space back. Labs made from it keep working: what they stand on stays until they go."""

from galeria.actions.versions.costs import held_digests, live_images, live_machines
from galeria.domain.messages import Message
from galeria.domain.operations import OperationKind
from galeria.domain.states import ProvisioningState
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.create_version import remove_uploads
from galeria.workflows.update_version import release_regions
from galeria.workflows.wait_for_operations import wait_for_others


def delete_version(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    step(Message("Wait for what is under way"), wait_for_others, context, operation_id)
    regions = step(Message("Take the version out"), remove_contents, context, operation_id)
    step(Message("Give back the space"), release_regions, context, operation_id, regions)
    step(Message("Tidy the caches"), prune_caches, context, regions)


def remove_contents(context: WorkflowContext, operation_id: str) -> list[str]:
    """From here on nobody sees the version. Returns the regions that held it."""
    later = freed_later(context, operation_id)
    remove_unused_uploads(context, operation_id)
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        version = uow.versions.get(operation.subject)
        if version.deleted_at is not None:
            return list(operation.outputs["regions"])
        regions = sorted(replica.region for replica in uow.versions.replicas(version.id))
        operation.outputs = {**operation.outputs, "regions": regions, "laterBytes": later}
        for replica in uow.versions.replicas(version.id):
            uow.versions.remove_replica(replica)
        version.key = f"deleted/{version.id}"
        version.deleted_at = context.clock.now()
        version.state = ProvisioningState.DELETING
        uow.commit()
    return regions


def remove_unused_uploads(context: WorkflowContext, operation_id: str) -> None:
    """A making that failed or was canceled kept its uploaded files for a retry, which cannot come any more."""
    with context.database(reading=True) as uow:
        version = uow.versions.get(uow.operations.get(operation_id).subject)
        begun = uow.operations.recent(below=version.key)
        making = [each for each in begun if each.subject == version.id and each.kind is OperationKind.CREATE_VERSION]
    for each in making:
        remove_uploads(context, each.id)


def freed_later(context: WorkflowContext, operation_id: str) -> dict[str, int]:
    """Region → bytes that only machines hold on to."""
    later = {}
    with context.database(reading=True) as uow:
        version = uow.versions.get(uow.operations.get(operation_id).subject)
        for region, digests in held_digests(uow, version).items():
            images, machines = live_images(uow, region, without=version.id), live_machines(uow, region)
            held = (digests - images) & machines
            later[region] = context.stores[region].holding(held, others=images).exclusive_bytes
    return later


def prune_caches(context: WorkflowContext, regions: list[str]) -> None:
    """Remove cached disks that no machine stands on and no version of the region names."""
    for region in regions:
        cached = context.cache.bases(region)
        with context.database(reading=True) as uow:
            kept = live_machines(uow, region) | live_images(uow, region)
        for digest in cached:
            if digest not in kept:
                context.cache.remove_base(region, digest)
