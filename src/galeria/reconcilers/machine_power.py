"""Make the power state of machines in the database match what the engine reports."""

from galeria.domain.messages import Message
from galeria.domain.states import MachineState, moved
from galeria.ports.machines import Machine, Power
from galeria.workflows.context import WorkflowContext


def match_power(context: WorkflowContext) -> None:
    """Correct the state of machines that were shut down in the guest or by a power cut. Machines with work are left alone."""
    with context.database(reading=True) as uow:
        settled = uow.machines.settled()
    running = context.engine.running()
    for machine, state in settled.items():
        if (machine.id in running) is not (state is MachineState.RUNNING):
            _correct(context, machine, state)


def _correct(context: WorkflowContext, seen: Machine, recorded: MachineState) -> None:
    """Correct the state of one machine whose power seemed to differ from `recorded`, the state in the database."""
    power = context.engine.power(seen)
    state = MachineState.RUNNING if power is Power.RUNNING else MachineState.STOPPED
    if power is Power.ABSENT or state is recorded:
        return
    with context.database() as uow:
        machine = uow.machines.find(seen.id)
        # The row may have changed meanwhile, and an operation that is under way sets the state itself.
        if machine is None or machine.state is not recorded or uow.operations.running_on(machine.id):
            return
        machine.state = moved(machine.state, state, Message("The machine"))
        uow.commit()
