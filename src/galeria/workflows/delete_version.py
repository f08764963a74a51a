"""Delete an image version and free its storage. Labs made from it keep working: contents that they use stay until they go."""

from galeria.actions.versions.costs import held_digests, live_digests, live_images, live_machines
from galeria.actions.versions.imports import OFFER, PUBLISHER
from galeria.domain.images.galleries import ImageVersion
from galeria.domain.messages import Message
from galeria.domain.operations import OperationKind
from galeria.domain.states import ProvisioningState
from galeria.ports.database import UnitOfWork
from galeria.ports.progress import unheard
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.create_version import remove_uploads
from galeria.workflows.images.held_images import ensure_held
from galeria.workflows.update_version import release_regions
from galeria.workflows.wait_for_operations import wait_for_others


def delete_version(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    step(Message("Wait for what is under way"), wait_for_others, context, operation_id)
    regions = step(Message("Take the version out"), remove_contents, context, operation_id)
    step(Message("Give back the space"), release_regions, context, operation_id, regions)
    step(Message("Tidy the caches"), prune_caches, context, regions)


def remove_contents(context: WorkflowContext, operation_id: str) -> list[str]:
    """Mark the version as deleted and remove its replicas; return the names of the regions that had one.

    From then on no list shows the version and no id finds it.
    """
    _keep_for_labs(context, operation_id)
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
        uow.people.remove_assignments_below(version.key)
        version.key = f"deleted/{version.id}"
        version.deleted_at = context.clock.now()
        version.state = ProvisioningState.DELETING
        _remove_unfinished_import(uow, version)
        uow.commit()
    return regions


def _keep_for_labs(context: WorkflowContext, operation_id: str) -> None:
    """Copy the image to regions whose labs began with it while it was still being replicated there."""
    with context.database(reading=True) as uow:
        labs = uow.labs.of_version(uow.operations.get(operation_id).subject)
    for region, digest in {(lab.location, lab.base_digest) for lab in labs if lab.base_digest}:
        ensure_held(context, region, digest, progress=unheard)


def _remove_unfinished_import(uow: UnitOfWork, version: ImageVersion) -> None:
    """Remove the image that an import made for this version alone, and that never got any: nobody would know what it is."""
    definition = uow.definitions.get(version.definition_id)
    is_imported = (definition.publisher, definition.offer) == (PUBLISHER, OFFER)
    known = uow.versions.of_definition(definition.id, deleted=True)
    others = [each for each in known if each.id != version.id and each.deleted_at is None]
    if is_imported and not others and all(each.published_at is None for each in known):
        uow.people.remove_assignments_below(definition.key)
        uow.definitions.remove(definition)


def remove_unused_uploads(context: WorkflowContext, operation_id: str) -> None:
    """Remove the files that a failed or canceled creation of the version kept for a retry, which is impossible now."""
    with context.database(reading=True) as uow:
        version = uow.versions.get(uow.operations.get(operation_id).subject)
        begun = uow.operations.recent(below=version.key)
        making = [each for each in begun if each.subject == version.id and each.kind is OperationKind.CREATE_VERSION]
    for each in making:
        remove_uploads(context, each.id)


def freed_later(context: WorkflowContext, operation_id: str) -> dict[str, int]:
    """Return, by region, the bytes of the version that only machines still use, and that are freed when these go."""
    later = {}
    with context.database(reading=True) as uow:
        request = context.request(uow)
        version = uow.versions.get(uow.operations.get(operation_id).subject)
        for region, digests in held_digests(request, version).items():
            images, machines = live_images(request, region, without=version.id), live_machines(request, region)
            held = (digests - images) & machines
            later[region] = context.stores[region].holding(held, others=images).exclusive_bytes
    return later


def prune_caches(context: WorkflowContext, regions: list[str]) -> None:
    """Remove cached base disks that no machine uses and no image version of the region names.

    What is known of how systems start goes with the last region that needs their disk.
    """
    for region in regions:
        cached = context.cache.bases(region)
        with context.database(reading=True) as uow:
            kept = live_digests(context.request(uow), region)
        for digest in cached:
            if digest not in kept:
                context.cache.remove_base(region, digest)
    with context.database(reading=True) as uow:
        request = context.request(uow)
        needed = {digest for region in context.stores for digest in live_digests(request, region)}
    with context.database() as uow:
        uow.machines.forget_boot_traces(kept=needed)
        uow.commit()
