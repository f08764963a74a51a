"""Writes cpio archives of the "newc" kind, which the kernel unpacks as its first file system.

The format is that of the kernel's Documentation/driver-api/early-userspace/buffer-format.rst. Writing it here
rather than with cpio(1) lets a plain user put device nodes in.
"""

import stat

_TRAILER = "TRAILER!!!"


class CpioArchive:
    """An archive in the making. Folders must be added before what lies in them."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._entries = 0

    def add_folder(self, name: str) -> None:
        self._add(name, stat.S_IFDIR | 0o755)

    def add_file(self, name: str, content: bytes, *, mode: int = 0o644) -> None:
        self._add(name, stat.S_IFREG | mode, content)

    def add_character_device(self, name: str, *, major: int, minor: int) -> None:
        self._add(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def finish(self) -> bytes:
        """Return the whole archive with its closing entry. Nothing may be added afterwards."""
        self._add(_TRAILER, 0)
        return bytes(self._bytes)

    def _add(self, name: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        self._entries += 1
        encoded = name.encode() + b"\0"
        # inode, mode, uid, gid, links, mtime, size, major, minor of the file system, of the device, name size, checksum
        fields = (self._entries, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0)
        self._bytes += b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        self._pad()
        self._bytes += content
        self._pad()

    def _pad(self) -> None:
        self._bytes += bytes(-len(self._bytes) % 4)
