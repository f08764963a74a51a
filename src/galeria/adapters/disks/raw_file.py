"""A raw file as a disk source. Holes are zeros, and a window leaves out what is not the guest's, as a fixed VHD's footer."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galeria.domain.errors import NotFound, Unavailable
from galeria.domain.messages import Message
from galeria.domain.units import told_apart
from galeria.ports.disks import Content, DiskReader, Extent


class RawFile:
    """A `DiskSource` over `size` bytes of a file from `offset`. Every reader opens the file again."""

    def __init__(self, path: Path, *, offset: int, size: int) -> None:
        self._path, self._offset, self._size = path, offset, size

    @property
    def size(self) -> int:
        return self._size

    def extents(self) -> Iterator[Extent]:
        """Yield DATA where the file system has blocks, and ZERO in holes. Raises Unavailable."""
        handle = _open(self._path)
        try:
            position = 0
            while position < self._size:
                start = self._seek(handle, position, os.SEEK_DATA)
                if start > position:
                    yield Extent(offset=position, length=start - position, content=Content.ZERO)
                if start < self._size:
                    end = self._seek(handle, start, os.SEEK_HOLE)
                    yield Extent(offset=start, length=end - start, content=Content.DATA)
                    start = end
                position = start
        finally:
            os.close(handle)

    def reader(self) -> "RawFileReader":
        return RawFileReader(self._path, self._offset)

    def _seek(self, handle: int, position: int, whence: int) -> int:
        """Return the next position of that kind within the window, or the window's end where there is none."""
        try:
            found = os.lseek(handle, self._offset + position, whence)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return self._size
            if error.errno == errno.EINVAL:
                # The file system does not report holes: everything counts as data.
                return position if whence == os.SEEK_DATA else self._size
            raise _unreadable(self._path, error) from error
        return min(found - self._offset, self._size)


class RawFileReader(DiskReader):
    def __init__(self, path: Path, offset: int) -> None:
        self._path, self._offset = path, offset
        self._handle = _open(path)

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`. Raises Unavailable where the file cannot be read or is too short."""
        content = bytearray(length)
        self.read_into(offset, memoryview(content))
        return bytes(content)

    def read_into(self, offset: int, target: memoryview) -> None:
        start = self._offset + offset
        while target:
            try:
                count = os.preadv(self._handle, [target], start)
            except OSError as error:
                raise _unreadable(self._path, error) from error
            if not count:
                raise Unavailable(
                    Message("The disk {path} ends at byte {start}.", path=self._path.name, start=start),
                    hint=Message("It was cut while it was read. Check the file, then try again."),
                )
            start, target = start + count, target[count:]

    def close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


@contextmanager
def open_raw_file(path: Path, *, offset: int = 0, size: int | None = None) -> Iterator[RawFile]:
    """Open the disk in a raw file: `size` bytes from `offset`, or up to the file's end. Raises NotFound, Unavailable."""
    handle = _open(path)
    try:
        whole = os.fstat(handle).st_size
    finally:
        os.close(handle)
    end = whole if size is None else offset + size
    if not 0 <= offset <= end <= whole:
        held, wanted = told_apart(whole, end)
        raise Unavailable(
            Message(
                "The disk {path} has {whole}, less than the {end} that it should hold.",
                path=path.name,
                whole=held,
                end=wanted,
            ),
            hint=Message("The file is cut: bring it here again."),
        )
    yield RawFile(path, offset=offset, size=end - offset)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(
            Message("There is no disk {path}.", path=path.name), hint=Message("It may have been removed: start again.")
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        Message("The disk {path} cannot be read: {reason}.", path=path.name, reason=str(error.strerror)),
        hint=Message("Check the host's log for disk errors and the file's permissions, then try again."),
    )
