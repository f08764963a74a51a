"""The definition of a new machine out of its specification, with what its firmware is to know."""

from pathlib import Path

from galeria.adapters.engine import domain_xml
from galeria.adapters.engine.hardware.firmware import find_firmware, has_tpm_emulator
from galeria.adapters.engine.hardware.nvram import write_variables
from galeria.adapters.engine.layout import Layout
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message
from galeria.ports.machines import MachineSpec


def declare_machine(layout: Layout, spec: MachineSpec, *, name: str, installation: str, seeded: bool) -> str:
    """Return the XML, and write the variables of its firmware. Raises MachineFailed where the host lacks a part."""
    definition = _definition(layout, spec, name=name, installation=installation, seeded=seeded)
    xml = domain_xml.declare(definition)
    if spec.hardware.tpm and not has_tpm_emulator():
        raise MachineFailed(
            Message("This host has no TPM for machines, which the image asks for."),
            hint=Message("Run: apt-get install swtpm swtpm-tools"),
        )
    is_told = bool(spec.hardware.loader or spec.hardware.firmware_variables)
    if definition.firmware is not None and spec.generation == "V2" and is_told:
        write_variables(definition.nvram, template=Path(definition.firmware[1]), hardware=spec.hardware)
    return xml


def _definition(
    layout: Layout, spec: MachineSpec, *, name: str, installation: str, seeded: bool
) -> domain_xml.Definition:
    machine = spec.machine
    return domain_xml.Definition(
        name=name,
        installation=installation,
        machine=machine,
        title=spec.title,
        generation=spec.generation,
        vcpus=spec.vcpus,
        memory_mib=spec.memory_mib,
        ssh_port=spec.ssh_port,
        card_address=spec.card_address,
        disk=layout.first_disk(machine),
        seed=layout.seed(machine) if seeded else None,
        serial=layout.serial(machine),
        vnc=layout.vnc(machine),
        nvram=layout.nvram(machine),
        firmware=find_firmware(secure=spec.hardware.secure_boot),
        hardware=spec.hardware,
        os_type=spec.os_type,
    )
