"""The devices that follow a machine's `Hardware`: its disk, the drive of its seed, its network card and its TPM.

No libvirt up to 11 attaches an emulated disk to NVMe. So libvirt attaches it to virtio at a place where no guest looks, the
second function of a slot whose first is empty, and QEMU gives the same block node to an NVMe controller besides. What libvirt
does with the disk (layers, locks, owners) stays as with every other bus. `qemu:override` needs libvirt 8.2.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from galeria.domain.labs.hardware import CARD_SLOT, DiskBus, NetworkCard

NETWORK = "hn0"  # QEMU's name of the machine's network
_NODE = "libvirt-{number}-format"  # the top file of a disk, which is a qcow2 file always
HIDDEN = "ua-hidden"  # libvirt keeps names that begin with "ua-" as they are
_HIDDEN_PLACE = {"type": "pci", "domain": "0x0000", "bus": "0x00", "slot": "0x1c", "function": "0x1"}

_DISKS = {  # the bus as libvirt names it, and the first name on it
    DiskBus.VIRTIO: ("virtio", "vda"),
    DiskBus.NVME: ("virtio", "vda"),
    DiskBus.VIRTIO_SCSI: ("scsi", "sdb"),
    DiskBus.SATA: ("sata", "sda"),
    DiskBus.IDE: ("ide", "hda"),
}
MODELS = {"virtio": "virtio-net-pci"}  # libvirt's name and QEMU's, where they differ
_CARDS = {NetworkCard.VIRTIO: MODELS["virtio"]}  # the others are named as QEMU names them
_WORK_DISKS = {  # the system's own disk comes first, which firmware starts from
    DiskBus.VIRTIO: ("virtio", "vdb"),
    DiskBus.NVME: ("virtio", "vdb"),  # every Linux that has a driver for NVMe has this one too
    DiskBus.VIRTIO_SCSI: ("scsi", "sdc"),
    DiskBus.SATA: ("sata", "sdb"),
    DiskBus.IDE: ("ide", "hdc"),
}
_DRIVES = {"ide": "hdb", "sata": "sdc", "scsi": "sda"}


def add_disk(devices: Element, file: Path, bus: DiskBus) -> None:
    """Add the machine's disk; with NVMe it needs what `nvme_words` and `add_nvme_override` add."""
    kind, name = _DISKS[bus]
    disk = SubElement(devices, "disk", type="file", device="disk")
    SubElement(disk, "driver", name="qemu", type="qcow2", discard="unmap")
    SubElement(disk, "source", file=str(file))
    SubElement(disk, "target", dev=name, bus=kind)
    if bus is DiskBus.VIRTIO_SCSI:
        SubElement(devices, "controller", type="scsi", model="virtio-scsi")
    if bus is DiskBus.NVME:
        SubElement(disk, "alias", name=HIDDEN)
        SubElement(disk, "address", _HIDDEN_PLACE)


def add_work_disk(devices: Element, file: Path, bus: DiskBus) -> None:
    """Add a student's work disk, on the bus of the machine's own."""
    kind, name = _WORK_DISKS[bus]
    disk = SubElement(devices, "disk", type="file", device="disk")
    SubElement(disk, "driver", name="qemu", type="qcow2", discard="unmap")
    SubElement(disk, "source", file=str(file))
    SubElement(disk, "target", dev=name, bus=kind)


def find_work_disk(devices: Element) -> Element | None:
    """Return the element of the work disk: the second of the machine's disks."""
    return next(iter(devices.findall("disk[@device='disk']")[1:]), None)


def add_seed_drive(devices: Element, seed: Path, bus: str) -> None:
    """Add a CD-ROM drive with the seed on `bus`: ide, sata, or scsi, which is virtio-scsi."""
    drive = SubElement(devices, "disk", type="file", device="cdrom")
    SubElement(drive, "driver", name="qemu", type="raw")
    SubElement(drive, "source", file=str(seed))
    is_alone_on_ide = bus == "ide" and devices.find("disk/target[@bus='ide'][@dev='hda']") is None
    SubElement(drive, "target", dev="hda" if is_alone_on_ide else _DRIVES[bus], bus=bus)
    SubElement(drive, "readonly")
    if bus == "scsi" and devices.find("controller[@type='scsi']") is None:
        SubElement(devices, "controller", type="scsi", model="virtio-scsi")


def seed_bus(*, machine_type: str, disk: DiskBus, is_windows: bool) -> str:
    """Return the bus of the seed's drive.

    Small cloud kernels have no AHCI driver, so that Linux gets SATA only where its disk is on it too.
    """
    if machine_type == "pc":
        return "ide"
    return "sata" if is_windows or disk is DiskBus.SATA else "scsi"


def network_words(card: NetworkCard, *, mac: str, machine_type: str) -> Iterator[str]:
    """Yield QEMU's arguments for a network of the machine's own, in which it reaches nothing at all.

    libvirt 9.0 of Debian 12 cannot forward ports into one; `open_ssh` does that in the running machine.
    """
    bus = ",bus=pcie.0" if machine_type == "q35" else ""
    yield from ("-netdev", f"user,id={NETWORK},restrict=on,ipv6=off")
    card_at = f"mac={mac}{bus},addr={CARD_SLOT:#x}"
    yield from ("-device", f"{_CARDS.get(card, card.value)},netdev={NETWORK},romfile=,{card_at}")


def add_interface(devices: Element, *, model: str, mac: str, network: str, tap: str) -> None:
    """Add a card on a network of libvirt, at the place where the arguments above put it: no guest sees a difference."""
    interface = SubElement(devices, "interface", type="network")
    SubElement(interface, "mac", address=mac)
    SubElement(interface, "source", network=network)
    SubElement(interface, "target", dev=tap)
    SubElement(interface, "model", type=next((ours for ours, its in MODELS.items() if its == model), model))
    SubElement(interface, "rom", enabled="no")
    place = {"type": "pci", "domain": "0x0000", "bus": "0x00", "slot": f"{CARD_SLOT:#x}", "function": "0x0"}
    SubElement(interface, "address", place)


def nvme_words(*, seed_drive: str, machine_type: str) -> Iterator[str]:
    """Yield QEMU's arguments for an NVMe controller with the machine's disk; `seed_drive` is the bus of that drive.

    libvirt counts the nodes of drives as well, whether there is a medium in them or not, and those on IDE and SCSI first.
    """
    bus = ",bus=pcie.0" if machine_type == "q35" else ""
    node = _NODE.format(number=2 if seed_drive in ("ide", "scsi") else 1)
    yield from ("-device", f"nvme,drive={node},serial=galeria,share-rw=on,bootindex=1{bus},addr=0x11")


def add_nvme_override(root: Element) -> None:
    """Let the hidden disk share its node, and not be what firmware starts from."""
    device = SubElement(SubElement(root, "qemu:override"), "qemu:device", alias=HIDDEN)
    frontend = SubElement(device, "qemu:frontend")
    SubElement(frontend, "qemu:property", name="share-rw", type="bool", value="true")
    SubElement(frontend, "qemu:property", name="bootindex", type="remove")


def add_tpm(devices: Element) -> None:
    """Add a TPM 2.0, which swtpm emulates. libvirt keeps its state by the machine's UUID and removes it with the machine."""
    tpm = SubElement(devices, "tpm", model="tpm-crb")
    SubElement(tpm, "backend", type="emulator", version="2.0")
