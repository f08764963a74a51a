"""Publish a lab to its users. Machines for them are created later, not here."""

from galeria.domain.messages import EMPTY, Message
from galeria.domain.operation_inputs import PublishInputs
from galeria.domain.states import LabState, MachineState, moved
from galeria.ports.machines import Machine, Power
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext


def publish_lab(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    step(Message("Shut the template down"), stop_template, context, operation_id)
    step(Message("Open the lab to its users"), note_published, context, operation_id)


def stop_template(context: WorkflowContext, operation_id: str) -> None:
    """Shut down the template VM that the operation names; a lab without a template names none."""
    with context.database(reading=True) as uow:
        machine_id = uow.operations.get(operation_id).inputs_as(PublishInputs).template
        row = uow.machines.get(machine_id) if machine_id else None
    if row is None:
        return
    machine = Machine(id=row.id, region=row.region)
    if context.engine.power(machine) is Power.RUNNING:
        context.engine.stop(machine, seconds=context.settings.stop_seconds)
    with context.database() as uow:
        stopped = uow.machines.get(row.id)
        if stopped.state in {MachineState.STOPPING, MachineState.RUNNING}:
            stopped.state, stopped.failure = moved(stopped.state, MachineState.STOPPED, Message("The template")), EMPTY
            stopped.has_agent = None
        uow.commit()


def note_published(context: WorkflowContext, operation_id: str) -> None:
    with context.database() as uow:
        lab = uow.labs.get(uow.operations.get(operation_id).subject)
        lab.lab_state = moved(lab.lab_state, LabState.PUBLISHED)
        lab.published_at = context.clock.now()
        uow.commit()
