"""Disks that start by GRUB under a BIOS and under UEFI, partitioned as Azure's Debian images: 14 BIOS boot, 15 ESP, 1 root.

Nothing is mounted on this computer and no loop device is used: the file systems are made from trees, as files.
"""

import errno
import os
import struct
import uuid
from pathlib import Path

from galeria.programs import run
from tests.real_guests.file_systems import make_file_system
from tests.real_guests.logical_volumes import DEVICE, FIRST_BYTE, make_volume_group
from tests.real_guests.trees import kernel_of

SECTOR, MIB = 512, 1 << 20
DISK_MIB = 3 << 10
BIOS_START, ESP_START, ROOT_START = 2048, 6144, 264192  # sectors; the root is last, so that it can grow
ROOT_SECTORS = DISK_MIB * MIB // SECTOR - ROOT_START - 2048  # the second partition table lies behind it
ROOT_TYPE, LVM_TYPE = "0FC63DAF-8483-4772-8E79-3D69D8477DE4", "E6D6D379-F507-44C2-A23C-238F2A3DF928"
MODULES = (
    *("part_gpt", "part_msdos", "ext2", "xfs", "btrfs", "fat", "lvm", "normal", "configfile", "search"),
    *("search_fs_uuid", "search_label", "linux", "serial", "terminal", "echo", "ls", "cat", "boot", "gzio"),
)
GRUB = Path("/usr/lib/grub/i386-pc/boot.img")
# Without KVM, on a busy computer, the kernel would find its timer broken and stop. The rest takes long there, too.
KERNEL_WORDS = "quiet no_timer_check mitigations=off nokaslr audit=0 cryptomgr.notests random.trust_cpu=on"
_KERNEL_BLOCKLIST = 500  # where GRUB's first sector says where the rest of it lies
LOADER = "EFI/debian/grubx64.efi"
FALLBACK_LOADER = "EFI/BOOT/BOOTX64.EFI"


def make_disk(target: Path, tree: Path, work: Path, *, file_system: str, fallback_loader: bool) -> None:
    """Write a raw, sparse disk with the system in `tree`, which is completed by fstab and GRUB's configuration."""
    identifier = str(uuid.uuid4())
    device = DEVICE if file_system == "lvm" else f"UUID={identifier}"
    _configure(tree, device, identifier, file_system="ext4" if file_system == "lvm" else file_system)
    core, loader = _make_loaders(work, identifier)
    esp = _make_esp(work, loader, fallback_loader=fallback_loader)
    _partition(target, root_type=LVM_TYPE if file_system == "lvm" else ROOT_TYPE)
    root, first = work / "root", ROOT_START * SECTOR
    if file_system == "lvm":
        volume_bytes = make_volume_group(target, work, number=1)
        make_file_system(root, tree, kind="ext4", identifier=identifier, size=volume_bytes)
        first += FIRST_BYTE
    else:
        make_file_system(root, tree, kind=file_system, identifier=identifier, size=ROOT_SECTORS * SECTOR)
    with target.open("r+b") as disk:
        for offset, content in ((ESP_START * SECTOR, esp), (first, root)):
            with content.open("rb") as source:
                _copy_data(source.fileno(), disk.fileno(), offset)
        _write_bios_loader(disk.fileno(), core.read_bytes())
    root.unlink()


def _configure(tree: Path, device: str, identifier: str, *, file_system: str) -> None:
    version = kernel_of(tree)
    esp = "LABEL=UEFI /boot/efi vfat umask=0077,nofail 0 2"
    (tree / "etc/fstab").write_text(f"{device} / {file_system} defaults 0 1\n{esp}\n")
    for folder in ("boot/grub", "boot/efi"):
        (tree / folder).mkdir(exist_ok=True)
    (tree / "boot/grub/grub.cfg").write_text(
        "set timeout=0\nserial --unit=0 --speed=115200\nterminal_output console serial\n"
        f"search --no-floppy --fs-uuid --set=root {identifier}\n"
        f"linux /boot/vmlinuz-{version} root={device} ro console=tty0 console=ttyS0,115200 {KERNEL_WORDS}\n"
        f"initrd /boot/initrd.img-{version}\nboot\n"
    )


def _make_loaders(work: Path, identifier: str) -> tuple[Path, Path]:
    """GRUB for the BIOS boot partition, and as an EFI program. Both look for the root by its file system's identifier."""
    configuration = work / "embedded.cfg"
    configuration.write_text(
        f"search --no-floppy --fs-uuid --set=root {identifier}\n"
        "set prefix=($root)/boot/grub\nconfigfile ($root)/boot/grub/grub.cfg\n"
    )
    core, loader = work / "core.img", work / "grub.efi"
    common = ["-c", str(configuration), "-p", "/boot/grub"]
    run(["grub-mkimage", "-O", "i386-pc", "-o", core, *common, "biosdisk", *MODULES])
    run(["grub-mkimage", "-O", "x86_64-efi", "-o", loader, *common, *MODULES, "efi_gop", "all_video"])
    return core, loader


def _make_esp(work: Path, loader: Path, *, fallback_loader: bool) -> Path:
    esp = work / "esp"
    with esp.open("wb") as file:
        file.truncate((ROOT_START - ESP_START) * SECTOR)
    run(["mkfs.fat", "-F", "32", "-n", "UEFI", "-h", str(ESP_START), esp])
    loaders = (LOADER, FALLBACK_LOADER) if fallback_loader else (LOADER,)
    run(["mmd", "-i", esp, "::EFI", *(f"::{name.rpartition('/')[0]}" for name in loaders)])
    for name in loaders:
        run(["mcopy", "-i", esp, loader, f"::{name}"])
    return esp


def _partition(target: Path, *, root_type: str) -> None:
    with target.open("wb") as file:
        file.truncate(DISK_MIB * MIB)
    lines = (
        "label: gpt",
        f"{target}14 : start={BIOS_START}, size={ESP_START - BIOS_START}, type=21686148-6449-6E6F-744E-656564454649",
        f"{target}15 : start={ESP_START}, size={ROOT_START - ESP_START}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
        f"{target}1 : start={ROOT_START}, size={ROOT_SECTORS}, type={root_type}",
    )
    run(["sfdisk", "-q", target], input_text="\n".join(lines) + "\n")


def _write_bios_loader(disk: int, core: bytes) -> None:
    """As grub-install does it: the first sector loads the rest from the BIOS boot partition."""
    boot = bytearray(GRUB.read_bytes()[:440])
    struct.pack_into("<Q", boot, 0x5C, BIOS_START)
    boot[0x66:0x68] = b"\x90\x90"  # any drive, not only one that the BIOS calls the first
    rest = bytearray(core)
    struct.pack_into("<Q", rest, _KERNEL_BLOCKLIST, BIOS_START + 1)
    struct.pack_into("<H", rest, _KERNEL_BLOCKLIST + 8, -(-len(rest) // SECTOR) - 1)
    os.pwrite(disk, boot, 0)
    os.pwrite(disk, rest, BIOS_START * SECTOR)


def _copy_data(source: int, target: int, offset: int) -> None:
    """Copy a sparse file without reading its holes; the target is empty there."""
    position = 0
    while True:
        try:
            position = os.lseek(source, position, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:  # there is no more data
                raise
            return
        end = os.lseek(source, position, os.SEEK_HOLE)
        while position < end:
            piece = os.pread(source, min(4 * MIB, end - position), position)
            position += os.pwrite(target, piece, offset + position)
