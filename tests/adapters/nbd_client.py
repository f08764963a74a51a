"""A client of NBD servers that may break the protocol."""

import socket
import struct

READ, WRITE, DISCONNECT, FLUSH, TRIM = 0, 1, 2, 3, 4


class Client:
    """As much of an NBD client as it takes to say right and wrong things."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        connection.settimeout(20)

    def receive(self, length: int) -> bytes:
        content = b""
        while len(content) < length:
            piece = self._connection.recv(length - len(content))
            if not piece:
                raise ConnectionError
            content += piece
        return content

    def greet(self, option: int = 7, name: str = "") -> int:
        """The size that the server tells."""
        assert self.receive(18) == b"NBDMAGICIHAVEOPT\0\3"
        self._connection.sendall(struct.pack(">I", 3))
        self.option(8)
        assert self.receive(20) == struct.pack(">QIII", 0x3E889045565A9, 8, 0x80000001, 0)
        self.option(option, struct.pack(">I", len(name)) + name.encode() + struct.pack(">H", 0))
        self.receive(20)
        (_, size, _) = struct.unpack(">HQH", self.receive(12))
        self.receive(20)
        return int(size)

    def option(self, number: int, data: bytes = b"") -> None:
        self._connection.sendall(b"IHAVEOPT" + struct.pack(">II", number, len(data)) + data)

    def ask(
        self, command: int, offset: int, length: int, data: bytes = b"", magic: int = 0x25609513
    ) -> tuple[int, bytes]:
        self._connection.sendall(struct.pack(">IHHQQI", magic, 0, command, 7, offset, length) + data)
        reply, error, handle = struct.unpack(">IIQ", self.receive(16))
        assert (reply, handle) == (0x67446698, 7)
        return error, self.receive(length) if command == READ and not error else b""
