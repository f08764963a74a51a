"""Makes findings of the appliance's answer: which system, what runs at its first boot, how it is booted and on what.

Accounts and networks stand in `people_files` and `network_files`. Every text comes from the disk, and is cut and cleaned.
"""

import re
from collections.abc import Iterable

from galeria.adapters.inspection.answers import Answer
from galeria.adapters.inspection.card_names import card_name
from galeria.adapters.inspection.network_files import network_files
from galeria.adapters.inspection.people_files import accounts, ssh_server
from galeria.domain.images.findings import (
    LONGEST_NAME,
    MOST,
    NETWORK_DRIVERS,
    STORAGE_DRIVERS,
    CloudInit,
    Findings,
    Firmware,
    GuestAgent,
    InitSystem,
    SystemKind,
    found_name,
)

_WINDOWS = {"ntfs", "BitLocker"}
_ENCRYPTED = {"crypto_LUKS", "BitLocker"}
_ROOTS = {"ext4", "xfs", "btrfs"}
# What the kernel says when it replays a journal, for each of the three.
_REPLAYED = re.compile(r"EXT4-fs \(\S+\): recovery complete|XFS \(\S+\): Ending recovery|BTRFS .*log replay")
_AGENTS = {
    GuestAgent.QEMU: ("usr/sbin/qemu-ga", "usr/bin/qemu-ga"),
    GuestAgent.AZURE: ("usr/sbin/waagent", "usr/bin/waagent"),
    GuestAgent.VMWARE: ("usr/bin/vmtoolsd",),
    GuestAgent.HYPERV: (
        *("usr/sbin/hv_kvp_daemon", "usr/lib/systemd/system/hv-kvp-daemon.service"),
        "lib/systemd/system/hv-kvp-daemon.service",
    ),
}
_LOADERS = {"grub": "grub", "shim": "grub", "systemd-boot": "systemd-boot", "ldlinux": "syslinux"}
_SOURCE_LIST = re.compile(r"^datasource_list\s*:\s*(?:\[([^\]]*)\]|#|$)")


def read_findings(answer: Answer, first_sector: bytes, modules: Iterable[str] | None) -> Findings:
    """Return what the answer says.

    `first_sector` is that of the disk, `modules` the kernel modules of the initramfs that the answer holds, None where
    there is none or it cannot be read.
    """
    volumes = [line.split() for line in answer.note("volumes") if len(line.split()) == 5]
    types = {volume[1] for volume in volumes}
    root = (answer.note("root") or [""])[0].split()
    is_encrypted = bool(types & _ENCRYPTED)
    if len(root) < 2 or root[1] not in _ROOTS:
        kind = SystemKind.WINDOWS if types & _WINDOWS else SystemKind.UNKNOWN
        return Findings(
            kind=kind,
            is_encrypted=is_encrypted,
            firmware=_firmware(answer, first_sector),
            efi_programs=_efi_programs(answer),
        )
    present = set(answer.note("present"))
    release = _release(answer)
    space = _numbers(answer.note("space"))
    return Findings(
        kind=SystemKind.LINUX,
        distribution=release.get("ID", ""),
        version=release.get("VERSION_ID", ""),
        name=release.get("PRETTY_NAME", "") or release.get("NAME", ""),
        init=_init(answer, present),
        file_system=root[1],
        is_on_lvm=root[0].startswith("/dev/mapper/"),
        was_in_use=any(_REPLAYED.search(line) for line in answer.note("log")),
        is_encrypted=is_encrypted,
        enforces_selinux=any(line.strip() == "SELINUX=enforcing" for line in answer.lines("etc/selinux/config")),
        root_bytes=space[0],
        free_bytes=space[1],
        cloud_init=_cloud_init(answer, present),
        agents=tuple(agent for agent, paths in _AGENTS.items() if present & set(paths)),
        ssh=ssh_server(answer, present),
        network_files=network_files(answer),
        card_name=card_name(answer),
        accounts=accounts(answer),
        boot_loader=_boot_loader(answer, present, first_sector),
        firmware=_firmware(answer, first_sector),
        kernel=found_name((answer.note("kernel") or [""])[0]),
        drivers=_drivers(answer, modules),
        network_drivers=_network_drivers(answer),
        efi_programs=_efi_programs(answer),
    )


def _release(answer: Answer) -> dict[str, str]:
    """The fields of os-release(5), which stands in one of two places."""
    lines = answer.lines("etc/os-release") or answer.lines("usr/lib/os-release")
    found: dict[str, str] = {}
    for line in lines[:MOST]:
        name, equals, value = line.strip().partition("=")
        if equals:
            found.setdefault(name, found_name(value.strip("\"'")))
    return found


def _init(answer: Answer, present: set[str]) -> InitSystem | None:
    """The init system: what /sbin/init leads to, else what its files say; None where there is no such program."""
    target = (answer.note("init") or [""])[0].rsplit("/", 1)[-1]
    if target == "systemd":
        return InitSystem.SYSTEMD
    if target == "busybox":
        return InitSystem.BUSYBOX
    if not present & {"sbin/init", "usr/sbin/init"}:
        return None
    if "sbin/openrc-run" in present:
        return InitSystem.OPENRC
    return InitSystem.SYSVINIT if "etc/inittab" in present else InitSystem.OTHER


def _cloud_init(answer: Answer, present: set[str]) -> CloudInit | None:
    if "usr/bin/cloud-init" not in present:
        return None
    sources: list[str] = []
    for name in ("etc/cloud/cloud.cfg", *answer.below("etc/cloud/cloud.cfg.d")):
        sources = _data_sources(answer.lines(name)) or sources  # later files win
    return CloudInit(
        is_enabled="etc/cloud/cloud-init.disabled" not in present,
        has_run="var/lib/cloud/instance" in present,
        data_sources=tuple(sources[:MOST]),
    )


def _data_sources(lines: list[str]) -> list[str]:
    """The last `datasource_list` of a YAML file, in either of the two forms that YAML has for lists."""
    found: list[str] = []
    following = False
    for line in lines:
        match = _SOURCE_LIST.match(line)
        if match:
            found = _words(match.group(1) or "")
            following = match.group(1) is None
        elif following and line.lstrip().startswith("- "):
            found += _words(line.lstrip()[2:])
        elif line.strip() and not line.lstrip().startswith("#"):
            following = False
    return found


def _words(text: str) -> list[str]:
    stripped = (found_name(word.strip(" \t\"'")) for word in text.split("#")[0].split(",")[:MOST])
    return [word for word in stripped if word]


def _boot_loader(answer: Answer, present: set[str], first_sector: bytes) -> str:
    programs = " ".join(answer.note("boot")).lower()
    if present & {"boot/grub/grub.cfg", "boot/grub2/grub.cfg"} or b"GRUB" in first_sector[:440]:
        return "grub"
    if "boot/extlinux/extlinux.conf" in present:
        return "syslinux"
    return next((loader for word, loader in _LOADERS.items() if word in programs), "")


def _firmware(answer: Answer, first_sector: bytes) -> tuple[Firmware, ...]:
    """What can start the disk: a BIOS where its first sector holds a program, UEFI where a FAT volume does."""
    found = []
    if first_sector[510:512] == b"\x55\xaa" and any(first_sector[:440]):
        found.append(Firmware.BIOS)
    if any(line.lower().endswith(".efi") for line in answer.note("boot")):
        found.append(Firmware.UEFI)
    return tuple(found)


def _drivers(answer: Answer, modules: Iterable[str] | None) -> tuple[str, ...] | None:
    if modules is None:
        return None
    names = _built_in(answer) | set(modules)
    return tuple(driver for driver in STORAGE_DRIVERS if driver in names)


def _network_drivers(answer: Answer) -> tuple[str, ...] | None:
    """Network cards are looked for once the root is there, so that any module of the kernel will do."""
    modules = [line for line in answer.note("network") if line]
    if not modules:
        return None
    names = _built_in(answer) | {_module_name(line) for line in modules}
    return tuple(driver for driver in NETWORK_DRIVERS if driver in names)


def _built_in(answer: Answer) -> set[str]:
    kernel = (answer.note("kernel") or [""])[0]
    lines = answer.lines(f"lib/modules/{kernel}/modules.builtin")
    lines += answer.lines(f"usr/lib/modules/{kernel}/modules.builtin")
    return {_module_name(line) for line in lines}


def _module_name(path: str) -> str:
    return path.rsplit("/", 1)[-1].split(".ko")[0].replace("-", "_")


def _efi_programs(answer: Answer) -> tuple[str, ...]:
    """The programs for UEFI on the disk's FAT volumes, each with its path on the volume."""
    lines = [line.removeprefix("/fat/") for line in answer.note("boot") if line.lower().endswith(".efi")]
    return tuple(sorted(found_name(line) for line in lines if len(line) <= LONGEST_NAME)[:MOST])


def _numbers(lines: list[str]) -> tuple[int, int]:
    """The root's bytes and those free for everybody, from a block's size and two counts; 0 where they are missing."""
    words = (lines or [""])[0].split()
    if len(words) != 3 or not all(word.isascii() and word.isdecimal() and len(word) < 19 for word in words):
        return 0, 0
    block, blocks, free = map(int, words)
    return min(block * blocks, 2**62), min(block * free, 2**62)
