"""A student's machine becomes its own at its first start: host name, machine id, host keys, account and password."""

from galeria.domain.classes.work_disks import WORK_FOLDER
from galeria.domain.images.galleries import OsState
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.labs.revisions import first_password_hash, student_account
from galeria.ports.machines import Machine
from galeria.workflows.classes.revisions import get_newest
from galeria.workflows.classes.work_disks import give_work_disk, mount_work_disk, note_mounted
from galeria.workflows.context import WorkflowContext
from galeria.workflows.create_lab import ensure_machine, forget_password
from galeria.workflows.offline.prepare_disk import prepare_disk


def is_students(context: WorkflowContext, operation_id: str) -> bool:
    """Return whether the operation's machine is a student's. That never changes, so that it may be asked between steps."""
    return machine_of_lab(context, operation_id)[1].kind is MachineKind.USER


def prepare_first_start(context: WorkflowContext, operation_id: str) -> None:
    """Make the disk of a machine that has never started its own, and give every machine its work disk. May be repeated.

    One of a generalized image is made anew with the settings of its first boot, which were not known before.
    """
    lab, row = machine_of_lab(context, operation_id)
    if not row.is_prepared and row.os_state is OsState.GENERALIZED:
        context.engine.remove_machine(Machine.of(row))
        ensure_machine(context, lab, row)
        forget_password(context, lab, row)
    work = give_work_disk(context, lab, row)
    if not row.is_prepared:
        is_changed = prepare_disk(context, lab, row, work_folder=WORK_FOLDER if work else "")
        if work is not None and is_changed:
            note_mounted(context, work)
    elif work is not None:
        mount_work_disk(context, lab, row, work)
    with context.database() as uow:
        uow.machines.get(row.id).is_prepared = True
        uow.commit()


def as_new(context: WorkflowContext, lab: Lab, row: LabMachine) -> None:
    """Set in the row of a student's machine what it is made from next: the lab's newest revision, and its first password."""
    with context.database() as uow:
        newest, machine = get_newest(uow, lab), uow.machines.get(row.id)
        machine.base_digest, machine.os_state, machine.revision = newest.digest, newest.os_state, newest.number
        machine.update_at_stop = False
        machine.layer = machine.layer_digest = None
        machine.host_key, machine.retire_accounts = "", []
        machine.user_name, machine.accounts = student_account(lab), [student_account(lab)]
        machine.pending_password_hash, machine.pending_password = first_password_hash(lab), ""
        machine.renew_identity, machine.is_prepared = newest.os_state is OsState.SPECIALIZED, False
        work = uow.work_disks.find_of_machine(row.id)
        if work is not None:
            work.is_mounted = False
        uow.commit()


def machine_of_lab(context: WorkflowContext, operation_id: str) -> tuple[Lab, LabMachine]:
    """Return the machine that the operation works on, behind its lab."""
    with context.database(reading=True) as uow:
        row = uow.machines.get(uow.operations.get(operation_id).subject)
        return uow.labs.get(row.lab_id), row
