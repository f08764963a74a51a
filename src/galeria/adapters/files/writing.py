"""Bytes go to disk in the order they come, zeros as holes, and are synced while more arrive."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from galeria.domain.errors import NotFound, OutOfSpace, TooLarge
from galeria.domain.messages import Message

SYNC_EVERY = 64 << 20  # bytes; bounds what a power cut takes, and what the last sync has to wait for
BLOCK = 64 << 10  # bytes; all-zero blocks become holes, so that a fixed VHD occupies what it holds


def write_pieces(descriptor: int, offset: int, data: Iterable[bytes], *, limit: int) -> int:
    """Write `data` from `offset` (the end of the file) on; returns the new end. The caller syncs what came last.

    Raises TooLarge before a byte beyond `limit` is written, OutOfSpace, and NotFound when the file was removed meanwhile:
    bytes in a file without a name would fill the disk unseen.
    """
    end, synced = offset, offset
    with full_disk_told():
        for piece in data:
            if end + len(piece) > limit:
                raise TooLarge(
                    Message("More bytes came than the {limit} that were announced.", limit=limit),
                    hint=Message("Announce the file's real length when you create the upload."),
                )
            end = _write(descriptor, end, piece)
            if os.fstat(descriptor).st_nlink == 0:
                raise NotFound(
                    Message("The upload was removed while it was being received."), hint=Message("Start a new upload.")
                )
            if end - synced >= SYNC_EVERY:
                os.fdatasync(descriptor)
                synced = end
    return end


def sync(descriptor: int) -> None:
    """Everything is on disk, the size too. Raises OutOfSpace: some file systems find the room only now."""
    with full_disk_told():
        os.fsync(descriptor)


@contextmanager
def full_disk_told() -> Iterator[None]:
    """A full disk becomes OutOfSpace; what else fails is left as it is."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise OutOfSpace(
            Message("The disk that keeps uploads is full."),
            hint=Message("What arrived is kept. Ask the administrator to free or add disk space, then continue."),
        ) from error


def _write(descriptor: int, offset: int, piece: bytes) -> int:
    """The file is extended before a hole counts, so that its size always tells how much arrived."""
    end = offset
    for block in _blocks(piece):
        if _is_zero(block):
            end += len(block)
            os.ftruncate(descriptor, end)
            continue
        while block:
            written = os.pwrite(descriptor, block, end)
            end, block = end + written, block[written:]
    return end


def _blocks(piece: bytes) -> Iterator[bytes]:
    return (piece[start : start + BLOCK] for start in range(0, len(piece), BLOCK))


def _is_zero(block: bytes) -> bool:
    return block[0] == 0 and block[-1] == 0 and block == bytes(len(block))
