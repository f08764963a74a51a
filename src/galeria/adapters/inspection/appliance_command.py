"""How QEMU is started for the appliance: the same machine whether it begins with its kernel or goes on from a saved state."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from galeria.adapters.inspection.confinement import ProgramLimits, confined
from galeria.domain.errors import ToolFailed
from galeria.domain.messages import Message
from galeria.guests.appliance import INITRAMFS, KERNEL
from galeria.programs import program_environment

PROGRAM = "qemu-system-x86_64"
MEMORY_MIB = 256
TRANSLATIONS_MIB = 32  # of QEMU's translated code; more makes no look faster (measured)

# Nothing is printed, nobody is waited for, and what goes wrong in the kernel ends the machine. The rest leaves out what takes
# time without KVM and is of no use here.
COMMAND_LINE = (
    "quiet panic=-1 oops=panic softlockup_panic=1 mitigations=off nokaslr no_timer_check random.trust_cpu=on "
    "lsm= audit=0 cryptomgr.notests"
)
SECCOMP = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


def machine_command(appliance: Path, *, disk: str, port: int, more: Sequence[str] = (), words: str = "") -> list[str]:
    """Return QEMU's words for the appliance in a folder, with the block device `disk` and the socket `port` as its only port.

    `words` are added to the kernel's own command line.
    """
    kernel, initramfs = appliance_files(appliance)
    command = [PROGRAM, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    command += ["-sandbox", SECCOMP, "-machine", "pc,usb=off,vmport=off,hpet=off", "-m", str(MEMORY_MIB)]
    # Not KVM: its device stays out of reach of what a stranger's disk might do to QEMU.
    command += ["-accel", f"tcg,tb-size={TRANSLATIONS_MIB}"]
    command += ["-kernel", str(kernel), "-initrd", str(initramfs), "-append", f"{COMMAND_LINE} {words}".strip()]
    command += ["-blockdev", f"node-name=disk,{disk}"]
    command += ["-device", "virtio-blk-pci,drive=disk", "-device", "virtio-serial-pci,max_ports=2"]
    command += ["-chardev", f"socket,id=answer,fd={port}", "-device", "virtserialport,chardev=answer,nr=1"]
    return [*command, *more]


def appliance_files(appliance: Path) -> list[Path]:
    """The kernel and the first file system, by whole paths."""
    folder = appliance.resolve()
    return [folder / KERNEL, folder / INITRAMFS]


def start_confined(
    command: Sequence[str], limits: ProgramLimits, *, readable: Sequence[Path], passing: Sequence[int]
) -> "subprocess.Popen[bytes]":
    """Start QEMU confined, with the file descriptors `passing`. Raises ToolFailed where a program is missing."""
    try:
        return subprocess.Popen(
            confined(command, limits, readable=readable),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,  # a file could not be written to
            pass_fds=tuple(passing),
            env=program_environment(),
        )
    except FileNotFoundError as error:
        raise ToolFailed(
            Message("The program {program} is not installed.", program=str(error.filename)),
            hint=Message("Run 'galeria doctor': it names the package to install."),
        ) from error


def end_machine(process: "subprocess.Popen[bytes]") -> None:
    """End the machine: bubblewrap takes it with itself."""
    process.kill()
    process.wait()
    if process.stderr:
        process.stderr.close()
