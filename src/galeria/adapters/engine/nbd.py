"""An NBD client over a UNIX socket: fixed newstyle handshake, structured replies, metadata contexts.

Source: the protocol document of the NetworkBlockDevice project, doc/proto.md.
"""

import itertools
import socket
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message, verbatim
from galeria.ports.disks import DiskReader

TIMEOUT_SECONDS = 120.0
PIECE = 512 << 10
"""Bytes asked for at once. For larger pieces qemu-nbd takes fresh memory from the kernel each time: 2 GiB cost it 1.4 s
of processor time in pieces of 4 MiB and 0.6 s in these (measured), and smaller ones cost more again here."""

_HELLO = b"NBDMAGICIHAVEOPT"
_OPTION_REPLY_MAGIC = 0x3E889045565A9
_REQUEST_MAGIC = 0x25609513
_SIMPLE_MAGIC = 0x67446698
_STRUCTURED_MAGIC = 0x668E33EF

_FIXED_NEWSTYLE, _NO_ZEROES = 1, 2
_OPT_GO, _OPT_STRUCTURED, _OPT_SET_CONTEXT = 7, 8, 10
_REP_ACK, _REP_INFO, _REP_CONTEXT = 1, 3, 4
_REP_ERROR = 0x80000000
_INFO_EXPORT = 0
_CMD_READ, _CMD_WRITE, _CMD_DISCONNECT, _CMD_FLUSH, _CMD_STATUS = 0, 1, 2, 3, 7
_FLAG_DONE = 1
_REPLY_NONE, _REPLY_DATA, _REPLY_HOLE, _REPLY_STATUS = 0, 1, 2, 5
_REPLY_ERROR = 0x8000

Run = tuple[int, int]
"""Length in bytes, and the flags (or the value) that a context gives this stretch."""


class NbdClient(DiskReader):
    """One connection to an NBD server, used by one thread at a time. Every failure raises Unavailable."""

    def __init__(self, path: Path, *, export: str = "", contexts: Sequence[str] = ()) -> None:
        self.size = 0  # bytes
        self._handles = itertools.count(1)
        self._contexts: dict[int, str] = {}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(TIMEOUT_SECONDS)
        try:
            self._socket.connect(str(path))
            self._shake_hands(export, contexts)
        except (OSError, struct.error) as error:
            self._socket.close()
            raise _broken(verbatim(str(error))) from error
        except Unavailable:
            self._socket.close()
            raise

    def read(self, offset: int, length: int) -> bytes:
        content = bytearray(length)
        self.read_into(offset, memoryview(content))
        return bytes(content)

    def read_into(self, offset: int, target: memoryview) -> None:
        for start in range(0, len(target), PIECE):
            self._read_piece(offset + start, target[start : start + PIECE])

    def write(self, offset: int, content: bytes) -> None:
        """Write the bytes, which last once `flush` has returned."""
        for start in range(0, len(content), PIECE):
            piece = content[start : start + PIECE]
            self._order(_CMD_WRITE, offset + start, piece, len(piece))

    def flush(self) -> None:
        self._order(_CMD_FLUSH, 0, b"", 0)

    def status(self, offset: int, length: int) -> dict[str, list[Run]]:
        """Return the runs of each metadata context from `offset` on. Each list may end before or after `offset` + `length`."""
        answer: dict[str, list[Run]] = {}
        try:
            self._request(_CMD_STATUS, offset, length)
            for kind, payload in self._chunks():
                if kind == _REPLY_STATUS:
                    (number,) = struct.unpack_from(">I", payload)
                    answer[self._contexts[number]] = list(struct.iter_unpack(">II", payload[4:]))
        except (OSError, struct.error, KeyError) as error:
            raise _broken(verbatim(str(error))) from error
        return answer

    def close(self) -> None:
        """Disconnect. Closing twice, or after the server has ended, is no error."""
        try:
            self._request(_CMD_DISCONNECT, 0, 0)
        except OSError:
            pass
        finally:
            self._socket.close()

    def _shake_hands(self, export: str, contexts: Sequence[str]) -> None:
        if self._receive(len(_HELLO)) != _HELLO:
            raise _broken(Message("the server does not speak NBD"))
        (offered,) = struct.unpack(">H", self._receive(2))
        if not offered & _FIXED_NEWSTYLE:
            raise _broken(Message("the server is too old"))
        self._socket.sendall(struct.pack(">I", offered & (_FIXED_NEWSTYLE | _NO_ZEROES)))
        name = export.encode()
        list(self._option(_OPT_STRUCTURED, b""))
        if contexts:
            self._choose_contexts(name, contexts)
        for kind, payload in self._option(_OPT_GO, struct.pack(">I", len(name)) + name + struct.pack(">H", 0)):
            if kind == _REP_INFO and payload[:2] == struct.pack(">H", _INFO_EXPORT):
                self.size, _flags = struct.unpack(">QH", payload[2:12])

    def _choose_contexts(self, name: bytes, contexts: Sequence[str]) -> None:
        request = struct.pack(">I", len(name)) + name + struct.pack(">I", len(contexts))
        for context in contexts:
            request += struct.pack(">I", len(context)) + context.encode()
        for kind, payload in self._option(_OPT_SET_CONTEXT, request):
            if kind == _REP_CONTEXT:
                (number,) = struct.unpack_from(">I", payload)
                self._contexts[number] = payload[4:].decode()
        missing = set(contexts) - set(self._contexts.values())
        if missing:
            raise _broken(Message("the server does not know {missing}", missing=sorted(missing)))

    def _option(self, option: int, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Send one option and yield its replies up to the acknowledgement."""
        self._socket.sendall(b"IHAVEOPT" + struct.pack(">II", option, len(data)) + data)
        while True:
            magic, _option, kind, length = struct.unpack(">QIII", self._receive(20))
            payload = self._receive(length)
            if magic != _OPTION_REPLY_MAGIC or kind & _REP_ERROR:
                raise _broken(Message("option {option} was refused ({kind})", option=option, kind=f"{kind:#x}"))
            if kind == _REP_ACK:
                return
            yield kind, payload

    def _read_piece(self, offset: int, target: memoryview) -> None:
        """Fill `target`."""
        filled = 0
        try:
            self._request(_CMD_READ, offset, len(target))
            for kind, length in self._heads():
                if kind == _REPLY_DATA:
                    (place,) = struct.unpack(">Q", self._receive(8))
                    filled += self._receive_at(place - offset, length - 8, target)
                elif kind == _REPLY_HOLE:
                    place, count = struct.unpack(">QI", self._receive(length))
                    filled += _clear_at(place - offset, count, target)
                else:
                    self._receive(length)
        except (OSError, struct.error) as error:
            raise _broken(verbatim(str(error))) from error
        if filled != len(target):
            raise _broken(Message("{filled} bytes came instead of {count}", filled=filled, count=len(target)))

    def _receive_at(self, start: int, length: int, target: memoryview) -> int:
        """Receive from the socket directly into `target`: a copy in between would hold the GIL and delay other threads."""
        if not 0 <= start <= start + length <= len(target):
            raise _broken(Message("bytes came that were not asked for"))
        self._fill(target[start : start + length])
        return length

    def _request(self, command: int, offset: int, length: int) -> None:
        header = struct.pack(">IHHQQI", _REQUEST_MAGIC, 0, command, next(self._handles), offset, length)
        self._socket.sendall(header)

    def _order(self, command: int, offset: int, content: bytes, length: int) -> None:
        """Send a request whose reply is simple where it succeeds, and either simple or structured where it fails."""
        try:
            self._request(command, offset, length)
            self._socket.sendall(content)
            (magic,) = struct.unpack(">I", self._receive(4))
            if magic != _SIMPLE_MAGIC:
                raise _broken(Message("the server refused it"))
            (code, _handle) = struct.unpack(">IQ", self._receive(12))
        except (OSError, struct.error) as error:
            raise _broken(verbatim(str(error))) from error
        if code:
            raise _broken(Message("error {code} without a structured reply", code=code))

    def _chunks(self) -> Iterator[tuple[int, bytes]]:
        """Yield the kind and payload of each chunk of one structured reply."""
        for kind, length in self._heads():
            yield kind, self._receive(length)

    def _heads(self) -> Iterator[tuple[int, int]]:
        """Yield the kind and length of each chunk of one structured reply. The caller receives its payload before the next one.

        A simple reply can only be an error here.
        """
        while True:
            (magic,) = struct.unpack(">I", self._receive(4))
            if magic == _SIMPLE_MAGIC:
                (code, _handle) = struct.unpack(">IQ", self._receive(12))
                raise _broken(Message("error {code} without a structured reply", code=code))
            if magic != _STRUCTURED_MAGIC:
                raise _broken(Message("the reply makes no sense"))
            flags, kind, _handle, length = struct.unpack(">HHQI", self._receive(16))
            if kind & _REPLY_ERROR:
                payload = self._receive(length)
                raise _broken(
                    Message(
                        "error {code}: {text}",
                        code=struct.unpack_from(">I", payload)[0],
                        text=payload[6:].decode(errors="replace"),
                    )
                )
            if kind != _REPLY_NONE:
                yield kind, length
            if flags & _FLAG_DONE:
                return

    def _receive(self, length: int) -> bytes:
        content = bytearray(length)
        self._fill(memoryview(content))
        return bytes(content)

    def _fill(self, view: memoryview) -> None:
        while view:
            count = self._socket.recv_into(view)
            if count == 0:
                raise _broken(Message("the server hung up"))
            view = view[count:]


def _clear_at(start: int, length: int, target: memoryview) -> int:
    if not 0 <= start <= start + length <= len(target):
        raise _broken(Message("zeros came that were not asked for"))
    target[start : start + length] = bytes(length)
    return length


def _broken(reason: Message) -> Unavailable:
    return Unavailable(
        Message("The disk cannot be read: {reason}.", reason=reason),
        hint=Message("Try again; the log names the program that serves it."),
    )
