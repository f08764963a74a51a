"""Find out which acceleration this host really has: KVM only where a kernel starts under it in time.

On some hosts /dev/kvm opens, capability calls succeed and tiny firmware runs, while kernels hardly proceed. The probe
therefore waits for a kernel's first output. Measured on such a host: 0.5 s under emulation, none within 60 s under "KVM".
"""

import json
import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from galeria.domain.errors import ToolFailed
from galeria.guests.appliance import KERNEL, find_appliance
from galeria.ports.machines import Acceleration
from galeria.programs import run

log = logging.getLogger(__name__)

KERNEL_WORDS = b"Linux version"
KERNEL_SECONDS = 6.0


@dataclass(frozen=True, kw_only=True, slots=True)
class KvmProbeResult:
    acceleration: Acceleration
    reason: str  # for people


_UNTRIED = KvmProbeResult(
    acceleration=Acceleration.TCG,
    reason="there is no kernel to try KVM with. 'python -m galeria.guests --appliance' brings one",
)


def find_acceleration(memory: Path, *, kernel: Path | None = None, device: Path = Path("/dev/kvm")) -> KvmProbeResult:
    """Probe the host, or read from the file `memory` what was found since the host's boot.

    Without a kernel to try it is software emulation, and that is not remembered: a boot sector proves nothing, see above.
    """
    if not device.exists():
        return KvmProbeResult(acceleration=Acceleration.TCG, reason=f"{device} does not exist")
    if not os.access(device, os.R_OK | os.W_OK):
        return KvmProbeResult(acceleration=Acceleration.TCG, reason=f"this user may not open {device}")
    recalled = _find_recalled(memory)
    if recalled is not None:
        return recalled
    kernel = kernel or find_kernel()
    if kernel is None:
        return _UNTRIED
    finding = _probe(kernel)
    log.info("acceleration: %s, because %s", finding.acceleration.value, finding.reason)
    _remember(memory, finding)
    return finding


def find_kernel(folder: Path = Path("/boot")) -> Path | None:
    """Return the newest readable kernel of the host, else the one that looks into disks; None where there is neither."""
    kernels = [path for path in folder.glob("vmlinuz-*") if os.access(path, os.R_OK)]
    appliance = find_appliance()
    return max(kernels, key=lambda path: path.stat().st_mtime, default=appliance and appliance / KERNEL)


def _probe(kernel: Path) -> KvmProbeResult:
    works = starts_kernel("kvm", kernel, seconds=KERNEL_SECONDS)
    what = f"a kernel {'started' if works else 'did not start'} under KVM within {KERNEL_SECONDS:.0f} s"
    return KvmProbeResult(acceleration=Acceleration.KVM if works else Acceleration.TCG, reason=what)


def starts_kernel(accelerator: str, kernel: Path, *, seconds: float) -> bool:
    """Return whether the kernel prints its first line in time. It then panics without a disk, which ends QEMU."""
    words = "console=ttyS0 earlyprintk=serial panic=-1 nokaslr"
    return KERNEL_WORDS in _serial_output(accelerator, ["-m", "128", "-kernel", str(kernel), "-append", words], seconds)


def _serial_output(accelerator: str, guest: list[str], seconds: float) -> bytes:
    """Return what a guest printed on its serial port until it ended or the time was up."""
    with tempfile.TemporaryDirectory(prefix="galeria-probe-") as folder:
        serial = Path(folder) / "serial"
        command = ["qemu-system-x86_64", "-machine", f"pc,accel={accelerator}", "-nodefaults", "-display", "none"]
        try:
            run([*command, "-no-reboot", "-serial", f"file:{serial}", *guest], timeout=seconds)
        except ToolFailed as error:
            log.debug("probe under %s: %s", accelerator, error)
        return serial.read_bytes() if serial.exists() else b""


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _find_recalled(memory: Path) -> KvmProbeResult | None:
    try:
        record = json.loads(memory.read_text(encoding="utf-8"))
        if record["boot_id"] != _boot_id():
            return None
        return KvmProbeResult(acceleration=Acceleration(record["acceleration"]), reason=record["reason"])
    except (OSError, ValueError, KeyError):
        return None


def _remember(memory: Path, finding: KvmProbeResult) -> None:
    record = {"boot_id": _boot_id(), "acceleration": finding.acceleration.value, "reason": finding.reason}
    memory.parent.mkdir(parents=True, exist_ok=True)
    unfinished = memory.with_suffix(".new")
    unfinished.write_text(json.dumps(record), encoding="utf-8")
    unfinished.replace(memory)
