"""The server's side of NBD: fixed newstyle handshake and simple replies, which every client understands.

From the protocol document of the NetworkBlockDevice project, doc/proto.md. The client may be a program that a guest has taken
over, so that every number it sends is checked.
"""

import socket
import struct
from dataclasses import dataclass

READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
LARGEST_REQUEST = 32 << 20  # bytes, the most that a server must expect by the protocol

READ_ONLY, CAN_FLUSH, CAN_MULTI_CONNECT = 2, 4, 256
_HAS_FLAGS = 1

_FIXED_NEWSTYLE, _NO_ZEROES = 1, 2
_OPT_ABORT, _OPT_INFO, _OPT_GO = 2, 6, 7
_LARGEST_OPTION = 8192
_REP_ACK, _REP_INFO, _REP_UNSUPPORTED = 1, 3, 0x80000001
_OPTION_REPLY_MAGIC = 0x3E889045565A9
_REQUEST_MAGIC, _REPLY_MAGIC = 0x25609513, 0x67446698
_REQUEST, _REPLY = struct.Struct(">IHHQQI"), struct.Struct(">IIQ")


class BrokenRequest(Exception):
    """The client sent what no honest client sends: the connection ends."""


@dataclass(frozen=True, slots=True)
class NbdRequest:
    """One request of a client. Whether the stretch lies within the disk is for the server to check."""

    command: int
    handle: int
    offset: int  # bytes
    length: int  # bytes


def shake_hands(connection: socket.socket, *, size: int, flags: int) -> str | None:
    """Return the name by which the client has chosen the disk, of `size` bytes, which goes by any name.

    None where the client gives up. Raises BrokenRequest, OSError.
    """
    connection.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", _FIXED_NEWSTYLE | _NO_ZEROES))
    receive(connection, 4)
    while True:
        magic, option, length = struct.unpack(">8sII", receive(connection, 16))
        if magic != b"IHAVEOPT" or length > _LARGEST_OPTION:
            raise BrokenRequest
        wish = receive(connection, length)
        if option in (_OPT_GO, _OPT_INFO):
            facts = struct.pack(">HQH", 0, size, _HAS_FLAGS | flags)
            connection.sendall(_option_reply(option, _REP_INFO, facts) + _option_reply(option, _REP_ACK))
        else:
            connection.sendall(_option_reply(option, _REP_ACK if option == _OPT_ABORT else _REP_UNSUPPORTED))
        if option == _OPT_ABORT:
            return None
        if option == _OPT_GO:
            return _name_in(wish)


def receive_request(connection: socket.socket) -> NbdRequest | None:
    """Return the next request; None where the client says goodbye. The bytes of a write follow.

    Raises BrokenRequest, OSError.
    """
    magic, _, command, handle, offset, length = _REQUEST.unpack(receive(connection, _REQUEST.size))
    if magic != _REQUEST_MAGIC or length > LARGEST_REQUEST:
        raise BrokenRequest
    return None if command == DISCONNECT else NbdRequest(command, handle, offset, length)


def reply(request: NbdRequest, error: int = 0) -> bytes:
    """Return the head of the reply: an `errno`, or 0. The bytes that were read follow it."""
    return _REPLY.pack(_REPLY_MAGIC, error, request.handle)


def receive(connection: socket.socket, length: int) -> bytes:
    """Return exactly `length` bytes. Raises OSError where the other side hangs up before."""
    content = bytearray(length)
    view = memoryview(content)
    while view:
        count = connection.recv_into(view)
        if count == 0:
            raise ConnectionError("the other side hung up")
        view = view[count:]
    return bytes(content)


def _name_in(wish: bytes) -> str:
    """Return the name at the head of an option's data: its length, then so many bytes."""
    end = 4 + int.from_bytes(wish[:4], "big")
    if len(wish) < end:
        raise BrokenRequest
    return wish[4:end].decode(errors="replace")


def _option_reply(option: int, kind: int, data: bytes = b"") -> bytes:
    return struct.pack(">QIII", _OPTION_REPLY_MAGIC, option, kind, len(data)) + data
