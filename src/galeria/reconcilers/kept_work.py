"""Delete what has been kept of students' work and machines for its time, and work disks that no row names."""

import logging

from galeria.workflows.classes.kept_machines import drop
from galeria.workflows.classes.work_disks import remove_work_disk
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)


def remove_ended_work(context: WorkflowContext) -> None:
    """Delete the kept work disks, and earlier states of machines, whose time is over, in the regions served here."""
    with context.database(reading=True) as uow:
        ended = [each for each in uow.work_disks.kept(until=context.clock.now()) if context.serves(each.region)]
        machines = uow.kept_machines.ended(context.clock.now())
    drop(context, [each for each in machines if context.serves(each.region)])
    for disk in ended:
        log.info("the work disk %s of %s in %s has been kept long enough", disk.id, disk.person, disk.lab_title)
        remove_work_disk(context, disk)


def remove_lost_disks(context: WorkflowContext) -> None:
    """Delete work disks that no row names."""
    # The rows are read after the files: a row is written before its disk is made, so that no new disk is removed.
    found = context.engine.work_disks()
    with context.database(reading=True) as uow:
        known = uow.work_disks.ids()
    for region, id in found:
        if id not in known:
            log.warning("removing the work disk %s: nobody has it", id)
            context.engine.remove_work_disk(region, id)
