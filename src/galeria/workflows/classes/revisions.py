"""Capture a lab's template as a revision: its disk's layer is closed, and what changed is stored; the template stays."""

from galeria.domain.errors import NotFound
from galeria.domain.images.galleries import OsState
from galeria.domain.labs.labs import Lab, LabMachine, find_template
from galeria.domain.labs.revisions import LabRevision
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import PublishInputs
from galeria.ports.database import UnitOfWork
from galeria.ports.images import Digest
from galeria.ports.machines import Machine
from galeria.ports.progress import unheard
from galeria.workflows.context import WorkflowContext
from galeria.workflows.fill_disks import layer_of
from galeria.workflows.images.held_images import ensure_held, ensure_on_hosts

STORE_TEMPLATE = Message("Store the template")
CACHE = Message("Bring the image to the hosts")
_PIECE = 256 * 1024  # bytes; what a chunk of the store holds


def begin_revision(context: WorkflowContext, operation_id: str) -> None:
    """Add the revision that this operation makes, unless the newest one holds all that the template does. May be repeated.

    A lab without a template has its image as its only revision.
    """
    with context.database(reading=True) as uow:
        operation = uow.operations.get(operation_id)
        lab, template = _lab_and_template(uow, operation.subject)
        newest, known = uow.revisions.find_newest(lab.id), uow.revisions.find(operation_id)
        captures = operation.inputs_as(PublishInputs).captures
    if known is not None:
        return
    if template is None:
        if newest is None:
            _add(context, operation_id, lab, digest=lab.base_digest, os_state=lab.os_state)
        return
    if newest is not None and (not captures or _is_unchanged(context, template, newest)):
        return
    context.disk_room.require(0, region=template.region)
    layer = layer_of(operation_id)
    context.engine.seal_disk(Machine.of(template), layer)
    _add(context, operation_id, lab, layer=layer, os_state=OsState.SPECIALIZED)


def store_revision(context: WorkflowContext, operation_id: str) -> None:
    """Store what the template's layers hold since it was stored last. May be repeated."""
    with context.database(reading=True) as uow:
        revision = uow.revisions.find(operation_id)
        _, template = _lab_and_template(uow, uow.operations.get(operation_id).subject)
    if revision is None or revision.is_ready or revision.layer is None or template is None:
        return
    store = context.stores[template.region]
    since, parent = template.layer, template.parent_digest
    if since == revision.layer or store.find_manifest(parent) is None:
        since, parent = None, template.base_digest

    def pin(digest: Digest) -> None:
        with context.database() as uow:
            uow.revisions.get(operation_id).digest = digest
            uow.commit()

    progress = context.meter(operation_id, STORE_TEMPLATE)
    ensure_held(context, template.region, parent, progress=unheard)
    with context.engine.open_changes(Machine.of(template), revision.layer, since=since) as disk:
        captured = store.capture(disk, parent=parent, pin=pin, progress=progress)
    with context.database() as uow:
        stored, machine = uow.revisions.get(operation_id), uow.machines.get(template.id)
        stored.digest, stored.is_ready = captured.digest, True
        if machine.layer == template.layer:  # else an export that was begun later was quicker
            machine.layer, machine.layer_digest = revision.layer, captured.digest
        uow.commit()


def cache_revision(context: WorkflowContext, operation_id: str) -> None:
    with context.database(reading=True) as uow:
        lab = uow.labs.get(uow.operations.get(operation_id).subject)
        newest = uow.revisions.find_newest(lab.id)
    if newest is not None:
        progress = context.meter(operation_id, CACHE)
        ensure_on_hosts(context, lab.location, newest.digest, progress=progress)


def get_newest(uow: UnitOfWork, lab: Lab) -> LabRevision:
    """Return the revision that machines are made from. Raises NotFound before the lab was published."""
    newest = uow.revisions.find_newest(lab.id)
    if newest is None:
        raise NotFound(
            Message("The lab '{lab}' has no content for students yet.", lab=lab.name), hint=Message("Publish it first.")
        )
    return newest


def _is_unchanged(context: WorkflowContext, template: LabMachine, newest: LabRevision) -> bool:
    """Return whether nothing was written to the template's disk since that revision."""
    if newest.layer is None or template.layer_digest != newest.digest:
        return False
    try:
        return context.engine.changed_pieces(Machine.of(template), since=newest.layer, piece=_PIECE) == 0
    except NotFound:  # the template was made anew since
        return False


def _add(
    context: WorkflowContext,
    operation_id: str,
    lab: Lab,
    *,
    os_state: OsState,
    digest: Digest = "",
    layer: str | None = None,
) -> None:
    with context.database() as uow:
        number = max((each.number for each in uow.revisions.of_lab(lab.id)), default=0) + 1
        uow.revisions.add(
            LabRevision(
                id=operation_id,
                lab_id=lab.id,
                number=number,
                digest=digest,
                os_state=os_state,
                layer=layer,
                is_ready=layer is None,
                created_at=context.clock.now(),
            )
        )
        uow.commit()


def _lab_and_template(uow: UnitOfWork, lab_id: str) -> tuple[Lab, LabMachine | None]:
    return uow.labs.get(lab_id), find_template(uow.machines.of_lab(lab_id))
