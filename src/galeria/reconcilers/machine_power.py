"""Make the state of machines in the database match what the host says: whether they are on, and whether they can be used."""

import logging

from galeria.domain.errors import GaleriaError
from galeria.domain.labs.ways_in import WayIn, way_in
from galeria.domain.messages import EMPTY, Message
from galeria.domain.states import MachineState, moved
from galeria.ports.lab_repositories import SettledMachine
from galeria.ports.machines import Machine, Power
from galeria.workflows.context import WorkflowContext
from galeria.workflows.machine_power import is_foreign

log = logging.getLogger(__name__)

_NOT_BY_US = Message("The machine was switched on outside of Galeria, and does not answer yet.")


def match_power(context: WorkflowContext) -> None:
    """Correct the state of machines that were shut down or started outside of Galeria, or came up after their start had failed.

    Machines with work are left alone, and one that cannot be looked at does not hold up the others.
    """
    with context.database(reading=True) as uow:
        settled = [each for each in uow.machines.settled() if context.serves(each.machine.region)]
    running = context.engine.running()
    for seen in settled:
        try:
            _match(context, seen, is_on=seen.machine.id in running)
        except GaleriaError as error:
            log.warning("machine %s could not be looked at: %s", seen.machine.id, error)


def _match(context: WorkflowContext, seen: SettledMachine, *, is_on: bool) -> None:
    is_running = seen.state is MachineState.RUNNING
    if is_on and is_running:
        _ask_agent(context, seen)
    elif is_on:
        _look_whether_usable(context, seen)
    elif (is_running or seen.is_on) and context.engine.power(seen.machine) is Power.STOPPED:
        _settle(context, seen, MachineState.STOPPED if is_running else MachineState.FAILED)


def _ask_agent(context: WorkflowContext, seen: SettledMachine) -> None:
    """Note whether the agent answers where that is not known, or did not yet: the question is cheap for a missing one."""
    if seen.has_agent:
        return
    answers = context.engine.has_agent(seen.machine)
    if answers != seen.has_agent:
        _settle(context, seen, seen.state, has_agent=answers)


def _look_whether_usable(context: WorkflowContext, seen: SettledMachine) -> None:
    """Settle a machine that is on, though it is said to be off or failed: as Running where it can be used.

    The way in is never opened while the accounts of the source image are open. Such a machine is started once more.
    """
    if context.engine.power(seen.machine) is not Power.RUNNING:
        return
    with context.database(reading=True) as uow:
        row = uow.machines.find(seen.machine.id)
        if row is None or uow.operations.running_on(row.id):
            return
        lab = uow.labs.get(row.lab_id)
        way = way_in(lab.profiles, lab.os_type)
    if not is_foreign(row) and _is_usable(context, seen.machine, way):
        _settle(context, seen, MachineState.RUNNING, has_agent=context.engine.has_agent(seen.machine))
    elif not seen.is_on:
        _settle(context, seen, MachineState.FAILED, is_on=True, failure=row.failure or _NOT_BY_US)


def _is_usable(context: WorkflowContext, machine: Machine, way: WayIn) -> bool:
    context.engine.open_ssh(machine, way=way)
    return context.engine.is_reachable(machine, way)


def _settle(
    context: WorkflowContext,
    seen: SettledMachine,
    state: MachineState,
    *,
    has_agent: bool | None = None,
    is_on: bool = False,
    failure: Message = EMPTY,
) -> None:
    """Write the state, unless the row has changed meanwhile, or an operation is under way, which sets it itself."""
    with context.database() as uow:
        machine = uow.machines.find(seen.machine.id)
        if machine is None or machine.state is not seen.state or uow.operations.running_on(machine.id):
            return
        machine.state = moved(machine.state, state, Message("The machine"))
        machine.has_agent, machine.is_on = has_agent, is_on
        if state is not MachineState.FAILED or failure:
            machine.failure = failure
        uow.commit()
