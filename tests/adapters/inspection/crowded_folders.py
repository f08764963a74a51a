"""Folders with a million names, as a stranger may make them: an ext4 directory is a file of names, and written as one here.

To make so many files would take longer than all other tests together; each name stands for the same empty file.
"""

import struct
from pathlib import Path

from tests.adapters.inspection.workshop import LINUX, run, write_disk

NAMES = 1_000_000
_BLOCK = 4096
_REGULAR, _FOLDER = 1, 2


def crowded_disk(folder: Path, files: dict[str, bytes], crowded: dict[str, str]) -> Path:
    """Write a disk with these files and folders. `crowded` has a pattern of names for each crowded folder, as `{:x}.yaml`."""
    tree, root = folder / "tree", folder / "root"
    for name in ("etc", "proc", *(str(Path(place).parent) for place in crowded)):
        (tree / name).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
    (tree / "empty").touch()
    for place, pattern in crowded.items():
        (tree / place).write_bytes(b"".join(_blocks(pattern)))
    # Without an index of names and sums of blocks, a directory is only its blocks.
    run(
        "mke2fs",
        "-q",
        "-t",
        "ext4",
        "-b",
        str(_BLOCK),
        "-O",
        "^dir_index,^metadata_csum",
        "-d",
        tree,
        root,
        f"{64 + 32 * len(crowded)}M",
    )
    target = _inode(root, "/empty")
    for place in crowded:
        _make_folder(root, f"/{place}", target)
    write_disk(folder / "disk.raw", [(LINUX, root.read_bytes())])
    return folder / "disk.raw"


def _blocks(pattern: str) -> list[bytes]:
    """The blocks of a directory; the numbers of the files are set by `_make_folder`, once they are known."""
    blocks, block = list[bytes](), bytearray()
    for name in (".", "..", *(pattern.format(number) for number in range(NAMES))):
        entry = _entry(name, _FOLDER if name.startswith(".") and name.strip(".") == "" else _REGULAR)
        if len(block) + len(entry) > _BLOCK:
            blocks.append(_filled(block))
            block = bytearray()
        block += entry
    return [*blocks, _filled(block)]


def _entry(name: str, kind: int) -> bytes:
    encoded = name.encode()
    length = 8 + -(-len(encoded) // 4) * 4
    return struct.pack("<IHBB", 0xFFFFFFFF, length, len(encoded), kind) + encoded.ljust(length - 8, b"\0")


def _filled(block: bytearray) -> bytes:
    """The last entry of a block reaches to its end."""
    place = last = 0
    while place < len(block):
        last, place = place, place + int(struct.unpack_from("<H", block, place + 4)[0])
    struct.pack_into("<H", block, last + 4, _BLOCK - last)
    return bytes(block.ljust(_BLOCK, b"\0"))


def _make_folder(root: Path, place: str, target: int) -> None:
    own, parent = _inode(root, place), _inode(root, str(Path(place).parent))
    content = bytearray(_dumped(root, place))
    content = bytearray(content.replace(struct.pack("<I", 0xFFFFFFFF), struct.pack("<I", target)))
    struct.pack_into("<I", content, 0, own)
    struct.pack_into("<I", content, 12, parent)
    with root.open("r+b") as file:
        for number, block in enumerate(run("debugfs", "-R", f"blocks {place}", root).split()):
            file.seek(int(block) * _BLOCK)
            file.write(content[number * _BLOCK : (number + 1) * _BLOCK])
    run("debugfs", "-w", "-R", f"set_inode_field {place} mode 040755", root)
    run("debugfs", "-w", "-R", f"set_inode_field {place} links_count 2", root)


def _dumped(root: Path, place: str) -> bytes:
    target = root.with_name("dumped")
    run("debugfs", "-R", f"dump {place} {target}", root)
    return target.read_bytes()


def _inode(root: Path, place: str) -> int:
    return int(run("debugfs", "-R", f"stat {place}", root).split()[1])
