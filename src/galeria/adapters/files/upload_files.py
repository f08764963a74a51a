"""Uploads as files: one directory per upload, named by its id, so that no name from outside reaches the disk.

The file's size is how much has arrived. A file that was inspected is sealed: nobody writes to it again, so that the result
stays true until it is read.
"""

import fcntl
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.files.inspection import inspect_file
from galeria.adapters.files.writing import sync, write_pieces
from galeria.domain.disk_margin import NO_MARGIN, DiskMargin
from galeria.domain.errors import Conflict, GaleriaError, Invalid, NotFound, OutOfSpace
from galeria.domain.messages import Message
from galeria.ports.disks import OpenDisk
from galeria.ports.files import FileFacts, Zeros

MAX_VIRTUAL_SIZE = 2 << 40  # bytes; Azure's limit for OS disk images as well
_ID = re.compile(r"[0-9a-f]{8,64}")
_NAME = "file"
_RAW = ("raw", "vhd")


class DirectoryUploads:
    """Implements `UploadFiles` in a directory that only Galeria can enter.

    `open_image(path, format)` opens a file in one of QEMU's formats; the engine's adapter provides it.
    """

    def __init__(
        self,
        folder: Path,
        open_image: Callable[[Path, str], OpenDisk],
        *,
        max_virtual_size: int = MAX_VIRTUAL_SIZE,
        margin: DiskMargin = NO_MARGIN,
    ) -> None:
        self._folder = folder
        self._open_image = open_image
        self._max_virtual_size = max_virtual_size
        self._margin = margin

    def append(self, upload_id: str, offset: int, data: Iterable[bytes | Zeros], *, limit: int) -> int:
        """Append `data` at `offset` and return the new size; see the port.

        Raises Conflict where `offset` is not the end of the file (code OffsetMismatch), where another request writes (code
        UploadBusy), or where the file is sealed.

        A GaleriaError from `data` means that its bytes are wrong, for instance by their checksum: they are removed again.
        So are bytes beyond `limit`, with all that came with them. However else `data` ends, what arrived is kept.
        """
        path = self._path(upload_id)
        try:
            self._ensure_directory(path.parent)
            with _writer(path) as descriptor:
                return _append(descriptor, offset, data, limit=limit, margin=self._margin)
        except FileNotFoundError as error:  # removed meanwhile
            raise _missing(upload_id) from error

    def size(self, upload_id: str) -> int:
        """Return the size after syncing the file, so that the reported bytes survive a power cut."""
        try:
            descriptor = os.open(self._path(upload_id), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return 0
        try:
            os.fsync(descriptor)
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def inspect(self, upload_id: str) -> FileFacts:
        """Seal and inspect the file; see the port. Raises NotFound, and Conflict while it is still being written."""
        path = self._path(upload_id)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with _locked(descriptor, fcntl.LOCK_SH):
                os.fchmod(descriptor, stat.S_IRUSR)
            return inspect_file(path, max_virtual_size=self._max_virtual_size)
        except FileNotFoundError as error:
            raise _missing(upload_id) from error

    def open(self, upload_id: str, facts: FileFacts) -> OpenDisk:
        path = self._path(upload_id)
        try:
            found = path.stat()
        except FileNotFoundError as error:
            raise _missing(upload_id) from error
        if found.st_size != facts.file_size or found.st_mode & stat.S_IWUSR:
            raise Conflict(Message("The file is not the one that was inspected."), hint=Message("Upload it again."))
        if facts.format in _RAW:
            return open_raw_file(path, size=facts.virtual_size)  # leaves out a fixed VHD's footer
        return self._open_image(path, facts.format)

    def remove(self, upload_id: str) -> None:
        """Remove the file. May be repeated. A request that still writes notices, and ends with NotFound."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._path(upload_id).parent)

    def all(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return sorted(entry.name for entry in self._folder.iterdir() if _ID.fullmatch(entry.name))

    def _path(self, upload_id: str) -> Path:
        if not _ID.fullmatch(upload_id):
            raise Invalid(
                Message("That is no upload's id."),
                hint=Message("Use the address that was given when the upload was made."),
            )
        return self._folder / upload_id / _NAME

    def _ensure_directory(self, directory: Path) -> None:
        """Create the directory and sync its name to disk, before any byte is reported as stored."""
        if directory.is_dir():
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        _sync_directory(self._folder)


def _append(descriptor: int, offset: int, data: Iterable[bytes | Zeros], *, limit: int, margin: DiskMargin) -> int:
    size = os.fstat(descriptor).st_size
    if size != offset:
        raise Conflict(
            Message("The upload has {size} bytes, but the next piece begins at {offset}.", size=size, offset=offset),
            hint=Message("Ask for the offset (HEAD) and continue there."),
            code="OffsetMismatch",
        )
    try:
        return write_pieces(descriptor, offset, data, limit=limit, margin=margin)
    except OutOfSpace:
        raise
    except GaleriaError:
        os.ftruncate(descriptor, offset)
        raise
    finally:
        sync(descriptor)


def _missing(upload_id: str) -> NotFound:
    return NotFound(
        Message("There is no file for upload '{upload_id}'.", upload_id=upload_id),
        hint=Message("Upload the file again."),
    )


@contextmanager
def _writer(path: Path) -> Iterator[int]:
    """Open the file, create it where it is missing, and lock it for one writer. Raises Conflict where it is sealed."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except PermissionError as error:
        raise _sealed() from error
    with _locked(descriptor, fcntl.LOCK_EX):
        found = os.fstat(descriptor)
        if not found.st_mode & stat.S_IWUSR:  # root could open it in spite of its mode
            raise _sealed()
        if found.st_size == 0:
            _sync_directory(path.parent)
        yield descriptor


@contextmanager
def _locked(descriptor: int, kind: int) -> Iterator[None]:
    """Lock the file exclusively or shared, and close it at the end. Raises Conflict at once where the lock is taken."""
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                Message("Another request is sending this file just now."),
                hint=Message("Wait until it has ended, ask for the offset (HEAD) and continue there."),
                code="UploadBusy",
            ) from error
        yield
    finally:
        os.close(descriptor)


def _sealed() -> Conflict:
    return Conflict(Message("The file is complete and being made into an image."), hint=Message("Start a new upload."))


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
