"""Files that are written page by page at any offset: sparse, synced at every write, and sealed before they are inspected.

Writers share the file's lock and sealing takes it exclusively, so that no byte changes afterwards.
"""

import ctypes
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from galeria.adapters.disks.free_room import keep_margin
from galeria.adapters.files.upload_files import DirectoryUploads
from galeria.adapters.files.writing import translated_full_disk
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.messages import Message

_BLOCK = 64 << 10  # bytes; all-zero blocks stay holes
_PUNCH = 0x03  # fallocate(2): FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
_SEAL_SECONDS = 60.0  # a page has at most 4 MiB, so that its writer ends long before


class DirectoryPages(DirectoryUploads):
    """Implements `PageFiles` in a directory that only Galeria can enter."""

    def prepare(self, file_id: str, size: int) -> None:
        path = self._path(file_id)
        self._ensure_directory(path.parent)
        with translated_full_disk(), self._locked(file_id, fcntl.LOCK_EX, os.O_CREAT) as descriptor:
            os.fchmod(descriptor, stat.S_IRUSR | stat.S_IWUSR)
            if os.fstat(descriptor).st_size != size:
                os.ftruncate(descriptor, size)
            os.fsync(descriptor)

    def write_pages(self, file_id: str, offset: int, data: bytes) -> None:
        with translated_full_disk(), self._writing(file_id) as descriptor:
            keep_margin(descriptor, len(data), self._margin)
            for start in range(0, len(data), _BLOCK):
                block = data[start : start + _BLOCK]
                if block.count(0) == len(block):
                    _clear(descriptor, offset + start, len(block))
                else:
                    _write(descriptor, offset + start, block)
            os.fdatasync(descriptor)

    def clear_pages(self, file_id: str, offset: int, length: int) -> None:
        with translated_full_disk(), self._writing(file_id) as descriptor:
            _clear(descriptor, offset, length)
            os.fdatasync(descriptor)

    def read_pages(self, file_id: str, offset: int, length: int) -> bytes:
        with self._locked(file_id, fcntl.LOCK_SH) as descriptor:
            return os.pread(descriptor, length, offset)

    def written(self, file_id: str) -> list[tuple[int, int]]:
        """Return the written ranges in whole blocks of the file system."""
        found = []
        with self._locked(file_id, fcntl.LOCK_SH) as descriptor, suppress(OSError):
            position = 0
            while True:  # ends with ENXIO: no data behind the position
                start = os.lseek(descriptor, position, os.SEEK_DATA)
                position = os.lseek(descriptor, start, os.SEEK_HOLE)
                found.append((start, position - start))
        return found

    def changed_at(self, file_id: str) -> int:
        try:
            return self._path(file_id).stat().st_mtime_ns
        except FileNotFoundError as error:
            raise _missing(file_id) from error

    def seal(self, file_id: str) -> None:
        with self._locked(file_id, fcntl.LOCK_EX) as descriptor:
            os.fchmod(descriptor, stat.S_IRUSR)
            os.fsync(descriptor)

    @contextmanager
    def _writing(self, file_id: str) -> Iterator[int]:
        with self._locked(file_id, fcntl.LOCK_SH, os.O_RDWR) as descriptor:
            if not os.fstat(descriptor).st_mode & stat.S_IWUSR:
                raise _sealed()
            yield descriptor

    @contextmanager
    def _locked(self, file_id: str, kind: int, flags: int = 0) -> Iterator[int]:
        """Open and lock the file, and close it at the end. Raises NotFound, Conflict."""
        flags |= os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_RDWR if flags & os.O_CREAT else 0)
        try:
            descriptor = os.open(self._path(file_id), flags, 0o600)
        except FileNotFoundError as error:
            raise _missing(file_id) from error
        except PermissionError as error:
            raise _sealed() from error
        try:
            _lock(descriptor, kind)
            yield descriptor
        finally:
            os.close(descriptor)


def _lock(descriptor: int, kind: int) -> None:
    deadline = time.monotonic() + _SEAL_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise Conflict(
                    Message("The file is in use."), hint=Message("Wait for what is under way, then try again.")
                ) from error
        time.sleep(0.01)


def _write(descriptor: int, offset: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _clear(descriptor: int, offset: int, length: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.fallocate(descriptor, _PUNCH, ctypes.c_int64(offset), ctypes.c_int64(length))
    if done == 0:
        os.utime(descriptor)  # clearing a hole changes no block, but the request counts as a change
        return
    if ctypes.get_errno() not in (errno.EOPNOTSUPP, errno.ENOSYS):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    for start in range(offset, offset + length, _BLOCK):  # the file system supports no holes
        _write(descriptor, start, bytes(min(_BLOCK, offset + length - start)))


def _missing(file_id: str) -> NotFound:
    return NotFound(
        Message("There is no file '{file_id}'.", file_id=file_id),
        hint=Message("It was removed meanwhile: begin again."),
    )


def _sealed() -> Conflict:
    return Conflict(
        Message("The file is complete and being stored."),
        hint=Message("Ask for access anew where you want to change it."),
    )
