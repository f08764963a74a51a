"""What the database says of a machine's power is what the engine sees."""

from galeria.domain.labs import LabMachine
from galeria.domain.states import MachineState, moved
from galeria.ports.machines import Machine, Power
from galeria.workflows.world import World


def match_power(world: World) -> None:
    """A machine that was shut down from inside, or by a power cut, is Stopped; nobody's work is touched."""
    with world.database(reading=True) as uow:
        machines = [each for each in uow.machines.all() if each.state in {MachineState.RUNNING, MachineState.STOPPED}]
    for machine in machines:
        power = world.engine.power(Machine(id=machine.id, region=machine.region))
        wanted = MachineState.RUNNING if power is Power.RUNNING else MachineState.STOPPED
        if power is not Power.ABSENT and wanted is not machine.state:
            _note(world, machine, wanted)


def _note(world: World, seen: LabMachine, state: MachineState) -> None:
    with world.database() as uow:
        machine = uow.machines.find(seen.id)
        # It may have changed since it was looked at, and work that is under way knows better.
        if machine is None or machine.state is not seen.state or uow.operations.running_on(machine.id):
            return
        machine.state = moved(machine.state, state, "The machine")
        uow.commit()
