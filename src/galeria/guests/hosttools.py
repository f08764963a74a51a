"""What the host must have installed to build a guest image, and which of it is missing."""

import shutil
from pathlib import Path

from galeria.programs import program_path

# Programs, or files where the name has a slash, and the Debian or Ubuntu package of each.
HOST_TOOLS = {
    "apt-get": "apt",
    "apt-cache": "apt",
    "dpkg-deb": "dpkg",
    "mcopy": "mtools",
    "mmd": "mtools",
    "mkfs.fat": "dosfstools",
    "mke2fs": "e2fsprogs",
    "debugfs": "e2fsprogs",
    "objcopy": "binutils",
    "syslinux": "syslinux",
    "/usr/lib/syslinux/mbr/mbr.bin": "syslinux-common",
}

HOST_PACKAGES = tuple(sorted(set(HOST_TOOLS.values())))

BIOS_BOOT_CODE = Path("/usr/lib/syslinux/mbr/mbr.bin")


def missing_host_tools() -> list[str]:
    """Return the packages to install before an image can be built; nothing where all are there."""
    return sorted({package for tool, package in HOST_TOOLS.items() if not _is_present(tool)})


def _is_present(tool: str) -> bool:
    if tool.startswith("/"):
        return Path(tool).is_file()
    return shutil.which(tool, path=program_path()) is not None
