"""Pause machines whose disk has less room than must stay free, and let them go on when there is room again.

Everything else asks before it writes; a guest does not. A paused machine loses nothing, while a full disk stops the database.
The host itself pauses a machine that cannot read an image which is still arriving: it goes on when the image can be read.
"""

import logging
from collections.abc import Callable

from galeria.actions.core.audit import record_own_audit
from galeria.domain.messages import Message
from galeria.ports.images import Digest
from galeria.ports.machines import Machine
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)

PAUSE = "Microsoft.LabServices/labs/virtualMachines/pause/action"
RESUME = "Microsoft.LabServices/labs/virtualMachines/resume/action"
ENOUGH = 1.1
"""Times the margin: a little more than where machines are paused, so that they do not go on and off in turns."""


def pause_on_scarce_disks(context: WorkflowContext) -> None:
    """Pause the running machines of regions whose disk has less room than the margin. Told in the audit log.

    The host is asked only where that is so, because this runs every second.
    """
    scarce = _regions(context, lambda share: share < 1)
    if not scarce:
        return
    running = context.engine.running() - context.engine.paused()
    for machine in context.engine.machines():
        if machine.region in scarce and machine.id in running:
            context.engine.pause(machine)
            _tell(context, machine, PAUSE, Message("the disk has less free room than must stay free"))


def resume_on_roomy_disks(context: WorkflowContext) -> None:
    """Let the paused machines of regions whose disk has room again go on, and whose image can be read.

    Told in the audit log, except for those that may have waited for their image.
    """
    paused = context.engine.paused()
    if not paused:
        return
    roomy = _regions(context, lambda share: share >= ENOUGH)
    waiting = [each for each in context.engine.machines() if each.region in roomy and each.id in paused]
    bases = _bases(context, waiting)
    for machine in waiting:
        base = bases.get(machine.id)
        arrival = context.cache.find_arrival(machine.region, base) if base else None
        if arrival is None:
            context.engine.resume(machine)
            _tell(context, machine, RESUME, Message("there is room on the disk again"))
        elif not arrival.problem:
            log.warning("machine %s in %s goes on: its image can be read", machine.id, machine.region)
            context.engine.resume(machine)


def _bases(context: WorkflowContext, machines: list[Machine]) -> dict[str, Digest]:
    """Return the image that each of the machines is made from, by the machine's id."""
    if not machines:
        return {}
    with context.database(reading=True) as uow:
        return {row.id: row.base_digest for row in uow.machines.of_ids({each.id for each in machines})}


def _regions(context: WorkflowContext, is_meant: Callable[[float], bool]) -> set[str]:
    """Return the regions whose free room, as a multiple of the margin, is meant.

    Machines that run in a cloud write to disks there, and not to this host's.
    """
    here = (region.name for region in context.settings.regions.all if region.cloud is None)
    names = filter(context.serves, here)
    return {name for name in names if is_meant(context.disk_room.share(name))}


def _tell(context: WorkflowContext, machine: Machine, action: str, why: Message) -> None:
    log.warning("machine %s in %s: %s: %s", machine.id, machine.region, action.split("/")[-2], why)
    with context.database() as uow:
        row = uow.machines.find(machine.id)
        lab = uow.labs.find(row.lab_id) if row else None
        if row and lab:
            scope = f"{lab.resource_id}/virtualMachines/{row.name}"
            record_own_audit(context.request(uow), action, scope, detail=why)
        uow.commit()
