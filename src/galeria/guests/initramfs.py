"""The kernel's first file system: busybox, the modules of the boot disk, and a script that finds the real root."""

import gzip
from collections.abc import Sequence

from galeria.guests.cpio import CpioArchive
from galeria.guests.guestfiles import read_guest_file
from galeria.guests.modules import KernelModules

# What the root file system is on; ext4 is built into the kernels of Debian and Ubuntu.
EARLY_MODULES = ("virtio_pci", "virtio_blk")

_FOLDERS = ("bin", "dev", "proc", "sys", "root", "modules")


def build_initramfs(busybox: bytes, modules: KernelModules, order: Sequence[str]) -> bytes:
    """Return a gzip-compressed archive; `order` names the modules to load, dependencies first.

    The same input gives the same bytes.
    """
    archive = CpioArchive()
    for folder in _FOLDERS:
        archive.add_folder(folder)
    archive.add_character_device("dev/console", major=5, minor=1)
    archive.add_file("bin/busybox", busybox, mode=0o755)
    archive.add_file("init", read_guest_file("initramfs/init"), mode=0o755)
    for name in order:
        archive.add_file(f"modules/{name}.ko", modules.get_content(name))
    archive.add_file("modules/order", "".join(f"{name}\n" for name in order).encode())
    return gzip.compress(archive.finish(), 6, mtime=0)
