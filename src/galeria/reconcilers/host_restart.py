"""Machines that ran when their host went down are started again once it is up."""

import logging

from galeria.actions.core.own_operations import begin_own
from galeria.domain.messages import Message
from galeria.domain.operations import OperationKind
from galeria.domain.states import MachineState, moved
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)


def bring_back_machines(context: WorkflowContext) -> int:
    """Begin to start every machine that ran as far as the database knows, and is off. Returns how many these are.

    To be called once after the host has started anew, before the states of machines are matched with the host. Those that the
    host has no room for wait.
    """
    on = context.engine.running()
    begun = 0
    with context.database() as uow:
        request = context.request(uow)
        for machine, lab in uow.machines.running():
            if not context.serves(machine.region) or machine.id in on or uow.operations.running_on(machine.id):
                continue
            off = moved(machine.state, MachineState.STOPPED, Message("The machine"))
            machine.state, machine.has_agent = moved(off, MachineState.STARTING, Message("The machine")), None
            begin_own(request, OperationKind.START_MACHINE, lab, machine.id)
            begun += 1
        uow.commit()
    if begun:
        log.info("the host was started anew: %d machines are started again", begun)
    return begun
