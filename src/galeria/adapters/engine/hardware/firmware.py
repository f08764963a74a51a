"""The firmware, processor features and clock in a machine's libvirt definition."""

import shutil
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from galeria.domain.errors import Invalid, MachineFailed
from galeria.domain.labs.hardware import DiskBus, Hardware
from galeria.domain.messages import Message

Firmware = tuple[str, str]

# Code and template of the variables: Debian and Ubuntu, older Debian, Fedora, Arch.
FIRMWARES: tuple[Firmware, ...] = (
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
)
# The same with Secure Boot and Microsoft's keys, which Arch does not have.
SECURE_FIRMWARES: tuple[Firmware, ...] = (
    ("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"),
    ("/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.ms.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"),
)
# What lets Windows leave work to KVM; QEMU emulates none of it without.
_HYPER_V = ("relaxed", "vapic", "vpindex", "runtime", "synic", "stimer")
_SPINLOCKS = "8191"  # tries before the host is told, as QEMU's documentation of Hyper-V enlightenments proposes


def find_firmware(*, secure: bool = False) -> Firmware | None:
    """Return the firmware of this host for machines with UEFI, None without one."""
    pairs = SECURE_FIRMWARES if secure else FIRMWARES
    return next((pair for pair in pairs if all(Path(path).is_file() for path in pair)), None)


def has_tpm_emulator() -> bool:
    """Return whether machines of this host can have a TPM: libvirt needs both programs."""
    return shutil.which("swtpm") is not None and shutil.which("swtpm_setup") is not None


def machine_type(generation: str, hardware: Hardware) -> str:
    """Return QEMU's machine type: IDE is there only on the older one, which starts UEFI firmware as well."""
    return "pc" if generation == "V1" or hardware.disk_bus is DiskBus.IDE else "q35"


def add_firmware(
    root: Element, *, generation: str, hardware: Hardware, firmware: Firmware | None, variables: Path
) -> None:
    """Add what starts the machine. Raises Invalid, and MachineFailed where the host lacks what that needs."""
    if generation not in ("V1", "V2"):
        raise Invalid(
            Message("There is no Hyper-V generation '{generation}'.", generation=generation),
            hint=Message("Use V1 or V2."),
        )
    os = SubElement(root, "os")
    kind = SubElement(os, "type", arch="x86_64", machine=machine_type(generation, hardware))
    kind.text = "hvm"
    if generation == "V2":
        code, template = _required(firmware, hardware)
        secure = {"secure": "yes"} if hardware.secure_boot else {}
        loader = SubElement(os, "loader", {"readonly": "yes", **secure, "type": "pflash"})
        loader.text = code
        nvram = SubElement(os, "nvram", template=template)
        nvram.text = str(variables)
    SubElement(os, "boot", dev="hd")


def _required(firmware: Firmware | None, hardware: Hardware) -> Firmware:
    if firmware is not None:
        return firmware
    what = (
        Message("This host has no UEFI firmware with Secure Boot, which the image asks for.")
        if hardware.secure_boot
        else Message("This host has no UEFI firmware for second-generation machines.")
    )
    raise MachineFailed(what, hint=Message("Run: apt-get install ovmf"))


def add_features(root: Element, hardware: Hardware) -> None:
    """Add what the firmware and the guest find besides processors: ACPI, and a guarded mode for Secure Boot's keys."""
    features = SubElement(root, "features")
    SubElement(features, "acpi")
    SubElement(features, "apic")
    if hardware.secure_boot:
        SubElement(features, "smm", state="on")


def set_hyper_v(root: Element, *, on: bool) -> None:
    """Let the guest know of Hyper-V's shortcuts, or of none."""
    features, clock = root.find("features"), root.find("clock")
    if features is None or clock is None:
        return
    for parent, old in ((features, features.find("hyperv")), (clock, clock.find("timer[@name='hypervclock']"))):
        if old is not None:
            parent.remove(old)
    if on:
        shortcuts = SubElement(features, "hyperv", mode="custom")
        for name in _HYPER_V:
            SubElement(shortcuts, name, state="on")
        SubElement(shortcuts, "spinlocks", state="on", retries=_SPINLOCKS)
        SubElement(clock, "timer", name="hypervclock", present="yes")


def add_clock(root: Element, hardware: Hardware) -> None:
    """Add a clock that shows local time; without one libvirt's default shows UTC."""
    if hardware.local_clock:
        SubElement(root, "clock", offset="localtime")
