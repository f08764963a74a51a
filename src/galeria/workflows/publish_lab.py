"""Publish a lab to its users: its template is captured as a revision, and every student gets a machine made from that."""

from galeria.domain.messages import EMPTY, Message
from galeria.domain.operation_inputs import PublishInputs
from galeria.domain.states import MachineState, moved
from galeria.ports.machines import Machine, Power
from galeria.ports.work import VisibleStep
from galeria.workflows.classes.revisions import (
    CACHE,
    STORE_TEMPLATE,
    begin_revision,
    cache_revision,
    store_revision,
)
from galeria.workflows.classes.student_machines import makes_machines, match_capacity, note_published
from galeria.workflows.context import WorkflowContext
from galeria.workflows.delete_version import prune_caches
from galeria.workflows.fill_disks import SEAL_DISK

MAKE_MACHINES = Message("Make the machines")
OPEN = Message("Open the lab to its users")


def publish_lab(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    step(Message("Shut the template down"), stop_template, context, operation_id)
    if makes_machines(context, operation_id):
        step(SEAL_DISK, begin_revision, context, operation_id)
        step(STORE_TEMPLATE, store_revision, context, operation_id)
        step(CACHE, cache_revision, context, operation_id)
        step(MAKE_MACHINES, match_capacity, context, operation_id)
    step(OPEN, note_published, context, operation_id)
    if makes_machines(context, operation_id):
        step(Message("Tidy the cache"), prune_cache, context, operation_id)


def scale_lab(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    """Add or remove machines, so that a published lab has as many as its capacity says."""
    step(CACHE, cache_revision, context, operation_id)
    step(MAKE_MACHINES, match_capacity, context, operation_id)
    step(OPEN, note_published, context, operation_id)


def stop_template(context: WorkflowContext, operation_id: str) -> None:
    """Shut down the template VM that the operation names; a lab without a template names none."""
    with context.database(reading=True) as uow:
        machine_id = uow.operations.get(operation_id).inputs_as(PublishInputs).template
        row = uow.machines.get(machine_id) if machine_id else None
    if row is None:
        return
    machine = Machine.of(row)
    if context.engine.power(machine) is Power.RUNNING:
        context.engine.stop(machine, seconds=context.settings.stop_seconds)
    with context.database() as uow:
        stopped = uow.machines.get(row.id)
        if stopped.state in {MachineState.STOPPING, MachineState.RUNNING}:
            stopped.state, stopped.failure = moved(stopped.state, MachineState.STOPPED, Message("The template")), EMPTY
            stopped.has_agent = None
        uow.commit()


def prune_cache(context: WorkflowContext, operation_id: str) -> None:
    """Remove from the cache what only earlier revisions needed."""
    with context.database(reading=True) as uow:
        region = uow.operations.get(operation_id).location
    prune_caches(context, [region])
