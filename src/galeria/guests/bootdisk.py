"""The boot partition: syslinux for a BIOS and a unified kernel image for UEFI, with one kernel and one command line."""

from pathlib import Path

from galeria.guests.guestfiles import read_guest_file
from galeria.guests.partitions import FIRST_SECTOR
from galeria.guests.uki import write_unified_kernel
from galeria.programs import run

_LABEL = "GALERIABOOT"
_SERIAL = "47414C31"


def build_boot_partition(out: Path, *, work: Path, kernel: Path, initramfs: bytes, stub: Path, size_mib: int) -> None:
    """Write a FAT file system of `size_mib` MiB to the new file `out`; `work` is a folder for what goes into it."""
    command_line = read_guest_file("boot/cmdline").strip()
    settings = read_guest_file("boot/syslinux.cfg").replace(b"@CMDLINE@", command_line)
    for name, content in (("initrd", initramfs), ("cmdline", command_line), ("syslinux.cfg", settings)):
        (work / name).write_bytes(content)
    (work / "os-release").write_bytes(read_guest_file("root/etc/os-release"))
    # Without -h syslinux' boot sector would look for its second half from the start of the disk, not of the partition.
    run(["mkfs.fat", "-C", "-n", _LABEL, "-i", _SERIAL, "-h", str(FIRST_SECTOR), out, str(size_mib * 1024)])
    parts = [(".osrel", work / "os-release"), (".cmdline", work / "cmdline"), (".initrd", work / "initrd")]
    write_unified_kernel(work / "uki.efi", stub=stub, parts=[*parts, (".linux", kernel)])
    run(["mmd", "-i", out, "::EFI", "::EFI/BOOT"])
    _copy(out, kernel, "vmlinuz")
    _copy(out, work / "initrd", "initrd")
    _copy(out, work / "syslinux.cfg", "syslinux.cfg")
    _copy(out, work / "uki.efi", "EFI/BOOT/BOOTX64.EFI")
    run(["syslinux", "--install", out])


def _copy(filesystem: Path, source: Path, name: str) -> None:
    run(["mcopy", "-i", filesystem, source, f"::{name}"])
