"""Students' work disks: each machine gets one before a start, and keeps it when it is made anew."""

import logging

from galeria.domain.classes.work_disks import WORK_FOLDER, WorkDisk, work_disk_gib
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.labs import Lab, LabMachine, students_among
from galeria.domain.labs.preparation import has_known_root
from galeria.ports.database import UnitOfWork
from galeria.ports.machines import Machine
from galeria.workflows.context import WorkflowContext
from galeria.workflows.hardware.specs import machine_spec
from galeria.workflows.offline.prepare_disk import find_findings

log = logging.getLogger(__name__)


def give_work_disk(context: WorkflowContext, lab: Lab, row: LabMachine) -> WorkDisk | None:
    """Give a student's machine that is off its work disk: the one that it has, or a new one where the lab says so.

    Returns None where it has none. May be repeated.
    """
    with context.database(reading=True) as uow:
        disk = uow.work_disks.find_of_machine(row.id)
    if disk is None:
        gib = work_disk_gib(lab)
        if not gib:
            return None
        disk = _new_disk(context, lab, row, gib)
    context.disk_room.require(0, region=row.region)
    context.engine.ensure_work_disk(machine_spec(context, lab, row), disk.id, gib=disk.size_gib)
    return disk


def mount_work_disk(context: WorkflowContext, lab: Lab, row: LabMachine, disk: WorkDisk) -> None:
    """Let the system of a machine that has started before mount its work disk. May be repeated.

    A machine that this is impossible for starts without: its disk is there, and is mounted by hand.
    """
    if disk.is_mounted:
        return
    with context.database(reading=True) as uow:
        is_known = has_known_root(find_findings(uow, lab))
    if not is_known:
        return
    try:
        context.engine.change_disk(Machine.of(row), DiskChanges(work_folder=WORK_FOLDER))
    except MachineFailed as error:
        log.warning("the work disk of machine %s is not mounted: %s", row.id, error)
        return
    note_mounted(context, disk)


def note_mounted(context: WorkflowContext, disk: WorkDisk) -> None:
    with context.database() as uow:
        uow.work_disks.get(disk.id).is_mounted = True
        uow.commit()


def keep_or_drop_disks(context: WorkflowContext, uow: UnitOfWork, lab: Lab) -> None:
    """Take the work disks from all machines of the lab: those of people are kept, the others forgotten.

    What no row names is then removed from the host (`remove_lost_disks`).
    """
    users = {each.id: each for each in uow.lab_users.of_lab(lab.id)}
    disks = {each.machine_id: each for each in uow.work_disks.of_lab(lab.id)}
    for machine in students_among(uow.machines.of_lab(lab.id)):
        disk, user = disks.get(machine.id), users.get(machine.claimed_by or "")
        if disk is not None and user is not None:
            disk.keep(user, context.clock.now())
        elif disk is not None:
            uow.work_disks.remove(disk)


def remove_work_disk(context: WorkflowContext, disk: WorkDisk) -> None:
    """Delete a work disk with all that is on it, and its row. May be repeated."""
    context.engine.remove_work_disk(disk.region, disk.id)
    with context.database() as uow:
        row = uow.work_disks.find(disk.id)
        if row is not None:
            uow.work_disks.remove(row)
        uow.commit()


def _new_disk(context: WorkflowContext, lab: Lab, row: LabMachine, gib: int) -> WorkDisk:
    """Add the row of a disk, which is written before the disk is made: what no row has is removed."""
    disk = WorkDisk(
        id=context.id_generator.new_id(),
        region=row.region,
        size_gib=gib,
        lab_id=lab.id,
        lab_key=lab.key,
        lab_title=lab.title,
        author_id=lab.author_id,
        machine_id=row.id,
        created_at=context.clock.now(),
    )
    with context.database() as uow:
        uow.work_disks.add(disk)
        uow.commit()
    return disk
