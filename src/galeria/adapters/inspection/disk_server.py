"""Serves a disk over NBD to the one program at the other end of a socket, and keeps what that writes in memory only.

What was written can be asked for afterwards: nothing reaches the disk itself but by the caller.

Fixed newstyle handshake and simple replies, from the protocol document of the NetworkBlockDevice project, doc/proto.md. The
other side may have been taken over by the disk that it reads, so that every number it sends is checked.
"""

import errno
import socket
import struct
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing

from galeria.ports.disks import DiskReader, DiskSource

SECTOR = 512
BLOCK = 256 << 10  # bytes read at once and kept: a chunk of the store
KEPT_BLOCKS = 128
WRITTEN_BLOCK = 4096
LARGEST_WRITTEN = 256 << 20  # bytes: the largest journal is replayed in far less
LARGEST_REQUEST = 32 << 20  # bytes, the most that a server must expect by the protocol

_FIXED_NEWSTYLE, _NO_ZEROES = 1, 2
_OPT_ABORT, _OPT_INFO, _OPT_GO = 2, 6, 7
_LARGEST_OPTION = 8192
_REP_ACK, _REP_INFO, _REP_UNSUPPORTED = 1, 3, 0x80000001
_OPTION_REPLY_MAGIC = 0x3E889045565A9
_HAS_FLAGS, _CAN_FLUSH = 1, 4
_REQUEST_MAGIC, _REPLY_MAGIC = 0x25609513, 0x67446698
_READ, _WRITE, _DISCONNECT, _FLUSH = 0, 1, 2, 3


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
                if self._shake_hands(connection):
                    while self._answer(connection, reader):
                        pass
            except (OSError, struct.error):  # it hung up
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

    def _shake_hands(self, connection: socket.socket) -> bool:
        """Return whether the disk was chosen; False where the other side gives up or makes no sense."""
        connection.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", _FIXED_NEWSTYLE | _NO_ZEROES))
        _receive(connection, 4)
        while True:
            magic, option, length = struct.unpack(">8sII", _receive(connection, 16))
            if magic != b"IHAVEOPT" or length > _LARGEST_OPTION:
                return False
            _receive(connection, length)
            if option in (_OPT_GO, _OPT_INFO):
                facts = struct.pack(">HQH", 0, self.size, _HAS_FLAGS | _CAN_FLUSH)
                connection.sendall(_option_reply(option, _REP_INFO, facts) + _option_reply(option, _REP_ACK))
            else:
                connection.sendall(_option_reply(option, _REP_ACK if option == _OPT_ABORT else _REP_UNSUPPORTED))
            if option in (_OPT_GO, _OPT_ABORT):
                return bool(option == _OPT_GO)

    def _answer(self, connection: socket.socket, reader: DiskReader) -> bool:
        """Answer one request. Returns False after the last one, or after one that no honest client sends."""
        magic, _, command, handle, offset, length = struct.unpack(">IHHQQI", _receive(connection, 28))
        if magic != _REQUEST_MAGIC or command == _DISCONNECT or length > LARGEST_REQUEST:
            return False
        content = _receive(connection, length) if command == _WRITE else b""
        error, data = 0, b""
        if command in (_READ, _WRITE) and offset + length > self.size:
            error = errno.EINVAL
        elif command == _READ:
            data = self._read(reader, offset, length)
        elif command == _WRITE:
            error = 0 if self._write(reader, offset, content) else errno.ENOSPC
        elif command != _FLUSH:
            error = errno.EINVAL
        connection.sendall(struct.pack(">IIQ", _REPLY_MAGIC, error, handle) + data)
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


def _option_reply(option: int, kind: int, data: bytes = b"") -> bytes:
    return struct.pack(">QIII", _OPTION_REPLY_MAGIC, option, kind, len(data)) + data


def _receive(connection: socket.socket, length: int) -> bytes:
    content = bytearray(length)
    view = memoryview(content)
    while view:
        count = connection.recv_into(view)
        if count == 0:
            raise ConnectionError("the other side hung up")
        view = view[count:]
    return bytes(content)
