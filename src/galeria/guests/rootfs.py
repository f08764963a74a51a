"""The guest's root file system: programs with exactly the libraries that they need, and the guest's own scripts."""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.guests.elf import needed_libraries
from galeria.guests.guestfiles import file_mode, walk_guest_files
from galeria.guests.modules import KernelModules
from galeria.programs import run

LATE_MODULES = (
    "virtio_net",
    "virtio_console",
    "virtio_rng",
    "virtio_scsi",
    "ata_piix",
    "sr_mod",
    "isofs",
    "button",
    "evdev",
)

_FOLDERS = (
    *("dev", "proc", "sys", "run", "tmp", "mnt", "root", "home", "opt", "etc/dropbear", "etc/sudoers.d"),
    *("var/lib/cloud/data", "var/lib/cloud/instance", "var/log", "var/tmp"),
    *("usr/bin", "usr/sbin", "usr/lib/modules", "usr/lib64"),
)
# Programs and the plug-ins that they open at run time, as paths in the packages.
_PROGRAMS = (
    *("usr/sbin/dropbear", "usr/bin/dropbearkey", "usr/sbin/qemu-ga", "usr/bin/sudo"),
    *("usr/libexec/sudo/sudoers.so", "usr/lib/x86_64-linux-gnu/security/pam_permit.so"),
)
_LIBRARY_FOLDERS = ("usr/lib/x86_64-linux-gnu", "usr/libexec/sudo")
LOADER = "ld-linux-x86-64.so.2"
# Applets that pretend to be a package manager, or that the guest's own script replaces (see files/root).
_LEFT_OUT_APPLETS = frozenset({"busybox", "dpkg", "dpkg-deb", "rpm", "rpm2cpio", "mke2fs", "linuxrc"})
_INIT_APPLETS = frozenset({"init", "halt", "poweroff", "reboot", "getty", "sulogin"})
_LINKS = {
    # Programs of older packages look for their plug-ins under /lib, those of newer ones under /usr/lib.
    **{name: f"usr/{name}" for name in ("bin", "sbin", "lib", "lib64")},
    "etc/mtab": "/proc/self/mounts",
    "etc/resolv.conf": "/run/resolv.conf",
    # Keys lie where dropbear looks for them; programs that expect OpenSSH find them under its folder.
    "etc/ssh": "dropbear",
    "var/run": "/run",
    "usr/bin/bash": "busybox",
}


def build_root_tree(tree: Path, *, sysroot: Path, modules: KernelModules, order: Sequence[str]) -> None:
    """Fill the empty folder `tree`. `order` names the modules to load after the root file system is there."""
    for folder in _FOLDERS:
        (tree / folder).mkdir(parents=True, exist_ok=True)
    (tree / "tmp").chmod(0o1777)
    (tree / "var/tmp").chmod(0o1777)
    (tree / "root").chmod(0o700)
    _add_programs(tree, sysroot)
    _add_modules(tree / "usr/lib/modules", modules, order)
    for name, target in _LINKS.items():
        (tree / name).symlink_to(target)
    for name, content in walk_guest_files("root"):
        _write(tree / name, content, file_mode(name, content))
    _add_applets(tree, sysroot)


def make_root_filesystem(out: Path, tree: Path, *, size_mib: int) -> None:
    """Write an ext4 file system with the contents of `tree`, all owned by root, to the new file `out`."""
    options = "root_owner=0:0,lazy_itable_init=1,lazy_journal_init=1"
    words = ["mke2fs", "-q", "-t", "ext4", "-L", "galeria-root", "-m", "0", "-J", "size=4", "-E", options]
    run([*words, "-d", tree, out, f"{size_mib}M"])
    if os.getuid() != 0:
        # mke2fs keeps the builder's uid, and a setuid sudo that is not root's would be of no use.
        commands = (f'sif "/{path}" {field} 0' for path in _paths_below(tree) for field in ("uid", "gid"))
        run(["debugfs", "-w", "-f", "-", out], input_text="\n".join(commands) + "\n")


def find_in_sysroot(sysroot: Path, path: str) -> Path | None:
    """Return the file at `path` in unpacked packages, with or without the leading `usr`, or None.

    Links that start with a slash are followed within the packages, not on the host.
    """
    for candidate in (path, path.removeprefix("usr/"), f"usr/{path}"):
        file = sysroot / candidate
        if file.is_symlink() and os.readlink(file).startswith("/"):
            file = sysroot / os.readlink(file).lstrip("/")
        if file.is_file():
            return file.resolve()
    return None


def get_in_sysroot(sysroot: Path, path: str) -> Path:
    """Return the file at `path` in unpacked packages, with or without the leading `usr`. Raises NotFound."""
    found = find_in_sysroot(sysroot, path)
    if found is None:
        raise NotFound(
            Message("The packages hold no {path}.", path=path),
            hint=Message("Remove the cache of packages and retry; it is filled again."),
        )
    return found


def collect_libraries(sysroot: Path, programs: Iterable[Path]) -> dict[str, Path]:
    """Return every shared library that `programs` need, directly or indirectly: the path in the guest and the file."""
    found: dict[str, Path] = {}
    waiting = [name for program in programs for name in needed_libraries(program.read_bytes())]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        place, file = find_library(sysroot, name)
        found[place] = file
        waiting += needed_libraries(file.read_bytes())
    return found


def find_library(sysroot: Path, name: str) -> tuple[str, Path]:
    for folder in _LIBRARY_FOLDERS:
        file = find_in_sysroot(sysroot, f"{folder}/{name}")
        if file is not None:
            return f"{folder}/{name}", file
    raise NotFound(
        Message("No package brings the library {name}.", name=name),
        hint=Message("Report it: the guest's package list is incomplete."),
    )


def _add_programs(tree: Path, sysroot: Path) -> None:
    programs = {name: get_in_sysroot(sysroot, name) for name in _PROGRAMS}
    libraries = collect_libraries(sysroot, programs.values())
    loader = {f"usr/lib64/{LOADER}": find_library(sysroot, LOADER)[1]}
    for name, file in {**programs, **libraries, **loader}.items():
        _write(tree / name, file.read_bytes(), 0o755)
    (tree / "usr/bin/sudo").chmod(0o4755)


def _add_modules(folder: Path, modules: KernelModules, order: Sequence[str]) -> None:
    for name in order:
        _write(folder / f"{name}.ko", modules.get_content(name), 0o644)
    (folder / "order").write_text("".join(f"{name}\n" for name in order))


def _add_applets(tree: Path, sysroot: Path) -> None:
    """Add busybox and a link for each of its applets, except where the guest has a program of that name."""
    programs, system_programs = tree / "usr/bin", tree / "usr/sbin"
    busybox = programs / "busybox"
    shutil.copyfile(get_in_sysroot(sysroot, "bin/busybox"), busybox)
    busybox.chmod(0o755)
    own = {file.name for folder in (programs, system_programs) for file in folder.iterdir()}
    for applet in run([busybox, "--list"]).split():
        if applet in _INIT_APPLETS:
            (system_programs / applet).symlink_to("../bin/busybox")
        elif applet not in own and applet not in _LEFT_OUT_APPLETS:
            (programs / applet).symlink_to("busybox")


def _write(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def _paths_below(tree: Path) -> Iterator[Path]:
    return (path.relative_to(tree) for path in sorted(tree.rglob("*")))
