"""Start or stop one machine, or reset its password.

A machine is Running once it answers on its way in. One from a specialized image boots with the passwords of its source: its
SSH port opens only once the new credentials are set.
"""

from galeria.domain.errors import MachineFailed, RootDiskNotFound
from galeria.domain.images.galleries import OsState, OsType
from galeria.domain.labs.guest_network import NetworkPolicy, policy_of
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.preparation import closes_others, is_admin_account, kept_accounts
from galeria.domain.labs.revisions import machine_host_name
from galeria.domain.labs.ways_in import NO_AGENT, STOP_SET_START, WayIn, way_in
from galeria.domain.messages import EMPTY, Message, join
from galeria.domain.operation_inputs import ResetInputs
from galeria.domain.states import MachineState, moved
from galeria.ports.machines import NO_ADDRESS, Machine, MachineCredentials, Power
from galeria.ports.work import VisibleStep
from galeria.workflows.classes.first_start import is_students, prepare_first_start
from galeria.workflows.context import WorkflowContext
from galeria.workflows.create_lab import plain_password
from galeria.workflows.hardware.other_buses import wait_on_some_bus
from galeria.workflows.offline.prepare_disk import PREPARE, SET_PASSWORD, set_credentials_offline

AGENT_SECONDS = 20.0  # for an agent after the SSH server: it came within two seconds under emulation


def start_machine(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    if is_students(context, operation_id):
        step(PREPARE, prepare_first_start, context, operation_id)
    step(Message("Start the machine"), start, context, operation_id)
    step(Message("Wait until it answers"), wait_ready, context, operation_id)
    step(Message("Set the credentials"), apply_credentials, context, operation_id)
    step(Message("Open the way in"), open_ssh, context, operation_id)
    step(Message("Running"), note_state, context, operation_id, MachineState.RUNNING)


def stop_machine(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    step(Message("Shut the machine down"), stop, context, operation_id)
    step(Message("Stopped"), note_state, context, operation_id, MachineState.STOPPED)


def reset_password(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    if is_off(context, operation_id):
        step(SET_PASSWORD, set_offline, context, operation_id)
        step(Message("Stopped"), note_state, context, operation_id, MachineState.STOPPED)
        return
    step(SET_PASSWORD, apply_credentials, context, operation_id)
    step(Message("Running"), note_state, context, operation_id, MachineState.RUNNING)


def is_off(context: WorkflowContext, operation_id: str) -> bool:
    """Return whether the machine was off when its password was to be set; it is then set on its disk."""
    with context.database(reading=True) as uow:
        return uow.operations.get(operation_id).inputs_as(ResetInputs).is_off


def set_offline(context: WorkflowContext, operation_id: str) -> None:
    with context.database(reading=True) as uow:
        operation = uow.operations.get(operation_id)
        row = uow.machines.get(operation.subject)
        lab, is_foreign = uow.labs.get(row.lab_id), operation.inputs_as(ResetInputs).is_foreign
    if row.is_prepared:  # else the first start takes the password
        set_credentials_offline(context, lab, row, is_foreign=is_foreign)


def start(context: WorkflowContext, operation_id: str) -> None:
    lab, row, way = _subject(context, operation_id)
    context.disk_room.require(0, region=row.region)
    policy = plan_policy(context, lab)
    context.engine.start(Machine.of(row), ssh=not is_foreign(row), way=way, policy=policy)
    address = context.engine.address(Machine.of(row))
    with context.database() as uow:
        uow.machines.get(row.id).address = address
        uow.commit()


def plan_policy(context: WorkflowContext, lab: Lab) -> NetworkPolicy:
    """Return what the lab's plan lets machines reach. A plan that is gone lets what it let."""
    with context.database(reading=True) as uow:
        account = uow.accounts.find(lab.account_id)
        return policy_of(account.profiles, lab=lab.id) if account else NetworkPolicy()


def wait_ready(context: WorkflowContext, operation_id: str) -> None:
    """Wait until the machine can be used; while its way in must stay closed, until its agent can be asked."""
    lab, row, way = _subject(context, operation_id)
    foreign = is_foreign(row)

    def wait() -> None:
        _wait(context, lab, row, WayIn.AGENT if foreign else way)

    def start_again() -> None:
        start(context, operation_id)

    try:
        wait_on_some_bus(context, operation_id, (lab, row), start=start_again, wait=wait)
    except MachineFailed as error:
        if not foreign or isinstance(error, RootDiskNotFound):
            raise
        if lab.os_type is OsType.WINDOWS and context.engine.power(Machine.of(row)) is Power.RUNNING:
            return  # its own account was asked for, which holds without an agent too
        closed = Message("Its way in stays closed, because the accounts of its image are still open in it.")
        raise MachineFailed(join(error.message, closed), hint=error.hint, code=error.code) from error


def apply_credentials(context: WorkflowContext, operation_id: str) -> None:
    """Set the pending credentials in the machine. A generalized image has taken them at its first boot already."""
    lab, row, _ = _subject(context, operation_id)
    machine, foreign = Machine.of(row), is_foreign(row)
    resetting = row.state is MachineState.RESETTING_PASSWORD
    if resetting:
        _require_agent(context, row)
    keeps_its_own = lab.os_type is OsType.WINDOWS and foreign and not context.engine.has_agent(machine)
    if row.pending_password_hash and (resetting or foreign) and not keeps_its_own:
        credentials = MachineCredentials(
            user_name=row.user_name,
            password_hash=row.pending_password_hash,
            password=plain_password(context, lab, row),
            retire=tuple(row.retire_accounts),
            close_others=foreign and not resetting and closes_others(lab, row),
            is_admin=is_admin_account(lab, row),
            keep=kept_accounts(lab),
        )
        context.engine.set_credentials(machine, credentials)
    # Who reaches the machine already waits for no new identity: it comes with the next start at which the agent answers.
    renews = row.renew_identity and lab.os_type is not OsType.WINDOWS and (foreign or context.engine.has_agent(machine))
    if renews:
        context.engine.renew_identity(machine, host_name=machine_host_name(lab, row))
    with context.database() as uow:
        settled = uow.machines.get(row.id)
        settled.pending_password_hash, settled.pending_password, settled.retire_accounts = "", "", []
        settled.renew_identity = settled.renew_identity and not renews
        uow.commit()


def open_ssh(context: WorkflowContext, operation_id: str) -> None:
    """Open the way in, and wait until the machine answers there: one that was closed until now has never been asked."""
    lab, row, way = _subject(context, operation_id)
    context.engine.open_ssh(Machine.of(row), way=way)
    _wait(context, lab, row, way)


def stop(context: WorkflowContext, operation_id: str) -> None:
    context.engine.stop(Machine.of(_subject(context, operation_id)[1]), seconds=context.settings.stop_seconds)


def note_state(context: WorkflowContext, operation_id: str, state: MachineState) -> None:
    row = _subject(context, operation_id)[1]
    # One that does not answer yet may do so in a moment: the reconciler notes what it then sees.
    has_agent = True if state is MachineState.RUNNING and context.engine.has_agent(Machine.of(row)) else None
    with context.database() as uow:
        row = uow.machines.get(row.id)
        row.state, row.failure = moved(row.state, state, Message("The machine")), EMPTY
        row.has_agent, row.is_on = has_agent, False
        uow.commit()


def is_foreign(row: LabMachine) -> bool:
    """Return whether the machine still has the accounts of what it was made from, and not its own."""
    return row.os_state is OsState.SPECIALIZED and bool(row.pending_password_hash)


def _wait(context: WorkflowContext, lab: Lab, row: LabMachine, way: WayIn) -> None:
    try:
        context.engine.wait_ready(Machine.of(row), way=way, seconds=context.settings.boot_seconds)
    except MachineFailed as error:
        reason = _foreign_network(context, lab) if error.code == NO_ADDRESS else EMPTY
        if not reason:
            raise
        cure = Message(
            "Where the image comes from, let its network settings match any network card by its name (such as e*) instead "
            "of by its address, and import it again."
        )
        raise MachineFailed(join(error.message, reason), hint=cure, code=error.code) from error


def _foreign_network(context: WorkflowContext, lab: Lab) -> Message:
    """Return what the look into the image's disk says about a machine without an address; EMPTY where nothing."""
    with context.database(reading=True) as uow:
        version = uow.versions.find(lab.version_id)
        found = version.look.findings if version else None
    files = found.network_files if found else ()
    if not files:
        return EMPTY
    return Message(
        "On the disk of its image, {path} is only for the network card {address}, which is another machine's.",
        path=files[0].path,
        address=files[0].addresses,
    )


def _require_agent(context: WorkflowContext, row: LabMachine) -> None:
    """Wait a moment for the agent, which may come up after the SSH server. Raise MachineFailed, and note it, without one."""
    try:
        context.engine.wait_ready(Machine.of(row), way=WayIn.AGENT, seconds=AGENT_SECONDS)
    except MachineFailed as error:
        with context.database() as uow:
            uow.machines.get(row.id).has_agent = False
            uow.commit()
        raise MachineFailed(NO_AGENT, hint=STOP_SET_START) from error


def _subject(context: WorkflowContext, operation_id: str) -> tuple[Lab, LabMachine, WayIn]:
    with context.database(reading=True) as uow:
        row = uow.machines.get(uow.operations.get(operation_id).subject)
        lab = uow.labs.get(row.lab_id)
        return lab, row, way_in(lab.profiles, lab.os_type)
