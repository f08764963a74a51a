"""The hardware of an image's machines as Glance's properties of the image, from which Nova makes servers.

Nova tells no member of a project what its computers can do: what they cannot is known once a server could not be made.
"""

from collections.abc import Mapping

from galeria.adapters.engine.hardware.devices import seed_bus
from galeria.adapters.engine.hardware.firmware import machine_type
from galeria.adapters.openstack.images import CloudImage, CloudImages
from galeria.adapters.openstack.refusals import CODE
from galeria.domain.errors import MachineFailed
from galeria.domain.images.galleries import OsType
from galeria.domain.labs.hardware import DiskBus, NetworkCard
from galeria.domain.messages import Message
from galeria.ports.machines import MachineSpec

_BUSES = {DiskBus.VIRTIO_SCSI: "scsi", DiskBus.SATA: "sata", DiskBus.IDE: "ide"}
_NAMES = (
    *("hw_firmware_type", "hw_machine_type", "hw_disk_bus", "hw_scsi_model", "hw_cdrom_bus", "hw_vif_model"),
    *("os_secure_boot", "hw_tpm_version", "hw_tpm_model"),
)


def properties_of(spec: MachineSpec) -> dict[str, str]:
    """Return what Nova has to be told; nothing for the usual hardware, which is every cloud's own.

    Raises MachineFailed where no cloud has it.
    """
    _require_possible(spec)
    hardware, found = spec.hardware, dict[str, str]()
    if spec.generation == "V2":
        kind = machine_type(spec.generation, hardware)
        drive = seed_bus(machine_type=kind, disk=hardware.disk_bus, is_windows=False)
        found |= {"hw_firmware_type": "uefi", "hw_machine_type": kind, "hw_cdrom_bus": drive}
    elif hardware.disk_bus is DiskBus.IDE:
        found["hw_machine_type"] = machine_type(spec.generation, hardware)
    if hardware.disk_bus is not DiskBus.VIRTIO:
        found["hw_disk_bus"] = _BUSES[hardware.disk_bus]
    if "scsi" in found.values():
        found["hw_scsi_model"] = "virtio-scsi"
    if hardware.network_card is not NetworkCard.VIRTIO:
        found["hw_vif_model"] = hardware.network_card.value
    if hardware.secure_boot:
        found["os_secure_boot"] = "required"
    if hardware.tpm:
        found |= {"hw_tpm_version": "2.0", "hw_tpm_model": "tpm-crb"}
    return found


def properties_in(image: CloudImage) -> dict[str, str]:
    """Return the hardware that an image asks for; a snapshot asks for that of its machine."""
    return {name: str(image.properties[name]) for name in _NAMES if name in image.properties}


def ask_for(images: CloudImages, image: CloudImage, properties: Mapping[str, str]) -> None:
    """Let the image ask for this hardware and no other, for the servers that are made of it from now on."""
    held = properties_in(image)
    added = [{"op": "add", "path": f"/{name}", "value": value} for name, value in properties.items()]
    removed = [{"op": "remove", "path": f"/{name}"} for name in held if name not in properties]
    if held != dict(properties):
        images.change(image, [*added, *removed])


def _require_possible(spec: MachineSpec) -> None:
    """Raise MachineFailed where the machine needs what no cloud gives a member of a project."""
    if spec.os_type is OsType.WINDOWS:
        raise _impossible(
            Message("Windows: it takes its account from a drive with answers or from its agent, and Nova has neither")
        )
    if spec.hardware.disk_bus is DiskBus.NVME:
        raise _impossible(Message("machines with an NVMe disk, which Nova does not know"))
    if spec.hardware.loader:
        raise _impossible(
            Message(
                "images that have their UEFI loader in {path} alone: firmware there starts EFI/BOOT/BOOTX64.EFI only",
                path=spec.hardware.loader,
            )
        )


def _impossible(what: Message) -> MachineFailed:
    return MachineFailed(
        Message("Machines of this region run in an OpenStack cloud, where Galeria does not start {what}.", what=what),
        hint=Message("Replicate the version to a region whose machines run under libvirt, and make the lab there."),
        code=CODE,
    )
