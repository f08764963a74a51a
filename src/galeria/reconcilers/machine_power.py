"""What the database says of a machine's power is what the engine sees."""

from galeria.domain.messages import Message
from galeria.domain.states import MachineState, moved
from galeria.ports.machines import Machine, Power
from galeria.workflows.context import WorkflowContext


def match_power(context: WorkflowContext) -> None:
    """A machine that was shut down from inside, or by a power cut, is Stopped; nobody's work is touched."""
    with context.database(reading=True) as uow:
        settled = uow.machines.settled()
    running = context.engine.running()
    for machine, state in settled.items():
        if (machine.id in running) is not (state is MachineState.RUNNING):
            _look(context, machine, state)


def _look(context: WorkflowContext, seen: Machine, said: MachineState) -> None:
    """At one that seems to be other than the database says."""
    power = context.engine.power(seen)
    state = MachineState.RUNNING if power is Power.RUNNING else MachineState.STOPPED
    if power is Power.ABSENT or state is said:
        return
    with context.database() as uow:
        machine = uow.machines.find(seen.id)
        # It may have changed since it was looked at, and work that is under way knows better.
        if machine is None or machine.state is not said or uow.operations.running_on(machine.id):
            return
        machine.state = moved(machine.state, state, Message("The machine"))
        uow.commit()
