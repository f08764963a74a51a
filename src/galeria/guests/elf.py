"""Reads the few facts that the builder needs from 64-bit little-endian ELF files: libraries and kernel modules.

Layouts are those of the System V ABI (gABI chapters "Object Files" and "Dynamic Linking").
"""

import struct

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

_DT_NEEDED = 1
_SHT_NOBITS = 8


def read_sections(content: bytes) -> dict[str, bytes]:
    """Return the bytes of every named section of an ELF file.

    Raises Invalid where `content` is not 64-bit little-endian ELF.
    """
    if content[:6] != b"\x7fELF\x02\x01":
        raise Invalid(
            Message("This is not a 64-bit little-endian ELF file."), hint=Message("Only amd64 packages can be used.")
        )
    (table,) = struct.unpack_from("<Q", content, 40)
    size, count, names_index = struct.unpack_from("<HHH", content, 58)
    headers = [struct.unpack_from("<IIQQQQ", content, table + size * index) for index in range(count)]
    names = _section_bytes(content, headers[names_index])
    return {_text_at(names, header[0]): _section_bytes(content, header) for header in headers}


def needed_libraries(content: bytes) -> list[str]:
    """Return the file names of the shared libraries that a program or library is linked with (its DT_NEEDED entries)."""
    sections = read_sections(content)
    dynamic, names = sections.get(".dynamic", b""), sections.get(".dynstr", b"")
    entries = struct.iter_unpack("<QQ", dynamic[: len(dynamic) // 16 * 16])
    return [_text_at(names, value) for tag, value in entries if tag == _DT_NEEDED]


def module_dependencies(content: bytes) -> list[str]:
    """Return the kernel modules that must be loaded before this one, from the `depends=` line that modpost wrote."""
    for line in read_sections(content).get(".modinfo", b"").split(b"\0"):
        key, _, value = line.decode(errors="replace").partition("=")
        if key == "depends":
            return [name for name in value.split(",") if name]
    return []


def _section_bytes(content: bytes, header: tuple[int, ...]) -> bytes:
    _, kind, _, _, offset, size = header
    return b"" if kind == _SHT_NOBITS else content[offset : offset + size]


def _text_at(names: bytes, offset: int) -> str:
    return names[offset : names.index(b"\0", offset)].decode()
