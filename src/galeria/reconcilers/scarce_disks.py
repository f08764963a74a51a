"""Pause machines whose disk has less room than must stay free, and let them go on when there is room again.

Everything else asks before it writes; a guest does not. A paused machine loses nothing, while a full disk stops the database.
"""

import logging

from galeria.actions.core.audit import record_own_audit
from galeria.domain.messages import Message
from galeria.ports.machines import Machine
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)

PAUSE = "Microsoft.LabServices/labs/virtualMachines/pause/action"
RESUME = "Microsoft.LabServices/labs/virtualMachines/resume/action"
ENOUGH = 1.1
"""Times the margin: a little more than where machines are paused, so that they do not go on and off in turns."""


def guard_scarce_disks(context: WorkflowContext) -> None:
    """Compare the room of each region's disk with the margin, and pause or resume the machines there. Told in the audit log."""
    shares = {region.name: context.disk_room.share(region.name) for region in context.settings.regions.all}
    scarce = {region for region, share in shares.items() if share < 1}
    engine = context.engine
    paused = engine.paused()
    if not scarce and not paused:
        return
    running = engine.running()
    for machine in engine.machines():
        if machine.region in scarce and machine.id in running - paused:
            engine.pause(machine)
            _tell(context, machine, PAUSE, Message("the disk has less free room than must stay free"))
        elif machine.id in paused and shares.get(machine.region, ENOUGH) >= ENOUGH:
            engine.resume(machine)
            _tell(context, machine, RESUME, Message("there is room on the disk again"))


def _tell(context: WorkflowContext, machine: Machine, action: str, why: Message) -> None:
    log.warning("machine %s in %s: %s: %s", machine.id, machine.region, action.split("/")[-2], why)
    with context.database() as uow:
        row = uow.machines.find(machine.id)
        lab = uow.labs.find(row.lab_id) if row else None
        if row and lab:
            scope = f"{lab.resource_id}/virtualMachines/{row.name}"
            record_own_audit(context.request(uow), action, scope, detail=why)
        uow.commit()
