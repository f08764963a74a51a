"""The appliance: a kernel and its first file system, which look into a disk or change it without the host's kernel mounting it.

It is started as a machine of its own for each disk. Its scripts lie in `files/appliance`.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from galeria.guests.cpio import CpioArchive
from galeria.guests.guestfiles import read_guest_file
from galeria.guests.modules import KernelModules
from galeria.guests.rootfs import LOADER, collect_libraries, find_library, get_in_sysroot
from galeria.guests.sources import GuestSources

KERNEL, INITRAMFS = "vmlinuz", "initramfs"
SCRIPTS = ("init", "look", "change")

# What is loaded at once, and by a volume's type where the disk has such a one: loading all of them would take longer than
# the look itself. ext4 is built into the kernels of Debian and Ubuntu.
MODULES = {
    "start": ("virtio_pci", "virtio_console"),
    "disk": ("virtio_blk",),
    "xfs": ("xfs",),
    "btrfs": ("btrfs",),
    "vfat": ("vfat", "nls_cp437", "nls_ascii"),
    "lvm": ("dm_mod",),
}
_FOLDERS = (
    *("bin", "dev", "proc", "sys", "run", "etc", "modules", "tools", "tools/notes"),
    *("lib", "lib64", "lib/x86_64-linux-gnu"),
)


def build_appliance(out: Path, sources: GuestSources, *, init: bytes | None = None) -> None:
    """Write the files `vmlinuz` and `initramfs` into the folder `out`, replacing what is there.

    `init` is what the appliance runs instead of its own script. The same sources give the same bytes.
    """
    out.mkdir(parents=True, exist_ok=True)
    content = _initramfs(sources, init if init is not None else read_guest_file("appliance/init"))
    _write(out / KERNEL, sources.kernel.read_bytes())
    _write(out / INITRAMFS, content)


def _initramfs(sources: GuestSources, init: bytes) -> bytes:
    modules = KernelModules(sources.modules)
    archive = CpioArchive()
    for folder in _FOLDERS:
        archive.add_folder(folder)
    archive.add_character_device("dev/console", major=5, minor=1)
    busybox = get_in_sysroot(sources.sysroot, "bin/busybox").read_bytes()
    archive.add_file("bin/busybox", busybox, mode=0o755)
    archive.add_file("init", init, mode=0o755)
    for name in ("look", "change"):
        archive.add_file(f"tools/{name}", read_guest_file(f"appliance/{name}"))
    _add_programs(archive, sources.sysroot)
    orders = {purpose: modules.load_order(names) for purpose, names in MODULES.items()}
    for name in sorted({name for order in orders.values() for name in order}):
        archive.add_file(f"modules/{name}.ko", modules.get_content(name))
    for purpose, order in orders.items():
        archive.add_file(f"modules/{purpose}", "".join(f"{name}\n" for name in order).encode())
    # Not compressed: without KVM, unpacking would take a second of each look.
    return archive.finish()


def _add_programs(archive: CpioArchive, sysroot: Path) -> None:
    programs = {name: get_in_sysroot(sysroot, f"sbin/{name}") for name in ("lvm", "blkid")}
    for name, file in programs.items():
        archive.add_file(f"bin/{name}", file.read_bytes(), mode=0o755)
    archive.add_file(f"lib64/{LOADER}", find_library(sysroot, LOADER)[1].read_bytes(), mode=0o755)
    for place, file in sorted(collect_libraries(sysroot, programs.values()).items()):
        archive.add_file(f"lib/x86_64-linux-gnu/{Path(place).name}", file.read_bytes(), mode=0o755)


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}-{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.chmod(0o444)
    unfinished.replace(path)


def install_appliance(sources: GuestSources) -> None:
    """Build the appliance where `find_appliance` finds it, and remove those of other releases."""
    folder = installed_appliance()
    build_appliance(folder, sources)
    for other in folder.parent.glob("appliance-*"):
        if other != folder:
            shutil.rmtree(other)


def installed_appliance() -> Path:
    """The folder that `scripts/setup` builds this release's appliance in: within the Python environment.

    Its name changes with all that the appliance is made of, but the packages.
    """
    made_of = [Path(__file__).read_bytes(), *(read_guest_file(f"appliance/{name}") for name in SCRIPTS)]
    digest = hashlib.sha256(b"\0".join(made_of)).hexdigest()[:12]
    return Path(sys.prefix) / "share" / "galeria" / f"appliance-{digest}"


def find_appliance() -> Path | None:
    """Return the folder of this release's appliance; None where it is not built."""
    folder = installed_appliance()
    return folder if (folder / INITRAMFS).is_file() and (folder / KERNEL).is_file() else None
