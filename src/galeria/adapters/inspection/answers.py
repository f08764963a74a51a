"""Reads the appliance's answer: tar archives behind one another, and the word "end".

Whoever made the disk may have made the answer. So only what is needed of the format is read (plain files and second names of
them, in the form of POSIX.1-1988 ustar and GNU tar), every number is checked, and anything else ends the reading.
"""

import os
from dataclasses import dataclass, field
from typing import IO

from galeria.domain.errors import ToolFailed
from galeria.domain.messages import Message

SMALL = 64 << 10  # bytes of one file that is kept
MOST_FILES = 500
NOTES = "notes/"
END = b"end\n"
BLOCK = 512  # bytes
_INITRAMFS = "boot/init"

_FILE, _HARD_LINK, _FOLDER = b"0", b"1", b"5"


@dataclass(kw_only=True, slots=True)
class Answer:
    """The appliance's own notes and the disk's files by name; of the initramfs the name and its place in the answer."""

    notes: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    initramfs: str = ""
    initramfs_offset: int = 0
    initramfs_size: int = 0

    def note(self, name: str) -> list[str]:
        """Return the lines of a note; none where it is missing."""
        return _lines(self.notes[name]) if name in self.notes else []

    def lines(self, name: str) -> list[str]:
        """Return the lines of a file of the disk; none where it was not sent."""
        return _lines(self.files[name]) if name in self.files else []

    def below(self, folder: str) -> list[str]:
        """Return the names of the disk's files directly in a folder, sorted."""
        start = folder + "/"
        return sorted(name for name in self.files if name.startswith(start) and "/" not in name[len(start) :])


def read_answer(content: IO[bytes]) -> Answer:
    """Read the answer from its start. Raises ToolFailed where it is cut off or makes no sense."""
    size = os.fstat(content.fileno()).st_size
    answer, known = Answer(), 0
    while True:
        header = content.read(BLOCK)
        if header == END:
            return answer
        if len(header) < BLOCK:
            raise ToolFailed(
                Message("The machine that looks into disks broke off: a file system on the disk may be damaged."),
                hint=Message("The image can be used all the same."),
            )
        if header.count(0) == BLOCK:
            continue
        known += 1
        if known > MOST_FILES:
            raise _senseless()
        _take(answer, content, header, size)


def _take(answer: Answer, content: IO[bytes], header: bytes, size: int) -> None:
    name, kind, length = _read_header(header)
    start = content.tell()
    if start + length > size:
        raise _senseless()
    if kind == _HARD_LINK:
        target = _text(header[157:257])
        if target in answer.files:
            answer.files[name] = answer.files[target]
    elif kind == _FILE and name.startswith(NOTES):
        answer.notes[name.removeprefix(NOTES)] = content.read(min(length, SMALL))
    elif kind == _FILE and name.startswith(_INITRAMFS):
        answer.initramfs, answer.initramfs_offset, answer.initramfs_size = name, start, length
    elif kind == _FILE and length <= SMALL:
        answer.files[name] = content.read(length)
    content.seek(start + -(-length // BLOCK) * BLOCK)


def _read_header(header: bytes) -> tuple[str, bytes, int]:
    """Return name, kind and length in bytes. Raises ToolFailed."""
    try:
        expected, length = int(header[148:156].strip(b"\0 "), 8), int(header[124:136].strip(b"\0 "), 8)
    except ValueError:
        raise _senseless() from None
    summed = sum(header[:148]) + sum(b" " * 8) + sum(header[156:])
    kind = header[156:157]
    if summed != expected or header[257:262] != b"ustar" or length < 0 or kind not in (_FILE, _HARD_LINK, _FOLDER):
        raise _senseless()
    return _text(header[:100]), kind, length if kind == _FILE else 0


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("ascii", errors="replace")


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", errors="replace").split("\n")


def _senseless() -> ToolFailed:
    return ToolFailed(
        Message("The answer of the machine that looks into disks makes no sense."),
        hint=Message("The image can be used all the same."),
    )
