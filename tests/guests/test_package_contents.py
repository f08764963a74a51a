"""Modules and libraries are picked with what they need, whatever the distribution's way of shipping them."""

import lzma
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from galeria.domain.errors import Invalid, NotFound
from galeria.guests.elf import module_dependencies, needed_libraries
from galeria.guests.modules import KernelModules, module_name
from galeria.guests.packages import parse_dependencies, parse_library_names, reachable_packages
from galeria.guests.rootfs import find_in_sysroot

DEPENDS = """dropbear-bin
  Depends: libc6
  Depends: libtommath1
busybox-static
linux-image-virtual
  Depends: linux-image-6.8.0-1-generic
linux-image-6.8.0-1-generic
  PreDepends: kmod
 |Depends: initramfs-tools
  Depends: <linux-initramfs-tool>
    dracut
  Depends: linux-modules-6.8.0-1-generic
libc6
  Depends: libgcc-s1
libtommath1
  Depends: libc6
  Depends: libc6:i386
linux-modules-6.8.0-1-generic
"""


def elf_file(sections: dict[str, bytes]) -> bytes:
    """A 64-bit ELF file that has nothing but named sections."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in [*sections, ".shstrtab"])
    contents = [b"", *sections.values(), names]
    offset, headers, body = 64, b"", b""
    for name, content in zip(["", *sections, ".shstrtab"], contents, strict=True):
        place = names.index(b"\0" + name.encode() + b"\0") + 1 if name else 0
        headers += struct.pack("<IIQQQQ24x", place, 1, 0, 0, offset + len(body), len(content))
        body += content
    head = b"\x7fELF\x02\x01" + bytes(34) + struct.pack("<Q", offset + len(body)) + bytes(10)
    return head + struct.pack("<HHH", 64, len(contents), len(contents) - 1) + body + headers


def kernel_module(*depends: str) -> bytes:
    return elf_file({".modinfo": f"license=GPL\0depends={','.join(depends)}\0name=x\0".encode()})


@pytest.fixture
def modules(tmp_path: Path) -> KernelModules:
    """A kernel with each way of compressing a module; virtio is built in."""
    folder = tmp_path / "kernel"
    folder.mkdir()
    (folder / "virtio_net.ko").write_bytes(kernel_module("net_failover", "virtio"))
    (folder / "net_failover.ko.xz").write_bytes(lzma.compress(kernel_module("failover")))
    (folder / "failover.ko.zst").write_bytes(zstandard.compress(kernel_module()))
    (folder / "virtio-rng.ko").write_bytes(kernel_module("virtio"))
    (tmp_path / "modules.builtin").write_text("kernel/drivers/virtio/virtio.ko\n")
    return KernelModules(tmp_path)


def test_modules_come_after_what_they_depend_on_and_built_in_ones_are_left_out(modules: KernelModules) -> None:
    assert modules.load_order(["virtio_rng", "virtio_net", "virtio"]) == [
        "virtio_rng",
        "failover",
        "net_failover",
        "virtio_net",
    ]


@pytest.mark.parametrize("name", ["virtio_net", "net_failover", "failover"])
def test_a_module_is_unpacked_whatever_its_compression(modules: KernelModules, name: str) -> None:
    assert modules.get_content(name).startswith(b"\x7fELF")


def test_a_module_that_the_kernel_lacks_is_named(modules: KernelModules) -> None:
    with pytest.raises(NotFound, match="floppy"):
        modules.load_order(["virtio_net", "floppy"])


def test_module_names_are_the_kernels_own() -> None:
    assert module_name("virtio-rng.ko.zst") == "virtio_rng"


def test_libraries_are_read_from_the_dynamic_section() -> None:
    names = b"\0libc.so.6\0libz.so.1\0"
    dynamic = struct.pack("<QQQQQQ", 1, 1, 5, 0x1000, 1, 11)
    assert needed_libraries(elf_file({".dynstr": names, ".dynamic": dynamic})) == ["libc.so.6", "libz.so.1"]


@pytest.mark.parametrize("read", [needed_libraries, module_dependencies])
def test_what_is_not_elf_is_refused(read: Callable[[bytes], list[str]]) -> None:
    with pytest.raises(Invalid):
        read(b"#!/bin/sh\n")


def test_only_libraries_and_kernel_parts_of_the_dependencies_are_taken() -> None:
    graph = parse_dependencies(DEPENDS)
    libraries = frozenset({"libc6", "libgcc-s1", "libtommath1"})
    assert reachable_packages(["dropbear-bin", "busybox-static"], graph, libraries) == [
        *("busybox-static", "dropbear-bin", "libc6", "libgcc-s1", "libtommath1")
    ]
    assert reachable_packages(["linux-image-virtual"], graph, libraries) == [
        *("linux-image-6.8.0-1-generic", "linux-image-virtual", "linux-modules-6.8.0-1-generic")
    ]


def test_libraries_are_known_by_their_section_on_debian_and_ubuntu() -> None:
    sections = {"libc6": "libs", "libtommath1": "universe/libs", "kmod": "admin"}
    listing = "\n\n".join(f"Package: {name}\nSection: {section}" for name, section in sections.items())
    assert parse_library_names(listing) == {"libc6", "libtommath1"}


def test_links_in_unpacked_packages_never_lead_to_the_host(tmp_path: Path) -> None:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/libx.so.1").write_bytes(b"x")
    (tmp_path / "usr/lib/libx.so").symlink_to("/usr/lib/libx.so.1")
    assert find_in_sysroot(tmp_path, "lib/libx.so") == (tmp_path / "usr/lib/libx.so.1").resolve()
    assert find_in_sysroot(tmp_path, "lib/liby.so") is None
