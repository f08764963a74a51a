"""A lab is opened to its users. Machines for them are not made here."""

from galeria.domain.states import LabState, MachineState, moved
from galeria.ports.machines import Machine, Power
from galeria.ports.work import Step
from galeria.workflows.context import World


def publish_lab(step: Step, world: World, operation_id: str) -> None:
    step("Shut the template down", stop_template, world, operation_id)
    step("Open the lab to its users", note_published, world, operation_id)


def stop_template(world: World, operation_id: str) -> None:
    """A lab that is made from an image has none."""
    with world.database(reading=True) as uow:
        machine_id = uow.operations.get(operation_id).inputs.get("machine")
        row = uow.machines.get(machine_id) if machine_id else None
    if row is None:
        return
    machine = Machine(id=row.id, region=row.region)
    if world.engine.power(machine) is Power.RUNNING:
        world.engine.stop(machine, seconds=world.settings.stop_seconds)
    with world.database() as uow:
        stopped = uow.machines.get(row.id)
        if stopped.state in {MachineState.STOPPING, MachineState.RUNNING}:
            stopped.state, stopped.failure = moved(stopped.state, MachineState.STOPPED, "The template"), ""
        uow.commit()


def note_published(world: World, operation_id: str) -> None:
    with world.database() as uow:
        lab = uow.labs.get(uow.operations.get(operation_id).subject)
        lab.lab_state = moved(lab.lab_state, LabState.PUBLISHED)
        lab.published_at = world.clock.now()
        uow.commit()
