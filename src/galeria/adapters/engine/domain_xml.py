"""The libvirt definition of a machine as XML, and the few changes that are made to it later.

V1 is a BIOS machine of type `pc`, V2 a UEFI machine of type `q35` with OVMF. The seed's drive is attached to IDE
or virtio-scsi respectively: small cloud kernels have no AHCI driver. Golden files in tests/golden show the whole XML.
"""

import hashlib
import uuid
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from galeria.domain.errors import Invalid, MachineFailed
from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import Message
from galeria.ports.machines import Acceleration, Machine

NAMESPACE = "urn:galeria:machine:1"
NETWORK = "hn0"

FIRMWARES = (  # code and template of the variables: Debian and Ubuntu, older Debian, Fedora, Arch
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
)

Firmware = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """Everything that a new machine is defined by."""

    name: str
    installation: str
    machine: Machine
    title: str
    generation: str  # "V1" or "V2"
    vcpus: int
    memory_mib: int
    ssh_port: int
    card_address: str = ""  # of its network card; empty for one that its name makes
    disk: Path
    seed: Path | None
    serial: Path
    vnc: Path
    nvram: Path
    firmware: Firmware | None  # needed for V2


def find_firmware() -> Firmware | None:
    return next((pair for pair in FIRMWARES if all(Path(path).is_file() for path in pair)), None)


def mac_address(machine_id: str) -> str:
    """Return a MAC address that is always the same for the same machine; 52:54:00 is the prefix that QEMU uses."""
    tail = hashlib.sha256(machine_id.encode()).digest()
    return f"52:54:00:{tail[0]:02x}:{tail[1]:02x}:{tail[2]:02x}"


def domain_uuid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}:{name}"))


def declare(definition: Definition) -> str:
    """Return the XML of a new machine, with software emulation until `with_acceleration` changes it at the start.

    Raises MachineFailed where V2 is asked for and the host has no UEFI firmware.
    """
    root = Element("domain", {"type": "qemu", "xmlns:qemu": "http://libvirt.org/schemas/domain/qemu/1.0"})
    _text(root, "name", definition.name)
    _text(root, "uuid", domain_uuid(definition.name))
    if definition.title:
        _text(root, "title", foreign_text(definition.title))
    _metadata(root, definition)
    _text(root, "memory", str(definition.memory_mib), unit="MiB")
    _text(root, "vcpu", str(definition.vcpus))
    _os(root, definition)
    features = SubElement(root, "features")
    SubElement(features, "acpi")
    SubElement(features, "apic")
    _set_acceleration(root, Acceleration.TCG)
    for event, reaction in (("on_poweroff", "destroy"), ("on_reboot", "restart"), ("on_crash", "destroy")):
        _text(root, event, reaction)
    _devices(root, definition)
    _network(root, definition)
    return _to_xml(root)


def _metadata(root: Element, definition: Definition) -> None:
    facts = {
        "xmlns:galeria": NAMESPACE,
        "installation": definition.installation,
        "machine": definition.machine.id,
        "region": definition.machine.region,
        "sshPort": str(definition.ssh_port),
    }
    SubElement(SubElement(root, "metadata"), "galeria:machine", facts)


def _os(root: Element, definition: Definition) -> None:
    if definition.generation not in ("V1", "V2"):
        raise Invalid(
            Message("There is no Hyper-V generation '{generation}'.", generation=definition.generation),
            hint=Message("Use V1 or V2."),
        )
    os = SubElement(root, "os")
    if definition.generation == "V1":
        _text(os, "type", "hvm", arch="x86_64", machine="pc")
    else:
        if definition.firmware is None:
            raise MachineFailed(
                Message("This host has no UEFI firmware for second-generation machines."),
                hint=Message("Run: apt-get install ovmf"),
            )
        code, variables = definition.firmware
        _text(os, "type", "hvm", arch="x86_64", machine="q35")
        _text(os, "loader", code, readonly="yes", type="pflash")
        _text(os, "nvram", str(definition.nvram), template=variables)
    SubElement(os, "boot", dev="hd")


def _devices(root: Element, definition: Definition) -> None:
    devices = SubElement(root, "devices")
    disk = SubElement(devices, "disk", type="file", device="disk")
    SubElement(disk, "driver", name="qemu", type="qcow2", discard="unmap")
    SubElement(disk, "source", file=str(definition.disk))
    SubElement(disk, "target", dev="vda", bus="virtio")
    if definition.seed is not None:
        _seed_drive(devices, definition.seed, scsi=definition.generation == "V2")
    for kind, target in (("serial", {"port": "0"}), ("console", {"type": "serial", "port": "0"})):
        port = SubElement(devices, kind, type="file")
        SubElement(port, "source", path=str(definition.serial))
        SubElement(port, "target", target)
    SubElement(SubElement(devices, "channel", type="unix"), "target", type="virtio", name="org.qemu.guest_agent.0")
    _screen(devices, definition.vnc)
    SubElement(devices, "memballoon", model="none")
    _text(SubElement(devices, "rng", model="virtio"), "backend", "/dev/urandom", model="random")


def _screen(devices: Element, socket: Path) -> None:
    """Add the screen and a tablet.

    No keyboard is needed: both machine types have a PS/2 keyboard, which every kernel supports.
    """
    graphics = SubElement(devices, "graphics", type="vnc")
    SubElement(graphics, "listen", type="socket", socket=str(socket))
    if devices.find("video") is None:
        # An adapter that firmware, text mode and frame buffers of any age support; 16 MiB are enough for 2560x1600.
        SubElement(SubElement(devices, "video"), "model", type="vga", vram=str(16 * 1024))
    if devices.find("input[@type='tablet']") is None:
        # A pointer with absolute positions: without it the browser and the guest disagree on where the mouse is.
        SubElement(devices, "input", type="tablet", bus="usb")


def _seed_drive(devices: Element, seed: Path, *, scsi: bool) -> None:
    drive = SubElement(devices, "disk", type="file", device="cdrom")
    SubElement(drive, "driver", name="qemu", type="raw")
    SubElement(drive, "source", file=str(seed))
    SubElement(drive, "target", dev="sda" if scsi else "hda", bus="scsi" if scsi else "ide")
    SubElement(drive, "readonly")
    if scsi:
        SubElement(devices, "controller", type="scsi", model="virtio-scsi")


def _network(root: Element, definition: Definition) -> None:
    """Add a user-mode network with arguments for QEMU itself: libvirt 9.0 of Debian 12 cannot forward ports.

    No port is forwarded here; `open_ssh` does that in the running machine.
    """
    bus = "" if definition.generation == "V1" else ",bus=pcie.0"
    mac = definition.card_address or mac_address(definition.machine.id)
    words = (
        "-netdev",
        f"user,id={NETWORK}",
        "-device",
        f"virtio-net-pci,netdev={NETWORK},romfile=,mac={mac}{bus},addr=0x10",
    )
    command = SubElement(root, "qemu:commandline")
    for word in words:
        SubElement(command, "qemu:arg", value=word)


def disk_of(xml: str) -> Path:
    """Return the writable file on top of the machine's disk."""
    return Path(_source(_disk(ElementTree.fromstring(xml))).attrib["file"])


def ssh_port_of(xml: str) -> int:
    """Return the SSH port of the machine. Raises MachineFailed for a definition of another program."""
    facts = _find_facts(xml)
    if facts is None:
        raise MachineFailed(
            Message("The machine's definition was changed by hand."),
            hint=Message("Delete the machine and make it anew."),
        )
    return int(facts["sshPort"])


def find_machine(xml: str, installation: str) -> Machine | None:
    """Return the machine of this definition; None where it belongs to another installation or program."""
    facts = _find_facts(xml)
    if facts is None or facts["installation"] != installation:
        return None
    return Machine(id=facts["machine"], region=facts["region"])


def find_screen(xml: str) -> Path | None:
    """Return the UNIX socket of the machine's screen, None where it has none."""
    listen = ElementTree.fromstring(xml).find("devices/graphics[@type='vnc']/listen[@type='socket']")
    name = None if listen is None else listen.get("socket")
    return Path(name) if name else None


def with_screen(xml: str, socket: Path) -> str:
    """Return the definition with a screen on the UNIX socket `socket` only."""
    if find_screen(xml) == socket:
        return xml
    root = ElementTree.fromstring(xml)
    devices = root.find("devices")
    if devices is None:
        raise MachineFailed(
            Message("The machine's definition has no devices."), hint=Message("Delete the machine and make it anew.")
        )
    for graphics in devices.findall("graphics"):
        devices.remove(graphics)
    _screen(devices, socket)
    return _to_xml(root)


def with_disk(xml: str, top: Path) -> str:
    """Return the definition with another writable file on top; libvirt finds the files under it at the next start."""
    root = ElementTree.fromstring(xml)
    disk = _disk(root)
    _source(disk).set("file", str(top))
    for backing in disk.findall("backingStore"):
        disk.remove(backing)
    return _to_xml(root)


def with_acceleration(xml: str, acceleration: Acceleration) -> str:
    root = ElementTree.fromstring(xml)
    _set_acceleration(root, acceleration)
    return _to_xml(root)


def without_seed(xml: str) -> str:
    """Return the definition with an empty seed drive. The drive stays, so that no device changes its address."""
    root = ElementTree.fromstring(xml)
    for drive in root.findall("devices/disk[@device='cdrom']"):
        for medium in drive.findall("source"):
            drive.remove(medium)
    return _to_xml(root)


def _set_acceleration(root: Element, acceleration: Acceleration) -> None:
    """Set the acceleration and processor: under KVM the host's own model, under emulation the most that QEMU can emulate.

    Recent distributions require x86-64-v2, which QEMU's default model does not offer.
    """
    is_kvm = acceleration is Acceleration.KVM
    root.set("type", "kvm" if is_kvm else "qemu")
    for old in root.findall("cpu"):
        root.remove(old)
    before = root.find("features")
    place = list(root).index(before) + 1 if before is not None else len(root)
    root.insert(place, Element("cpu", mode="host-passthrough" if is_kvm else "maximum"))


def _find_facts(xml: str) -> dict[str, str] | None:
    element = ElementTree.fromstring(xml).find(f"metadata/{{{NAMESPACE}}}machine")
    return None if element is None else dict(element.attrib)


def _disk(root: Element) -> Element:
    disk = root.find("devices/disk[@device='disk']")
    if disk is None:
        raise MachineFailed(
            Message("The machine's definition has no disk."), hint=Message("Delete the machine and make it anew.")
        )
    return disk


def _source(disk: Element) -> Element:
    source = disk.find("source")
    if source is None:
        raise MachineFailed(
            Message("The machine's disk names no file."), hint=Message("Delete the machine and make it anew.")
        )
    return source


def _text(parent: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = text


def _to_xml(root: Element) -> str:
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"
