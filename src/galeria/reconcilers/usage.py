"""Count students' hours once a minute, tell them in the machine when these end, and stop what has none left."""

import logging

from galeria.actions.classes.usage import GuestMessage, count_usage
from galeria.domain.errors import GaleriaError
from galeria.ports.machines import Machine
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)


def keep_usage(context: WorkflowContext) -> None:
    """Count in one transaction for all machines; what is said in the machines comes after the commit."""
    with context.database() as uow:
        messages = count_usage(context.request(uow))
        uow.commit()
    for each in messages:
        show_in_guest(context, each)


def show_in_guest(context: WorkflowContext, message: GuestMessage) -> None:
    """Show a message in the machine, if its agent takes it: pages say the same, and nothing waits for it."""
    machine = Machine(id=message.machine_id, region=message.region)
    try:
        if context.engine.has_agent(machine):
            context.engine.show_message(machine, str(message.text))
    except GaleriaError as error:
        log.info("machine %s was not told anything: %s", message.machine_id, error)
