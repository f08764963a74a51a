"""Serves a disk over NBD to the one program at the other end of a socket, and keeps what that writes in memory only.

What was written can be asked for afterwards: nothing reaches the disk itself but by the caller.

The other side may have been taken over by the disk that it reads, so that every number it sends is checked.
"""

import errno
import socket
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing

from galeria.adapters.nbd_replies import (
    CAN_FLUSH,
    FLUSH,
    READ,
    WRITE,
    BrokenRequest,
    receive,
    receive_request,
    reply,
    shake_hands,
)
from galeria.ports.disks import DiskReader, DiskSource

SECTOR = 512
BLOCK = 256 << 10  # bytes read at once and kept: a chunk of the store
KEPT_BLOCKS = 128
WRITTEN_BLOCK = 4096
LARGEST_WRITTEN = 256 << 20  # bytes: the largest journal is replayed in far less


class DiskServer:
    """Serves one disk. What was written is read again, and is gone with the server."""

    def __init__(self, disk: DiskSource) -> None:
        self._disk = disk
        self.size = -(-disk.size // SECTOR) * SECTOR  # a machine sees whole sectors only
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._written: dict[int, bytearray] = {}
        self.read_bytes = 0  # of the disk itself

    def serve(self, connection: socket.socket) -> None:
        """Answer until the other side hangs up, or breaks the protocol. Raises GaleriaError where the disk cannot be read."""
        with connection, closing(self._disk.reader()) as reader:
            try:
                if shake_hands(connection, size=self.size, flags=CAN_FLUSH) is not None:
                    while self._answer(connection, reader):
                        pass
            except (OSError, BrokenRequest):  # it hung up
                return

    def written(self) -> Iterator[tuple[int, bytes]]:
        """Yield what was written, in order: the place in bytes from the disk's start, and the bytes there."""
        run, content, following = 0, bytearray(), -1
        for number in sorted(self._written):
            if content and (number != following or len(content) >= BLOCK):
                yield run, bytes(content)
                content.clear()
            if not content:
                run = number * WRITTEN_BLOCK
            content += self._written[number]
            following = number + 1
        if content:
            yield run, bytes(content)

    def _answer(self, connection: socket.socket, reader: DiskReader) -> bool:
        """Answer one request. Returns False after the last one."""
        request = receive_request(connection)
        if request is None:
            return False
        offset, length = request.offset, request.length
        content = receive(connection, length) if request.command == WRITE else b""
        error, data = 0, b""
        if request.command in (READ, WRITE) and offset + length > self.size:
            error = errno.EINVAL
        elif request.command == READ:
            data = self._read(reader, offset, length)
        elif request.command == WRITE:
            error = 0 if self._write(reader, offset, content) else errno.ENOSPC
        elif request.command != FLUSH:
            error = errno.EINVAL
        connection.sendall(reply(request, error) + data)
        return True

    def _read(self, reader: DiskReader, offset: int, length: int) -> bytes:
        content = bytearray(self._original(reader, offset, length))
        if self._written:
            for number in range(offset // WRITTEN_BLOCK, -(-(offset + length) // WRITTEN_BLOCK)):
                block = self._written.get(number)
                if block is not None:
                    start = number * WRITTEN_BLOCK
                    first, last = max(start, offset), min(start + WRITTEN_BLOCK, offset + length)
                    content[first - offset : last - offset] = block[first - start : last - start]
        return bytes(content)

    def _write(self, reader: DiskReader, offset: int, content: bytes) -> bool:
        """Keep the bytes. Returns False where that would be too many."""
        numbers = range(offset // WRITTEN_BLOCK, -(-(offset + len(content)) // WRITTEN_BLOCK))
        if (len(self._written) + len(numbers)) * WRITTEN_BLOCK > LARGEST_WRITTEN:
            return False
        for number in numbers:
            start = number * WRITTEN_BLOCK
            block = self._written.get(number)
            if block is None:
                length = min(WRITTEN_BLOCK, self.size - start)
                block = self._written[number] = bytearray(self._original(reader, start, length))
            first, last = max(start, offset), min(start + len(block), offset + len(content))
            block[first - start : last - start] = content[first - offset : last - offset]
        return True

    def _original(self, reader: DiskReader, offset: int, length: int) -> bytes:
        pieces = [self._block(reader, number) for number in range(offset // BLOCK, -(-(offset + length) // BLOCK))]
        start = offset % BLOCK
        return b"".join(pieces)[start : start + length]

    def _block(self, reader: DiskReader, number: int) -> bytes:
        """The block of the disk, filled up with zeros behind its end."""
        known = self._kept.get(number)
        if known is not None:
            self._kept.move_to_end(number)
            return known
        start = number * BLOCK
        length = min(BLOCK, self._disk.size - start)
        block = reader.read(start, length) if length > 0 else b""
        self.read_bytes += len(block)
        block = block.ljust(BLOCK, b"\0")
        self._kept[number] = block
        if len(self._kept) > KEPT_BLOCKS:
            self._kept.popitem(last=False)
        return block
