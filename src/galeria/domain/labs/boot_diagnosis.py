"""What the end of a machine's console says about why it did not come up, and what to do about it.

The text is the guest's own and may be anything: it is only compared with known phrases, and never repeated in a message.
"""

import re
from dataclasses import dataclass
from re import Pattern

from galeria.domain.messages import Message

_FLAGS = re.IGNORECASE | re.MULTILINE


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """A known end of a start. After one that `is_final` nothing more happens by itself, however long somebody waits."""

    phrases: Pattern[str]
    message: Message
    hint: Message
    is_final: bool = False


def _any(*phrases: str) -> Pattern[str]:
    return re.compile("|".join(f"(?:{phrase})" for phrase in phrases), _FLAGS)


def _prompt(*prompts: str) -> Pattern[str]:
    """Return the pattern of prompts that the text ends with; what has been written after one is no prompt any more."""
    return re.compile(rf"(?:{'|'.join(prompts)})\s*\Z", re.IGNORECASE)


NO_ROOT_DISK = Diagnosis(
    phrases=_any(
        r"^\s*\(initramfs\)",
        r"Gave up waiting for root",
        r"ALERT!.{0,200}does not exist",
        r"dracut(?:-\w+)?(?:\[\d+\])?: .{0,200}(?:Could not boot|does not exist|Starting timeout scripts)",
        r"Entering emergency mode\. Exit the shell to continue",
        r"Unable to mount root fs",
        r"Cannot open root device",
    ),
    message=Message("Its kernel started, but found no disk with its system."),
    hint=Message(
        "The page of its image says which drivers its kernel has for disks. Machines here offer their disk by virtio_blk,"
        " and where that is missing by NVMe, SATA or IDE: where the image comes from, add that driver to its initramfs "
        "(Debian and Ubuntu: a line virtio_blk in /etc/initramfs-tools/modules, then update-initramfs -u -k all; Fedora "
        "and others: dracut --no-hostonly --force --regenerate-all), let /etc/fstab and the boot loader name the disk by "
        "its UUID, and import it again."
    ),
    is_final=True,
)
OUT_OF_MEMORY = Diagnosis(
    phrases=_any(
        r"Out of memory: Kill",
        r"invoked oom-killer",
        r"System is deadlocked on memory",
        r"^error: .{0,100}out of memory",
        r"Initramfs unpacking failed: write error",
    ),
    message=Message("It ran out of memory."),
    hint=Message("Make the lab anew with a larger size of its virtual machines."),
)
PANIC = Diagnosis(
    phrases=_any(r"Kernel panic - not syncing"),
    message=Message("Its kernel stopped with a panic."),
    hint=Message(
        "The lines above the panic on its console say why. Repair it where the image comes from, and import it again."
    ),
    is_final=True,
)
BOOT_LOADER = Diagnosis(
    phrases=_prompt(r"grub rescue>", r"grub>"),
    message=Message("Its boot loader, GRUB, did not find its settings or its kernel."),
    hint=Message(
        "Where the image comes from, install it again on that disk (grub-install, then update-grub or grub2-mkconfig), and "
        "import the disk again, whole."
    ),
    is_final=True,
)
NOTHING_TO_BOOT = Diagnosis(
    phrases=_any(
        r"No bootable device",
        r"not a bootable disk",
        r"No bootable option or device was found",
        r"UEFI Interactive Shell",
        r"Operating system not found",
        r"Missing operating system",
        r"^\s*Shell>\s*\Z",
    ),
    message=Message("Its firmware found nothing to start on its disk."),
    hint=Message(
        "The page of its image says whether a BIOS (V1) or UEFI (V2) starts its disk: choose an image definition of that "
        "generation, or import the disk with the system on it."
    ),
    is_final=True,
)
EMERGENCY_MODE = Diagnosis(
    phrases=_any(
        r"You are in (?:emergency|rescue) mode",
        r"Give root password for maintenance",
        r"Press Enter for maintenance",
        r"Cannot open access to console, the root account is locked",
    ),
    message=Message("It stopped in emergency mode: a disk that it waits for is missing, or a file system is damaged."),
    hint=Message(
        "Where the image comes from, take the disks that only that machine has out of /etc/fstab, or give them the option "
        "nofail; check its file systems (fsck); then import it again."
    ),
    is_final=True,
)
NO_CLOUD_DATA = Diagnosis(
    phrases=_any(r"DataSourceNone"),
    message=Message(
        "Its cloud-init did not find the data of its first start: it may ask only the platforms it comes from."
    ),
    hint=Message(
        "Where the image comes from, write 'datasource_list: [NoCloud, None]' to /etc/cloud/cloud.cfg.d/99-galeria.cfg, run "
        "cloud-init clean, and import it again."
    ),
)
CLOUD_INIT_FAILED = Diagnosis(
    phrases=_any(
        r"Failed to start .{0,80}cloud-init",
        r"cloud-init\[\d+\]: (?:Traceback|.{0,200}\[(?:ERROR|CRITICAL)\])",
        r"cloud-init.{0,200}failed with exit code",
    ),
    message=Message("Its cloud-init failed, so that the account of the lab may be missing."),
    hint=Message(
        "Open its screen; where somebody can sign in, /var/log/cloud-init.log says why. Repair it where the image comes "
        "from, run cloud-init clean, and import it again."
    ),
)
WAITS_FOR_LOGIN = Diagnosis(
    phrases=_prompt(r"login:"),
    message=Message("It has booted, and waits for somebody to sign in on its console."),
    hint=Message(
        "Only the way in from outside is missing. Open its screen, sign in, and look whether its SSH server runs (systemctl "
        "status ssh) and whether it has an address (ip address)."
    ),
)

# The most telling first: a panic follows many of the others, and a prompt may follow any.
KNOWN = (
    NO_ROOT_DISK,
    OUT_OF_MEMORY,
    PANIC,
    BOOT_LOADER,
    NOTHING_TO_BOOT,
    EMERGENCY_MODE,
    NO_CLOUD_DATA,
    CLOUD_INIT_FAILED,
    WAITS_FOR_LOGIN,
)


# What is written when a machine starts once more: what stands before is the end of an earlier start.
_NEW_START = _any(r"^SeaBIOS ", r"^BdsDxe: starting ", r"Welcome to GRUB", r"^Loading Linux ", r"\] Linux version \d")


def find_diagnosis(console: str) -> Diagnosis | None:
    """Returns what the end of the console stands for, None where it has none of the known phrases.

    A machine that asks for a login has come past everything that is final.
    """
    begin = max((each.start() for each in _NEW_START.finditer(console)), default=0)
    last = console[begin:]
    is_up = WAITS_FOR_LOGIN.phrases.search(last) is not None
    return next((each for each in KNOWN if not (is_up and each.is_final) and each.phrases.search(last)), None)
