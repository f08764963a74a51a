"""Create a lab with its template VM from an image version; the machine is defined and not started."""

from galeria.domain.images.findings import Findings
from galeria.domain.images.galleries import OsState, OsType
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind, find_template
from galeria.domain.labs.preparation import first_changes
from galeria.domain.labs.revisions import LOCKED, machine_host_name
from galeria.domain.messages import EMPTY, Message
from galeria.domain.operation_inputs import PreparationInputs
from galeria.domain.states import MachineState, ProvisioningState, moved
from galeria.ports.machines import FirstBoot
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.hardware.specs import machine_spec
from galeria.workflows.images.held_images import ensure_on_hosts
from galeria.workflows.offline.prepare_disk import PREPARE, find_findings, look_again, prepare_disk, seed_of
from galeria.workflows.publish_version import LOOK_INSIDE

CACHE = Message("Bring the image to the hosts")


def create_lab(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    prepares = is_preparing(context, operation_id)
    if prepares:
        step(LOOK_INSIDE, look, context, operation_id)
    step(CACHE, ensure_base, context, operation_id)
    step(Message("Make the template VM"), make_template, context, operation_id)
    if prepares:
        step(PREPARE, prepare, context, operation_id)
    step(Message("Open the lab"), open_lab, context, operation_id)


def is_preparing(context: WorkflowContext, operation_id: str) -> bool:
    """Return whether the operation was begun with a preparation. That never changes, so that it may be asked between steps."""
    with context.database(reading=True) as uow:
        return uow.operations.get(operation_id).inputs_as(PreparationInputs).prepares


def look(context: WorkflowContext, operation_id: str) -> None:
    look_again(context, get_subject(context, operation_id)[0])


def ensure_base(context: WorkflowContext, operation_id: str) -> None:
    lab, _ = get_subject(context, operation_id)
    progress = context.meter(operation_id, CACHE)
    ensure_on_hosts(context, lab.location, lab.base_digest, progress=progress)


def make_template(context: WorkflowContext, operation_id: str) -> None:
    lab, machine = get_subject(context, operation_id)
    if machine:
        ensure_machine(context, lab, machine)
        forget_password(context, lab, machine)


def prepare(context: WorkflowContext, operation_id: str) -> None:
    lab, machine = get_subject(context, operation_id)
    if machine:
        prepare_disk(context, lab, machine)


def ensure_machine(context: WorkflowContext, lab: Lab, machine: LabMachine) -> None:
    """Create the machine's disk over the image in the region's cache, and its definition. May be repeated."""
    context.disk_room.require(0, region=machine.region)
    with context.database(reading=True) as uow:
        found = find_findings(uow, lab)
    context.engine.ensure_machine(machine_spec(context, lab, machine), _first_boot(context, lab, machine, found))


def forget_password(context: WorkflowContext, lab: Lab, machine: LabMachine) -> None:
    """Forget the password of a generalized Windows: from here on only its answer file has it, until its first start."""
    if machine.os_state is OsState.GENERALIZED and machine.pending_password:
        with context.database() as uow:
            uow.machines.get(machine.id).pending_password = ""
            uow.commit()


def open_lab(context: WorkflowContext, operation_id: str) -> None:
    with context.database() as uow:
        lab = uow.labs.get(uow.operations.get(operation_id).subject)
        lab.state, lab.failure = moved(lab.state, ProvisioningState.SUCCEEDED), EMPTY
        template = find_template(uow.machines.of_lab(lab.id))
        if template and template.state in {MachineState.CREATING, MachineState.FAILED}:
            template.state, template.failure = moved(template.state, MachineState.STOPPED), EMPTY
        uow.commit()


def get_subject(context: WorkflowContext, operation_id: str) -> tuple[Lab, LabMachine | None]:
    """Return the operation's lab and its template VM, None where the lab has no template."""
    with context.database(reading=True) as uow:
        lab = uow.labs.get(uow.operations.get(operation_id).subject)
        return lab, find_template(uow.machines.of_lab(lab.id))


def plain_password(context: WorkflowContext, lab: Lab, machine: LabMachine) -> str:
    """Return the password itself, which Windows only takes; a random one that nobody knows where none is waiting.

    An empty one would open the account to everybody at the machine's screen.
    """
    if lab.os_type is not OsType.WINDOWS:
        return ""
    return machine.pending_password or f"{context.id_generator.new_secret()}-A1a"


def _first_boot(context: WorkflowContext, lab: Lab, machine: LabMachine, found: Findings | None) -> FirstBoot | None:
    """Return the settings of the first boot.

    None for a specialized image, which keeps its identity and accounts, and where all is done on the disk before. Where no
    password is known any more, Windows gets a random one that nobody knows, until it is reset.
    """
    changes = first_changes(found, lab, machine, seed=seed_of(context, machine))
    if machine.os_state is OsState.SPECIALIZED or (changes and changes.user_name):
        return None
    is_windows = lab.os_type is OsType.WINDOWS
    plain = "" if machine.kind is MachineKind.TEMPLATE or is_windows else lab.non_admin_user
    return FirstBoot(
        instance_id=machine.id,
        host_name=machine_host_name(lab, machine),
        user_name=lab.user_name if plain else machine.user_name,
        password_hash=(lab.admin_hash or LOCKED) if plain else machine.pending_password_hash,
        password=plain_password(context, lab, machine),
        plain_user=plain,
        plain_hash=machine.pending_password_hash if plain else "",
    )
