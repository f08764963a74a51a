"""Check what this host offers to the engine. Each failed check names the command that repairs it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from galeria.adapters.engine.cache import gigabytes
from galeria.adapters.engine.confinement.checks import confinement_checks
from galeria.adapters.engine.daemons import Hypervisor
from galeria.adapters.engine.hardware.firmware import find_firmware, has_tpm_emulator
from galeria.adapters.engine.kvm_probe import KvmProbeResult
from galeria.adapters.engine.layout import Layout, find_qemu_user
from galeria.adapters.engine.network.checks import network_checks
from galeria.adapters.inspection.saved_state import find_state
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.guest_network import NetworkSettings
from galeria.domain.labs.machine_accounts import AccountSettings
from galeria.guests.appliance import find_appliance
from galeria.ports.machines import Acceleration, HostCheck

LEAST_DISK = 10 * 10**9  # bytes
LEAST_MEMORY = 2 * 10**9  # bytes

TOOLS = (  # program, and the package that has it on Debian and Ubuntu
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("qemu-img", "qemu-utils"),
    ("qemu-nbd", "qemu-utils"),
)


class LocalHost:
    """The checks of this host. `acceleration` is called once per `checks` and may take seconds after a boot of the host."""

    def __init__(
        self,
        data_dir: Path,
        hypervisor: Hypervisor,
        acceleration: Callable[[], KvmProbeResult],
        network: NetworkSettings | None = None,
        accounts: AccountSettings | None = None,
    ) -> None:
        self._layout = Layout(data_dir.resolve())
        self._network = network or NetworkSettings()
        self._accounts = accounts or AccountSettings()
        self._hypervisor = hypervisor
        self._acceleration = acceleration

    def checks(self) -> list[HostCheck]:
        return [
            *(tool_check(program, package) for program, package in TOOLS),
            self._libvirt(),
            _qemu_user(),
            _administrator(),
            self._data_folder(),
            _firmware(),
            trusted_launch(),
            self._kvm(),
            *confinement_checks(self._hypervisor, self._accounts),
            *network_checks(self._layout.network(), self._network),
            self._disk(),
            _memory(),
            _inspection(),
        ]

    def _libvirt(self) -> HostCheck:
        try:
            number = self._hypervisor.connection().getLibVersion()
        except MachineFailed as error:
            cure = "apt-get install libvirt-daemon-system" if shutil.which("libvirtd") is None else error.hint
            return HostCheck(name="libvirt", ok=False, required=True, found=error.message, cure=cure)
        version = f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
        return HostCheck(name="libvirt", ok=True, required=True, found=f"version {version} answers")

    def _data_folder(self) -> HostCheck:
        try:
            self._layout.require_reachable()
        except MachineFailed as error:
            return HostCheck(name="data folder", ok=False, required=True, found=error.message, cure=error.hint)
        return HostCheck(
            name="data folder", ok=True, required=True, found=f"{self._layout.data_dir} can be reached by QEMU"
        )

    def _kvm(self) -> HostCheck:
        finding = self._acceleration() if shutil.which("qemu-system-x86_64") else None
        if finding is not None and finding.acceleration is Acceleration.KVM:
            return HostCheck(name="acceleration", ok=True, required=False, found=f"KVM: {finding.reason}")
        reason = finding.reason if finding is not None else "there is no QEMU to try it with"
        return HostCheck(
            name="acceleration",
            ok=False,
            required=False,
            found=f"software emulation, about ten times slower: {reason}",
            cure="Switch on virtualization (VT-x, AMD-V) in the firmware, or nested virtualization of a virtual host",
        )

    def _disk(self) -> HostCheck:
        folder = next(each for each in (self._layout.data_dir, *self._layout.data_dir.parents) if each.exists())
        free = shutil.disk_usage(folder).free
        return HostCheck(
            name="free disk",
            ok=free >= LEAST_DISK,
            required=False,
            found=f"{gigabytes(free)} GB",
            cure="" if free >= LEAST_DISK else f"Free room under {folder}: at least {gigabytes(LEAST_DISK)} GB",
        )


def tool_check(program: str, package: str) -> HostCheck:
    path = shutil.which(program)
    if path is None:
        return HostCheck(
            name=program, ok=False, required=True, found="not installed", cure=f"apt-get install {package}"
        )
    return HostCheck(name=program, ok=True, required=True, found=path)


def _qemu_user() -> HostCheck:
    user = find_qemu_user()
    return HostCheck(
        name="QEMU's user",
        ok=user is not None,
        required=True,
        found=user or "neither libvirt-qemu nor qemu exists",
        cure="" if user else "apt-get install libvirt-daemon-system",
    )


def _administrator() -> HostCheck:
    """Check for root: libvirt gives disk files to QEMU's user, and only root can read them back for an export."""
    is_root = os.geteuid() == 0
    return HostCheck(
        name="rights",
        ok=is_root,
        required=True,
        found="runs as root" if is_root else f"runs as user number {os.geteuid()}",
        cure="" if is_root else "Run Galeria as root",
    )


def _firmware() -> HostCheck:
    pair = find_firmware()
    return HostCheck(
        name="UEFI firmware",
        ok=pair is not None,
        required=False,
        found=pair[0] if pair else "not installed: no second-generation machines",
        cure="" if pair else "apt-get install ovmf",
    )


def trusted_launch() -> HostCheck:
    """Check what images with the security type TrustedLaunch need, and Windows 11: Secure Boot and a TPM."""
    cures = {
        "no firmware with Secure Boot": "" if find_firmware(secure=True) else "apt-get install ovmf",
        "swtpm is not installed": "" if has_tpm_emulator() else "apt-get install swtpm swtpm-tools",
    }
    missing = {found: cure for found, cure in cures.items() if cure}
    return HostCheck(
        name="trusted launch",
        ok=not missing,
        required=False,
        found="; ".join(missing) or "Secure Boot and a TPM (swtpm) are there",
        cure="; ".join(missing.values()),
    )


def _memory() -> HostCheck:
    available = available_memory(Path("/proc/meminfo").read_text(encoding="ascii"))
    return HostCheck(
        name="free memory",
        ok=available >= LEAST_MEMORY,
        required=False,
        found=f"{gigabytes(available)} GB",
        cure="" if available >= LEAST_MEMORY else "Stop machines or other programs, or add memory",
    )


def _inspection() -> HostCheck:
    """Check what looking into disks needs. Without it everything else works."""
    appliance = find_appliance()
    has_state = appliance is None or find_state(appliance) is not None
    cures = {
        "bubblewrap is not installed": "" if shutil.which("bwrap") else "apt-get install bubblewrap",
        "its small system is not built": "" if appliance else "python -m galeria.guests --appliance",
        "its small system starts anew for each disk": "" if has_state else "python -m galeria.adapters.inspection",
    }
    missing = {found: cure for found, cure in cures.items() if cure}
    found = "; ".join(missing) or "bubblewrap and its small system are there"
    return HostCheck(
        name="look into disks", ok=not missing, required=False, found=found, cure="; ".join(missing.values())
    )


def available_memory(meminfo: str) -> int:
    """Return the bytes that new programs can have, from the line MemAvailable of proc(5)."""
    line = next(line for line in meminfo.splitlines() if line.startswith("MemAvailable:"))
    return int(line.split()[1]) * 1024
