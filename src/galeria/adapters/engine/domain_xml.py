"""The libvirt definition of a machine as XML, and the few changes that are made to it later.

V1 is a BIOS machine of type `pc`, V2 a UEFI machine with OVMF, of type `q35` unless its disk is on IDE. What follows the
image (`Hardware`) is in the package `hardware`. Golden files in tests/golden show the whole XML.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from galeria.adapters.bases.nbd_server import MACHINE
from galeria.adapters.engine.confinement.accounts import Account
from galeria.adapters.engine.hardware import devices as parts
from galeria.adapters.engine.hardware.firmware import (
    Firmware,
    add_clock,
    add_features,
    add_firmware,
    machine_type,
    set_hyper_v,
)
from galeria.adapters.engine.network.card import connect
from galeria.adapters.engine.network.guest_network import Lane
from galeria.domain.errors import MachineFailed
from galeria.domain.foreign_text import foreign_text
from galeria.domain.images.galleries import OsType
from galeria.domain.labs.hardware import USUAL_HARDWARE, DiskBus, Hardware
from galeria.domain.messages import Message
from galeria.ports.machines import Acceleration, Machine

NAMESPACE = "urn:galeria:machine:1"


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
    hardware: Hardware = USUAL_HARDWARE
    os_type: OsType = OsType.LINUX

    @property
    def machine_type(self) -> str:
        return machine_type(self.generation, self.hardware)

    @property
    def seed_bus(self) -> str:
        """The bus of the seed's drive; empty without one."""
        is_windows, disk = self.os_type is OsType.WINDOWS, self.hardware.disk_bus
        bus = parts.seed_bus(machine_type=self.machine_type, disk=disk, is_windows=is_windows)
        return bus if self.seed is not None else ""


def mac_address(machine_id: str) -> str:
    """Return a MAC address that is always the same for the same machine; 52:54:00 is the prefix that QEMU uses."""
    tail = hashlib.sha256(machine_id.encode()).digest()
    return f"52:54:00:{tail[0]:02x}:{tail[1]:02x}:{tail[2]:02x}"


def domain_uuid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}:{name}"))


def declare(definition: Definition) -> str:
    """Return the XML of a new machine, with software emulation until `with_acceleration` changes it at the start.

    Raises MachineFailed where V2 is asked for and the host has no such UEFI firmware.
    """
    root = Element("domain", {"type": "qemu", "xmlns:qemu": "http://libvirt.org/schemas/domain/qemu/1.0"})
    _text(root, "name", definition.name)
    _text(root, "uuid", domain_uuid(definition.name))
    if definition.title:
        _text(root, "title", foreign_text(definition.title))
    _metadata(root, definition)
    _text(root, "memory", str(definition.memory_mib), unit="MiB")
    _text(root, "vcpu", str(definition.vcpus))
    hardware = definition.hardware
    add_firmware(
        root,
        generation=definition.generation,
        hardware=hardware,
        firmware=definition.firmware,
        variables=definition.nvram,
    )
    add_features(root, hardware)
    add_clock(root, hardware)
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
        **({"osType": definition.os_type.value} if definition.os_type is not OsType.LINUX else {}),
    }
    SubElement(SubElement(root, "metadata"), "galeria:machine", facts)


def _devices(root: Element, definition: Definition) -> None:
    devices = SubElement(root, "devices")
    hardware = definition.hardware
    parts.add_disk(devices, definition.disk, hardware.disk_bus)
    if definition.seed is not None:
        parts.add_seed_drive(devices, definition.seed, definition.seed_bus)
    for kind, target in (("serial", {"port": "0"}), ("console", {"type": "serial", "port": "0"})):
        port = SubElement(devices, kind, type="file")
        SubElement(port, "source", path=str(definition.serial))
        SubElement(port, "target", target)
    SubElement(SubElement(devices, "channel", type="unix"), "target", type="virtio", name="org.qemu.guest_agent.0")
    _screen(devices, definition.vnc)
    if hardware.tpm:
        parts.add_tpm(devices)
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


def _network(root: Element, definition: Definition) -> None:
    """Add the arguments for QEMU itself: what libvirt cannot express."""
    hardware, kind = definition.hardware, definition.machine_type
    mac = definition.card_address or mac_address(definition.machine.id)
    words = [*parts.network_words(hardware.network_card, mac=mac, machine_type=kind)]
    if hardware.disk_bus is DiskBus.NVME:
        words += parts.nvme_words(seed_drive=definition.seed_bus, machine_type=kind)
    command = SubElement(root, "qemu:commandline")
    for word in words:
        SubElement(command, "qemu:arg", value=word)
    if hardware.disk_bus is DiskBus.NVME:
        parts.add_nvme_override(root)


def disk_of(xml: str) -> Path:
    """Return the writable file on top of the machine's disk."""
    return Path(_source(_disk(ElementTree.fromstring(xml))).attrib["file"])


def disk_name_of(xml: str) -> str:
    """Return libvirt's name of the machine's disk, such as vda."""
    target = _disk(ElementTree.fromstring(xml)).find("target")
    return "vda" if target is None else target.attrib["dev"]


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


def find_work_disk(xml: str) -> Path | None:
    """Return the file of the machine's work disk, None where it has none."""
    devices = ElementTree.fromstring(xml).find("devices")
    disk = None if devices is None else parts.find_work_disk(devices)
    return None if disk is None else Path(_source(disk).attrib["file"])


def with_work_disk(xml: str, file: Path, bus: DiskBus) -> str:
    """Return the definition with this work disk, in the place of the one that it had."""
    root = ElementTree.fromstring(xml)
    devices = root.find("devices")
    if devices is None or find_work_disk(xml) == file:
        return xml
    held = parts.find_work_disk(devices)
    if held is not None:
        devices.remove(held)
    parts.add_work_disk(devices, file, bus)
    return _to_xml(root)


def with_served_base(xml: str, own_files: Sequence[Path], socket: Path | None) -> str:
    """Return the definition in which the disk's base is read from its serving process's socket; None: it is a file.

    `own_files` are those above the base, the top first. A machine that cannot read or write is paused, and tries again when it
    goes on: whatever serves the base may be away for a while.
    """
    root = ElementTree.fromstring(xml)
    disk = _disk(root)
    driver = disk.find("driver")
    if driver is None or (socket is None and driver.get("error_policy") is None):
        return xml
    for backing in disk.findall("backingStore"):
        disk.remove(backing)
    driver.attrib.pop("error_policy", None)
    if socket is not None:
        driver.set("error_policy", "stop")
        _backing(disk, own_files[1:], socket)
    return _to_xml(root)


def _backing(above: Element, own_files: Sequence[Path], socket: Path) -> None:
    for file in own_files:
        above = SubElement(above, "backingStore", type="file")
        SubElement(above, "format", type="qcow2")
        SubElement(above, "source", file=str(file))
    base = SubElement(above, "backingStore", type="network")
    SubElement(base, "format", type="raw")
    source = SubElement(base, "source", protocol="nbd", name=MACHINE)
    SubElement(source, "host", transport="unix", socket=str(socket))
    SubElement(base, "backingStore")


def with_acceleration(xml: str, acceleration: Acceleration) -> str:
    root = ElementTree.fromstring(xml)
    _set_acceleration(root, acceleration)
    return _to_xml(root)


def with_card(xml: str, lane: Lane | None) -> str:
    """Return the definition with its card connected to the machines' network, or to one of its own."""
    root = ElementTree.fromstring(xml)
    connect(root, lane)
    return _to_xml(root)


def with_account(xml: str, account: Account | None) -> str:
    """Return the definition of a machine whose process has this account; without one, that of libvirt's settings.

    libvirt gives the account what it makes itself, and leaves the disk alone: the base image is many machines'.
    """
    root = ElementTree.fromstring(xml)
    disks = root.findall("devices/disk[@device='disk']")
    # Once a layer was closed, libvirt names all files of the chain.
    files = [each for disk in disks for each in disk.iter("source") if each.get("file")]
    for parent in (root, *files):
        for label in parent.findall("seclabel[@model='dac']"):
            parent.remove(label)
    if account is not None:
        for file in files:
            SubElement(file, "seclabel", model="dac", relabel="no")
        _text(SubElement(root, "seclabel", type="static", model="dac", relabel="yes"), "label", account.label)
    return _to_xml(root)


def has_tpm(xml: str) -> bool:
    return ElementTree.fromstring(xml).find("devices/tpm") is not None


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
    if _is_windows(root):
        set_hyper_v(root, on=is_kvm)


def _is_windows(root: Element) -> bool:
    """Tell it of a definition that was read, whose names have namespaces, and of one that is being made."""
    facts = (each for each in root.iter() if each.tag in ("galeria:machine", f"{{{NAMESPACE}}}machine"))
    return any(each.get("osType") == OsType.WINDOWS.value for each in facts)


def is_windows(xml: str) -> bool:
    return _is_windows(ElementTree.fromstring(xml))


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
