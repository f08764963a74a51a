"""Create a lab with its template VM from an image version; the machine is defined and not started."""

from galeria.domain.images.galleries import OsState
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.sizes import get_size
from galeria.domain.messages import EMPTY, Message
from galeria.domain.states import MachineState, ProvisioningState, moved
from galeria.ports.machines import FirstBoot, Machine, MachineSpec
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext

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


def ensure_machine(context: WorkflowContext, lab: Lab, machine: LabMachine) -> None:
    """Create the machine's disk over the image in the region's cache, and its definition. May be repeated."""
    context.disk_room.require(0, region=machine.region)
    size = get_size(context.settings.sizes, lab.size)
    spec = MachineSpec(
        machine=Machine(id=machine.id, region=machine.region),
        base=lab.base_digest,
        generation=lab.generation,
        vcpus=size.vcpus,
        memory_mib=size.memory_mib,
        ssh_port=machine.ssh_port,
        title=f"{lab.name}/{machine.name}",
    )
    context.engine.ensure_machine(spec, _first_boot(lab, machine))


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


def _first_boot(lab: Lab, machine: LabMachine) -> FirstBoot | None:
    """Return the settings of the first boot; None for a specialized image, which keeps its identity and accounts."""
    if lab.os_state is OsState.SPECIALIZED:
        return None
    return FirstBoot(
        instance_id=machine.id,
        host_name=host_name(lab),
        user_name=machine.user_name,
        password_hash=machine.pending_password_hash,
    )
