"""Image → a lab with its template VM, made and not started."""

from galeria.domain.images.galleries import OsState
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.sizes import get_size
from galeria.domain.states import MachineState, ProvisioningState, moved
from galeria.ports.machines import FirstBoot, Machine, MachineSpec
from galeria.ports.work import Step
from galeria.workflows.context import World

CACHE = "Bring the image to the hosts"


def create_lab(step: Step, world: World, operation_id: str) -> None:
    step(CACHE, ensure_base, world, operation_id)
    step("Make the template VM", make_template, world, operation_id)
    step("Open the lab", open_lab, world, operation_id)


def ensure_base(world: World, operation_id: str) -> None:
    lab, _ = get_subject(world, operation_id)
    progress = world.meter(operation_id, CACHE)
    world.cache.ensure_base(lab.location, lab.base_digest, world.stores[lab.location], progress=progress)


def make_template(world: World, operation_id: str) -> None:
    lab, machine = get_subject(world, operation_id)
    if machine:
        ensure_machine(world, lab, machine)


def ensure_machine(world: World, lab: Lab, machine: LabMachine) -> None:
    """Disk and definition, from the image in the region's cache."""
    size = get_size(world.settings.sizes, lab.size)
    spec = MachineSpec(
        machine=Machine(id=machine.id, region=machine.region),
        base=lab.base_digest,
        generation=lab.generation,
        vcpus=size.vcpus,
        memory_mib=size.memory_mib,
        ssh_port=machine.ssh_port,
        title=f"{lab.name}/{machine.name}",
    )
    world.engine.ensure_machine(spec, _first_boot(lab, machine))


def open_lab(world: World, operation_id: str) -> None:
    with world.database() as uow:
        lab = uow.labs.get(uow.operations.get(operation_id).subject)
        lab.state, lab.failure = moved(lab.state, ProvisioningState.SUCCEEDED), ""
        for machine in uow.machines.of_lab(lab.id):
            if machine.state in {MachineState.CREATING, MachineState.FAILED}:
                machine.state, machine.failure = moved(machine.state, MachineState.STOPPED), ""
        uow.commit()


def get_subject(world: World, operation_id: str) -> tuple[Lab, LabMachine | None]:
    """The lab and its template; a lab may do without one."""
    with world.database(reading=True) as uow:
        lab = uow.labs.get(uow.operations.get(operation_id).subject)
        return lab, next(iter(uow.machines.of_lab(lab.id)), None)


def host_name(lab: Lab) -> str:
    """The lab's name as a host name: letters, digits and dashes, at most 63."""
    return "".join(c if c.isalnum() else "-" for c in lab.name.lower())[:63].strip("-") or "lab"


def _first_boot(lab: Lab, machine: LabMachine) -> FirstBoot | None:
    """A specialized image is told nothing: it keeps the machine's identity and accounts."""
    if lab.os_state is OsState.SPECIALIZED:
        return None
    return FirstBoot(
        instance_id=machine.id,
        host_name=host_name(lab),
        user_name=machine.user_name,
        password_hash=machine.pending_password_hash,
    )
