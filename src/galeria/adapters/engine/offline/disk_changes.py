"""Changes a stopped machine's disk as a whole or not at all: what is to be written stands in a file before any of it is.

A crash before that file has its name leaves the disk as it was. After it, whoever uses the disk next writes the rest first:
writing the same bytes twice does no harm.
"""

import hashlib
import logging
import os
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from galeria.adapters.engine.disks import sync_path
from galeria.adapters.engine.nbd import NbdClient
from galeria.adapters.engine.nbd_source import open_writable
from galeria.adapters.files.writing import sync, translated_full_disk
from galeria.adapters.inspection.disk_changer import ApplianceDiskChanger
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.messages import Message

log = logging.getLogger(__name__)

_MAGIC = b"galeria disk changes 1\n"
_BLOCK = struct.Struct(">QI")  # the place in bytes from the disk's start, and how many follow

Blocks = tuple[tuple[int, bytes], ...]


def change_disk(pending: Path, top: Path, changes: DiskChanges, changer: ApplianceDiskChanger) -> tuple[str, ...]:
    """Change the disk whose writable file is `top`, and return the names of accounts that were closed.

    `pending` is the file that holds what is to be written. Raises MachineFailed where the disk was left as it was.
    """
    with open_writable(top) as disk, closing(disk.writer()) as writer:
        _finish(pending, writer)
        outcome = changer.work_out(disk, changes)
        _store(pending, outcome.blocks)
        _finish(pending, writer)
    return outcome.closed


def finish_changes(pending: Path, top: Path) -> None:
    """Write what a crash left unwritten. Costs nothing where there is no such thing."""
    if pending.exists():
        log.info("changes of the disk %s are finished after a crash", top)
        with open_writable(top) as disk, closing(disk.writer()) as writer:
            _finish(pending, writer)


def _finish(pending: Path, writer: NbdClient) -> None:
    if not pending.exists():
        return
    for place, content in _load(pending):
        writer.write(place, content)
    writer.flush()
    pending.unlink()
    sync_path(pending.parent)


def _store(pending: Path, blocks: Blocks) -> None:
    unfinished = pending.with_name(pending.name + ".new")
    digest = hashlib.sha256()
    with translated_full_disk(), open(unfinished, "wb", opener=_private) as file:
        for piece in _pieces(blocks):
            digest.update(piece)
            file.write(piece)
        file.write(digest.digest())
        file.flush()
        sync(file.fileno())
    unfinished.replace(pending)
    sync_path(pending.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # it holds the hash of a password, and keys


def _pieces(blocks: Blocks) -> Iterator[bytes]:
    yield _MAGIC
    for place, content in blocks:
        yield _BLOCK.pack(place, len(content))
        yield content


def _load(pending: Path) -> Iterator[tuple[int, bytes]]:
    """Yield what is to be written. Raises MachineFailed for a file that is not as it was stored."""
    content = pending.read_bytes()
    body, digest = content[:-32], content[-32:]
    if not body.startswith(_MAGIC) or hashlib.sha256(body).digest() != digest:
        raise MachineFailed(
            Message("What was to be written to the machine's disk is damaged."),
            hint=Message("Reimage the machine: its disk is then made anew from the image."),
        )
    offset = len(_MAGIC)
    while offset < len(body):
        place, length = _BLOCK.unpack_from(body, offset)
        offset += _BLOCK.size
        yield place, body[offset : offset + length]
        offset += length
