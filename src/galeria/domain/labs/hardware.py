"""The virtual hardware of a machine, which follows its image (`fitting_hardware`)."""

from dataclasses import dataclass, replace
from enum import StrEnum

CARD_SLOT = 0x10  # of a machine's network card on its first PCI bus, whatever the machine's kind
LONGEST_VARIABLES = 32 * 1024  # bytes of firmware variables that are kept for a version, all together


class DiskBus(StrEnum):
    """The way in which a machine's disk is attached."""

    VIRTIO = "virtio"
    VIRTIO_SCSI = "virtio-scsi"
    NVME = "nvme"
    SATA = "sata"
    IDE = "ide"


class NetworkCard(StrEnum):
    """The kind of a machine's network card."""

    VIRTIO = "virtio"
    E1000E = "e1000e"
    E1000 = "e1000"
    VMXNET3 = "vmxnet3"
    RTL8139 = "rtl8139"


@dataclass(frozen=True, kw_only=True, slots=True)
class FirmwareVariable:
    """A variable that UEFI firmware keeps, such as a boot entry. `data` are hexadecimal digits."""

    name: str
    guid: str
    attributes: int
    data: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Hardware:
    """The virtual hardware of a machine, besides its processors and memory; its firmware is that of its generation."""

    disk_bus: DiskBus = DiskBus.VIRTIO
    network_card: NetworkCard = NetworkCard.VIRTIO
    secure_boot: bool = False  # the firmware starts only what Microsoft's keys signed; V2
    tpm: bool = False  # a TPM 2.0
    local_clock: bool = False  # the clock shows local time, as Windows expects, and not UTC
    loader: str = (
        ""  # the UEFI program to start, such as EFI/debian/shimx64.efi, where the disk has none in the usual place
    )
    firmware_variables: tuple[FirmwareVariable, ...] = ()


USUAL_HARDWARE = Hardware()


def with_variables(hardware: Hardware, variables: tuple[FirmwareVariable, ...]) -> Hardware:
    """The hardware of machines made from a machine's disk: its firmware's variables, which name the loader, win."""
    if not variables:
        return hardware
    return replace(hardware, loader="", firmware_variables=variables)
