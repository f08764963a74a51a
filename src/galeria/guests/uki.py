"""Makes a unified kernel image: one EFI program with a kernel, its first file system and its command line.

Rules: the UAPI group's "Unified Kernel Image" specification, and the PE/COFF format for the addresses.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.programs import run

_PE32_PLUS = 0x20B
_PAGE = 0x1000


@dataclass(frozen=True, kw_only=True)
class PlacedSection:
    """A section to add; `address` is absolute, as objcopy expects it."""

    name: str
    content: Path
    address: int


def end_of_image(stub: bytes) -> tuple[int, int]:
    """Return the base address of an EFI program, and the first address after its last section relative to that base.

    Raises Invalid where `stub` is not a 64-bit EFI program.
    """
    header = struct.unpack_from("<I", stub, 0x3C)[0] if len(stub) > 0x40 else 0
    if stub[header : header + 4] != b"PE\0\0" or struct.unpack_from("<H", stub, header + 24)[0] != _PE32_PLUS:
        raise Invalid(
            Message("The boot stub is not a 64-bit EFI program."),
            hint=Message("Fetch the package systemd-boot-efi again."),
        )
    (count,) = struct.unpack_from("<H", stub, header + 6)
    (optional_size,) = struct.unpack_from("<H", stub, header + 20)
    (base,) = struct.unpack_from("<Q", stub, header + 24 + 24)
    table = header + 24 + optional_size
    # Of each 40-byte section header: size in memory at 8, address relative to the base at 12.
    extents = [struct.unpack_from("<II", stub, table + 40 * index + 8) for index in range(count)]
    return base, max((address + size for size, address in extents), default=0)


def place_sections(stub: bytes, parts: Sequence[tuple[str, Path]]) -> list[PlacedSection]:
    """Return addresses for `parts` (name, file), after the stub's own sections, in the given order and on page boundaries."""
    base, end = end_of_image(stub)
    placed: list[PlacedSection] = []
    for name, content in parts:
        start = _page_up(end)
        placed.append(PlacedSection(name=name, content=content, address=base + start))
        end = start + content.stat().st_size
    return placed


def write_unified_kernel(out: Path, *, stub: Path, parts: Sequence[tuple[str, Path]]) -> None:
    """Write `stub` with `parts` added to `out`. The kernel must be the last part: it may be unpacked in place."""
    words: list[str | Path] = ["objcopy"]
    for section in place_sections(stub.read_bytes(), parts):
        words += ["--add-section", f"{section.name}={section.content}"]
        words += ["--change-section-vma", f"{section.name}={section.address:#x}"]
    run([*words, stub, out])


def _page_up(address: int) -> int:
    return -(-address // _PAGE) * _PAGE
