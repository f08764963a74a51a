"""Reimage a machine from its image, or redeploy it, which stops it and starts it again where it was running."""

from galeria.domain.images.galleries import OsState
from galeria.domain.labs.labs import LabMachine, MachineKind
from galeria.domain.labs.preparation import accounts_to_close, kept_accounts
from galeria.domain.labs.revisions import LOCKED
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import PreparationInputs, RedeployInputs
from galeria.domain.states import MachineState
from galeria.ports.machines import Machine
from galeria.ports.work import VisibleStep
from galeria.workflows.classes.first_start import as_new, machine_of_lab
from galeria.workflows.classes.kept_machines import SET_ASIDE, drop_surplus, set_aside, stop_if_there
from galeria.workflows.classes.revisions import get_newest
from galeria.workflows.classes.student_machines import make_machines
from galeria.workflows.context import WorkflowContext
from galeria.workflows.create_lab import ensure_machine, forget_password, is_preparing
from galeria.workflows.images.held_images import ensure_on_hosts
from galeria.workflows.machine_power import apply_credentials, note_state, open_ssh, start, wait_ready
from galeria.workflows.offline.prepare_disk import PREPARE, find_findings, prepare_disk

CACHE = Message("Bring the image to the host")


def reimage_machine(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    step(CACHE, ensure_base, context, operation_id)
    step(Message("Shut the machine down"), stop_if_there, context, operation_id)
    if is_keeping(context, operation_id):
        step(SET_ASIDE, set_aside, context, operation_id)
    else:
        step(Message("Remove its disk"), remove, context, operation_id)
    step(Message("Forget what it held"), forget, context, operation_id)
    step(Message("Make it anew"), make, context, operation_id)
    if is_preparing(context, operation_id):
        step(PREPARE, prepare, context, operation_id)
    step(Message("Stopped"), note_state, context, operation_id, MachineState.STOPPED)


def redeploy_machine(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    runs = step(Message("Look whether it ran"), was_running, context, operation_id)
    step(Message("Shut the machine down"), stop_if_there, context, operation_id)
    if not runs:
        step(Message("Stopped"), note_state, context, operation_id, MachineState.STOPPED)
        return
    step(Message("Start the machine"), start, context, operation_id)
    step(Message("Wait until it answers"), wait_ready, context, operation_id)
    step(Message("Set the credentials"), apply_credentials, context, operation_id)
    step(Message("Open the way in"), open_ssh, context, operation_id)
    step(Message("Running"), note_state, context, operation_id, MachineState.RUNNING)


def was_running(context: WorkflowContext, operation_id: str) -> bool:
    with context.database(reading=True) as uow:
        return uow.operations.get(operation_id).inputs_as(RedeployInputs).running


def ensure_base(context: WorkflowContext, operation_id: str) -> None:
    """Restore the base image in the region's cache before anything is removed, so that the machine can be made again."""
    lab, row = machine_of_lab(context, operation_id)
    if row.kind is MachineKind.USER:
        with context.database(reading=True) as uow:
            digest = get_newest(uow, lab).digest
    else:
        digest = row.base_digest
    progress = context.meter(operation_id, CACHE)
    ensure_on_hosts(context, row.region, digest, progress=progress)


def is_keeping(context: WorkflowContext, operation_id: str) -> bool:
    """Return whether the machine is kept for a time. That never changes, so that it may be asked between steps."""
    with context.database(reading=True) as uow:
        return uow.operations.get(operation_id).inputs_as(PreparationInputs).keeps


def remove(context: WorkflowContext, operation_id: str) -> None:
    context.engine.remove_machine(Machine.of(_row(context, operation_id)))


def forget(context: WorkflowContext, operation_id: str) -> None:
    """Reset the machine's row to what it was at creation.

    The password is locked until it is reset, unless one is pending: only the old disk held its hash.
    """
    lab, row = machine_of_lab(context, operation_id)
    if row.kind is MachineKind.USER:
        as_new(context, lab, row)
        drop_surplus(context, row)
        with context.database() as uow:
            operation = uow.operations.get(operation_id)
            operation.outputs = {
                **operation.outputs,
                "passwordLocked": uow.machines.get(row.id).pending_password_hash == LOCKED,
            }
            uow.commit()
        return
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        row = uow.machines.get(operation.subject)
        lab = uow.labs.get(row.lab_id)
        specialized = row.os_state is OsState.SPECIALIZED
        version = uow.versions.find(lab.version_id)
        known = list(version.accounts) if version and specialized else []
        found, keep = find_findings(uow, lab) if specialized else None, kept_accounts(lab)
        row.layer = row.layer_digest = None
        row.host_key = ""
        row.user_name = lab.user_name
        row.retire_accounts = accounts_to_close(found, known, user_name=lab.user_name, keep=keep)
        row.accounts = sorted({*known, *row.retire_accounts, lab.user_name})
        row.renew_identity = specialized and bool(lab.profiles.get("newIdentity"))
        row.pending_password_hash = row.pending_password_hash or LOCKED
        operation.outputs = {**operation.outputs, "passwordLocked": row.pending_password_hash == LOCKED}
        uow.commit()


def make(context: WorkflowContext, operation_id: str) -> None:
    lab, row = machine_of_lab(context, operation_id)
    if row.kind is MachineKind.USER:
        make_machines(context, lab, [row])
        return
    ensure_machine(context, lab, row)
    forget_password(context, lab, row)


def prepare(context: WorkflowContext, operation_id: str) -> None:
    lab, row = machine_of_lab(context, operation_id)
    if row.is_prepared:  # else the first start does it
        prepare_disk(context, lab, row)


def _row(context: WorkflowContext, operation_id: str) -> LabMachine:
    return machine_of_lab(context, operation_id)[1]
