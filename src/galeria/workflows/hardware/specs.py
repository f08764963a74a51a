"""What a lab's machine is made of: the lab's size, its image, and hardware that fits that image."""

from galeria.domain.labs.fitting_hardware import ImageTraits, cloud_hardware, fitting_hardware
from galeria.domain.labs.hardware import Hardware
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.preparation import card_address
from galeria.domain.labs.sizes import get_size
from galeria.ports.database import UnitOfWork
from galeria.ports.machines import Machine, MachineSpec
from galeria.workflows.context import WorkflowContext
from galeria.workflows.offline.prepare_disk import find_findings


def machine_spec(context: WorkflowContext, lab: Lab, machine: LabMachine) -> MachineSpec:
    """Return how the machine is to be made. May be repeated: the hardware is chosen once for the whole lab."""
    size = get_size(context.settings.sizes, lab.size)
    with context.database(reading=True) as uow:
        found = find_findings(uow, lab)
    return MachineSpec(
        machine=Machine.of(machine),
        base=machine.base_digest,
        generation=lab.generation,
        vcpus=size.vcpus,
        memory_mib=size.memory_mib,
        ssh_port=machine.ssh_port,
        title=f"{lab.name}/{machine.name}",
        card_address=card_address(found),
        os_type=lab.os_type,
        hardware=settle_hardware(context, lab.id),
    )


def settle_hardware(context: WorkflowContext, lab_id: str) -> Hardware:
    """Return the lab's hardware. The first time it is what its version is known to start with, or what fits it."""
    with context.database(reading=True) as uow:
        lab = uow.labs.get(lab_id)
        chosen = lab.hardware or _choose(context, uow, lab)
    if lab.hardware is None:
        with context.database() as uow:
            uow.labs.get(lab_id).hardware = chosen
            uow.commit()
    return chosen


def traits_of(uow: UnitOfWork, lab: Lab) -> ImageTraits:
    """What the lab's image definition says; where that is gone, what the lab has kept of it."""
    definition = uow.definitions.find(lab.definition_id)
    features = definition.features if definition else ()
    return ImageTraits(os_type=lab.os_type, generation=lab.generation, features=features)


def _choose(context: WorkflowContext, uow: UnitOfWork, lab: Lab) -> Hardware:
    version = uow.versions.find(lab.version_id)
    known = version.hardware if version is not None else None
    if context.settings.regions.is_in_cloud(lab.location):
        return cloud_hardware(known, traits_of(uow, lab), find_findings(uow, lab))
    return known or fitting_hardware(traits_of(uow, lab), find_findings(uow, lab))
