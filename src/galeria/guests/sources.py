"""The inputs of a guest image: a kernel, its modules and programs, out of Debian or Ubuntu packages for amd64."""

import logging
from dataclasses import dataclass
from pathlib import Path

from galeria.domain.errors import NotFound, ToolFailed
from galeria.domain.messages import Message
from galeria.guests.packages import choose_package, download_packages, resolve_packages, unpack_packages

log = logging.getLogger(__name__)

# The first is Debian's kernel for virtual machines, the second Ubuntu's.
KERNEL_CANDIDATES = ("linux-image-cloud-amd64", "linux-image-virtual")
GUEST_PACKAGES = (
    "busybox-static",
    "dropbear-bin",
    "libpam-modules",
    "lvm2",
    "qemu-guest-agent",
    "sudo",
    "util-linux",
)
# Ubuntu 22.04 still ships the boot stub inside the systemd package.
STUB_CANDIDATES = ("systemd-boot-efi", "systemd")
STUB = "usr/lib/systemd/boot/efi/linuxx64.efi.stub"


@dataclass(frozen=True, kw_only=True)
class GuestSources:
    """The inputs of a guest image.

    `sysroot` holds the unpacked packages, `kernel` is the vmlinuz file, `modules` the kernel's lib/modules/VERSION.
    """

    sysroot: Path
    kernel: Path
    modules: Path

    @property
    def stub(self) -> Path:
        """The EFI program that a unified kernel image starts with."""
        return self.sysroot / STUB


def get_sources(cache: Path) -> GuestSources:
    """Download what is missing into `cache`, unpack it there and return it.

    Where packages cannot be resolved or downloaded, what an earlier call unpacked is used. About 45 MB are
    downloaded and 160 MB of disk used. Raises ToolFailed or NotFound where there is nothing to fall back to.
    """
    cache.mkdir(parents=True, exist_ok=True)
    try:
        roots = [choose_package(KERNEL_CANDIDATES), choose_package(STUB_CANDIDATES), *GUEST_PACKAGES]
        files = download_packages(resolve_packages(roots), cache)
    except (ToolFailed, NotFound) as error:
        earlier = find_sources(cache)
        if earlier is None:
            raise
        log.warning("using packages of an earlier download: %s", error)
        return earlier
    return open_sources(unpack_packages(files, cache))


def find_sources(cache: Path) -> GuestSources | None:
    """Return what the last call of get_sources unpacked in `cache`, without a network; None where there is nothing."""
    unpacked = sorted(cache.glob("sysroot-*"), key=lambda folder: folder.stat().st_mtime)
    return open_sources(unpacked[-1]) if unpacked else None


def open_sources(sysroot: Path) -> GuestSources:
    """Return the sources in a folder of unpacked packages. Raises NotFound where it holds no kernel."""
    kernels = sorted(sysroot.glob("boot/vmlinuz-*"))
    if not kernels:
        raise NotFound(
            Message("There is no kernel in {sysroot}.", sysroot=str(sysroot)),
            hint=Message("Remove that folder and retry: the packages are fetched again."),
        )
    version = kernels[-1].name.removeprefix("vmlinuz-")
    # Newer packages keep modules under /usr/lib only.
    folders = [sysroot / top / "modules" / version for top in ("lib", "usr/lib")]
    modules = next((folder for folder in folders if folder.is_dir()), None)
    if modules is None:
        raise NotFound(
            Message("There are no modules for kernel {version} in {sysroot}.", version=version, sysroot=str(sysroot)),
            hint=Message("Remove that folder and retry."),
        )
    return GuestSources(sysroot=sysroot, kernel=kernels[-1], modules=modules)
