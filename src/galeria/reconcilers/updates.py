"""Make students' machines anew that were to be at their next stop, and are off now."""

import logging

from galeria.actions.classes.updates import update_stopped
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)


def update_stopped_machines(context: WorkflowContext) -> None:
    """Begin it for all of them. The operations are started as others that nobody works on."""
    with context.database(reading=True) as uow:
        if not uow.machines.to_update():
            return
    with context.database() as uow:
        begun = update_stopped(context.request(uow))
        uow.commit()
    if begun:
        log.info("%d machines that were stopped are brought to their newest revision", len(begun))
