"""Write bytes to disk in order, zeros as holes, and sync them while more arrive."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from galeria.adapters.disks.free_room import keep_margin
from galeria.domain.disk_margin import DiskMargin
from galeria.domain.errors import NotFound, OutOfSpace, TooLarge
from galeria.domain.messages import Message
from galeria.domain.units import readable
from galeria.ports.files import Zeros

SYNC_EVERY = 64 << 20  # bytes; limits what a power cut loses, and how long the last sync takes
BLOCK = 64 << 10  # bytes; all-zero blocks become holes, so that a fixed VHD uses only the space of its data

_FULL = Message("The disk that keeps uploads is full.")


def write_pieces(descriptor: int, offset: int, data: Iterable[bytes | Zeros], *, limit: int, margin: DiskMargin) -> int:
    """Write `data` from `offset`, the end of the file, and return the new end. The caller syncs the last bytes.

    Raises TooLarge before a byte beyond `limit` is written, OutOfSpace before the disk's margin is touched, and NotFound when
    the file was removed meanwhile: bytes in a file without a name would fill the disk unseen.
    """
    end, synced = offset, offset
    with translated_full_disk():
        for piece in data:
            length = piece.length if isinstance(piece, Zeros) else len(piece)
            if end + length > limit:
                raise TooLarge(
                    Message("More came than the {limit} that were announced.", limit=readable(limit)),
                    hint=Message("Announce the file's real length when you create the upload."),
                )
            if isinstance(piece, Zeros):
                end += length
                os.ftruncate(descriptor, end)
            else:
                keep_margin(descriptor, length, margin)
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
    """Sync the file with its size to disk. Raises OutOfSpace: some file systems allocate the blocks only now."""
    with translated_full_disk():
        os.fsync(descriptor)


@contextmanager
def translated_full_disk(message: Message = _FULL) -> Iterator[None]:
    """Translate a full disk into OutOfSpace with the message. Other errors stay as they are."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise OutOfSpace(
            message,
            hint=Message("What arrived is kept. An administrator can free or add disk space; then continue."),
        ) from error


def _write(descriptor: int, offset: int, piece: bytes) -> int:
    """Write one piece. The file is extended before a hole is left, so that its size is always how much has arrived."""
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
