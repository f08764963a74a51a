"""Create a lab with its template VM from an image version; the machine is defined and not started."""

from galeria.domain.images.galleries import OsState, OsType
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.windows import windows_host_name
from galeria.domain.messages import EMPTY, Message
from galeria.domain.states import MachineState, ProvisioningState, moved
from galeria.ports.machines import FirstBoot
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.hardware.specs import machine_spec

CACHE = Message("Bring the image to the hosts")


def create_lab(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    step(CACHE, ensure_base, context, operation_id)
    step(Message("Make the template VM"), make_template, context, operation_id)
    step(Message("Open the lab"), open_lab, context, operation_id)


def ensure_base(context: WorkflowContext, operation_id: str) -> None:
    lab, _ = get_subject(context, operation_id)
    progress = context.meter(operation_id, CACHE)
    context.cache.ensure_base(lab.location, lab.base_digest, context.stores[lab.location], progress=progress)


def make_template(context: WorkflowContext, operation_id: str) -> None:
    lab, machine = get_subject(context, operation_id)
    if machine:
        ensure_machine(context, lab, machine)
        forget_password(context, lab, machine)


def ensure_machine(context: WorkflowContext, lab: Lab, machine: LabMachine) -> None:
    """Create the machine's disk over the image in the region's cache, and its definition. May be repeated."""
    context.disk_room.require(0, region=machine.region)
    context.engine.ensure_machine(machine_spec(context, lab, machine), _first_boot(context, lab, machine))


def forget_password(context: WorkflowContext, lab: Lab, machine: LabMachine) -> None:
    """Forget the password of a generalized Windows: from here on only its answer file has it, until its first start."""
    if lab.os_state is OsState.GENERALIZED and machine.pending_password:
        with context.database() as uow:
            uow.machines.get(machine.id).pending_password = ""
            uow.commit()


def open_lab(context: WorkflowContext, operation_id: str) -> None:
    with context.database() as uow:
        lab = uow.labs.get(uow.operations.get(operation_id).subject)
        lab.state, lab.failure = moved(lab.state, ProvisioningState.SUCCEEDED), EMPTY
        for machine in uow.machines.of_lab(lab.id):
            if machine.state in {MachineState.CREATING, MachineState.FAILED}:
                machine.state, machine.failure = moved(machine.state, MachineState.STOPPED), EMPTY
        uow.commit()


def get_subject(context: WorkflowContext, operation_id: str) -> tuple[Lab, LabMachine | None]:
    """Return the operation's lab and its template VM, None where the lab has no template."""
    with context.database(reading=True) as uow:
        lab = uow.labs.get(uow.operations.get(operation_id).subject)
        return lab, next(iter(uow.machines.of_lab(lab.id)), None)


def host_name(lab: Lab) -> str:
    """Return the lab's name as a host name: lower-case letters, digits and dashes, at most 63 characters (RFC 1123)."""
    return "".join(c if c.isalnum() else "-" for c in lab.name.lower())[:63].strip("-") or "lab"


def _first_boot(context: WorkflowContext, lab: Lab, machine: LabMachine) -> FirstBoot | None:
    """Return the settings of the first boot; None for a specialized image, which keeps its identity and accounts.

    Where no password is known any more, Windows gets a random one that nobody knows, until it is reset.
    """
    if lab.os_state is OsState.SPECIALIZED:
        return None
    is_windows = lab.os_type is OsType.WINDOWS
    unknown = f"{context.id_generator.new_secret()}-A1a"
    return FirstBoot(
        instance_id=machine.id,
        host_name=windows_host_name(lab.name) if is_windows else host_name(lab),
        user_name=machine.user_name,
        password_hash=machine.pending_password_hash,
        password=(machine.pending_password or unknown) if is_windows else "",
    )
