"""What is found on a disk by looking at it without starting it: system, first-boot programs, accounts, network, boot.

It was said by a disk that a stranger made: whoever shows it may rely on short single lines, and on nothing that they claim.
"""

from dataclasses import dataclass
from enum import StrEnum

from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import EMPTY, Message

LONGEST_NAME = 100  # characters of any text that a disk brings
MOST = 50  # of any list

# The kernel's own names of the drivers by which a machine may reach its disk here, and on the platforms that images come from.
STORAGE_DRIVERS = (
    *("virtio_blk", "virtio_scsi", "nvme", "ahci", "ata_piix"),
    *("hv_storvsc", "vmw_pvscsi", "xen_blkfront"),
)
# The same for network cards.
NETWORK_DRIVERS = ("virtio_net", "e1000e", "e1000", "vmxnet3", "8139cp", "8139too", "hv_netvsc")


class SystemKind(StrEnum):
    """The kind of operating system on a disk."""

    LINUX = "Linux"
    WINDOWS = "Windows"
    UNKNOWN = "unknown"


class InitSystem(StrEnum):
    """The program that starts all others in a Linux system."""

    SYSTEMD = "systemd"
    OPENRC = "OpenRC"
    SYSVINIT = "SysVinit"
    BUSYBOX = "BusyBox"
    OTHER = "other"


class GuestAgent(StrEnum):
    """A program in a guest that takes orders from its host or cloud."""

    QEMU = "qemu-guest-agent"
    AZURE = "walinuxagent"
    HYPERV = "hyperv-daemons"
    VMWARE = "open-vm-tools"


class Firmware(StrEnum):
    """What can start a disk."""

    BIOS = "BIOS"
    UEFI = "UEFI"


@dataclass(frozen=True, kw_only=True)
class CloudInit:
    """The cloud-init of a disk; `data_sources` are the only ones that it asks, none where it finds out by itself."""

    is_enabled: bool = True
    has_run: bool = False  # it knows a machine already, and does most of its work no second time
    data_sources: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SshServer:
    """The SSH server of a disk."""

    name: str  # openssh, dropbear
    has_host_keys: bool
    allows_passwords: bool | None = None  # None: its settings do not say


@dataclass(frozen=True, kw_only=True)
class FoundAccount:
    """An account that somebody can sign in to."""

    name: str
    has_password: bool
    keys: int  # public keys that open it
    is_administrator: bool = False  # root, or in a group that may become root


@dataclass(frozen=True, kw_only=True)
class NetworkFile:
    """A file of the network's settings that names hardware addresses, and so is of no use to another machine."""

    path: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was found on one disk. Lists are sorted and hold at most 50; texts are single lines of at most 100 characters."""

    kind: SystemKind
    distribution: str = ""  # the id in os-release, such as debian
    version: str = ""  # as in os-release, such as 12
    name: str = ""  # for people, such as Debian GNU/Linux 12 (bookworm)
    init: InitSystem | None = None
    file_system: str = ""  # of the root: ext4, xfs, btrfs
    is_on_lvm: bool = False
    was_in_use: bool = False  # the journal had to be replayed: the disk was copied while a machine ran, or it crashed
    is_encrypted: bool = False
    enforces_selinux: bool = False
    root_bytes: int = 0
    free_bytes: int = 0
    cloud_init: CloudInit | None = None
    agents: tuple[GuestAgent, ...] = ()
    ssh: SshServer | None = None
    network_files: tuple[NetworkFile, ...] = ()
    card_name: str = ""  # the only name of a card that the network's settings take; empty where they take any
    accounts: tuple[FoundAccount, ...] = ()
    boot_loader: str = ""  # grub, systemd-boot, syslinux; empty where none is known
    firmware: tuple[Firmware, ...] = ()
    kernel: str = ""  # the newest one that has an initramfs
    # Those of STORAGE_DRIVERS that are built in or in the initramfs; None where that could not be read.
    drivers: tuple[str, ...] | None = None
    network_drivers: tuple[str, ...] | None = None  # those of NETWORK_DRIVERS that the kernel has; None as above
    efi_programs: tuple[str, ...] = ()  # programs for UEFI, as paths on their volume such as EFI/debian/grubx64.efi


@dataclass(frozen=True, kw_only=True)
class Look:
    """The outcome of looking at a disk: what was found, or why it was not looked at; neither where nobody has tried."""

    findings: Findings | None = None
    obstacle: Message = EMPTY


def found_name(text: str) -> str:
    """The text of a disk as it may be kept and shown: one line of at most 100 characters."""
    return foreign_text(text, longest=LONGEST_NAME)
