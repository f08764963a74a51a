"""Serve a fake screen to viewers with RFB 3.8 (RFC 6143), without a password and with raw pixels only."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from galeria.adapters.fakes.screen import HEIGHT, PALETTE, WIDTH, FakeScreen

NAME = b"fake machine"
_VERSION = b"RFB 003.008\n"
_NO_PASSWORD = 1
_LONGEST_CUT = 1 << 20  # bytes


@dataclass(frozen=True, kw_only=True)
class PixelFormat:
    """A viewer's pixel format. Shifts and largest values are for red, green and blue."""

    bits: int = 32
    is_big_endian: bool = False
    largest: tuple[int, int, int] = (255, 255, 255)
    shifts: tuple[int, int, int] = (16, 8, 0)

    @classmethod
    def parse(cls, content: bytes) -> "PixelFormat":
        """Read the sixteen bytes of RFC 6143 §7.4. Raises ValueError for colour maps, which are not offered."""
        bits, _depth, is_big, is_true_colour, *numbers = struct.unpack(">BBBBHHHBBB3x", content)
        if bits not in (8, 16, 32) or not is_true_colour:
            raise ValueError(f"{bits} bits, true colour {is_true_colour}")
        red, green, blue, *shifts = numbers
        return cls(
            bits=bits,
            is_big_endian=bool(is_big),
            largest=(red, green, blue),
            shifts=(shifts[0], shifts[1], shifts[2]),
        )

    def packed(self) -> bytes:
        return struct.pack(">BBBBHHHBBB3x", self.bits, 24, self.is_big_endian, 1, *self.largest, *self.shifts)

    def encoded(self, pixels: bytes) -> bytes:
        """Convert a picture of indexes in PALETTE; one byte position of all pixels at a time, because that is quick."""
        size = self.bits // 8
        colours = [self._colour(*colour) for colour in PALETTE]
        content = bytearray(len(pixels) * size)
        for place in range(size):
            table = bytes(colour[place] for colour in colours).ljust(256, b"\0")
            content[place::size] = pixels.translate(table)
        return bytes(content)

    def _colour(self, *parts: int) -> bytes:
        value = 0
        for part, most, shift in zip(parts, self.largest, self.shifts, strict=True):
            value |= (part * most // 255) << shift
        return value.to_bytes(self.bits // 8, "big" if self.is_big_endian else "little")


class ScreenServer:
    """One screen and its viewers."""

    def __init__(self) -> None:
        self.screen = FakeScreen()
        self._lock = threading.Lock()
        self._viewers: set[_Viewer] = set()

    def open(self) -> socket.socket:
        """Return the socket of a new viewer. Its thread ends when either side closes."""
        ours, theirs = socket.socketpair()
        viewer = _Viewer(ours, self.screen, self._show)
        with self._lock:
            self._viewers.add(viewer)
        threading.Thread(target=self._serve, args=(viewer,), name="fake-screen", daemon=True).start()
        return theirs

    def cut(self, text: str) -> None:
        """Send the text to the clipboard of every viewer."""
        for viewer in self._copied():
            with suppress(OSError):
                viewer.send_cut(text)

    def close(self) -> None:
        """Close all connections, because the machine went off."""
        for viewer in self._copied():
            viewer.hang_up()

    def _serve(self, viewer: "_Viewer") -> None:
        try:
            # The connection of a viewer that leaves or sends invalid messages is closed.
            with suppress(OSError, EOFError, ValueError):
                viewer.talk()
        finally:
            with self._lock:
                self._viewers.discard(viewer)
            viewer.close()

    def _show(self) -> None:
        """Send the changed picture to all viewers."""
        for viewer in self._copied():
            with suppress(OSError):
                viewer.show_changes()

    def _copied(self) -> "list[_Viewer]":
        with self._lock:
            return list(self._viewers)


class _Viewer:
    def __init__(self, wire: socket.socket, screen: FakeScreen, changed: Callable[[], None]) -> None:
        self._wire = wire
        self._screen = screen
        self._changed = changed
        self._format = PixelFormat()
        self._lock = threading.Lock()  # guards sending: changes are sent by the thread that made them
        self._waits = False  # for the next change
        self._shown = b""

    def talk(self) -> None:
        """Answer messages until the viewer leaves. Raises OSError, EOFError, and ValueError for invalid messages."""
        self._shake_hands()
        readers = {
            0: self._read_format,
            2: self._read_encodings,
            3: self._read_request,
            4: self._read_key,
            5: self._read_pointer,
            6: self._read_cut,
        }
        while True:
            (kind,) = self._take(1)
            if kind not in readers:
                raise ValueError(f"message of kind {kind}")
            readers[kind]()

    def show_changes(self) -> None:
        """Send the rows that differ from those sent before, where the viewer waits for them."""
        picture = self._screen.picture()
        with self._lock:
            if not self._waits:
                return
            changed = [row for row in range(HEIGHT) if _row(picture, row) != _row(self._shown, row)]
            if changed:
                self._send_rows(picture, changed[0], changed[-1] + 1)

    def send_cut(self, text: str) -> None:
        content = text.encode("latin-1", errors="replace")
        with self._lock:
            self._wire.sendall(struct.pack(">B3xI", 3, len(content)) + content)

    def hang_up(self) -> None:
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._wire.close()

    def _shake_hands(self) -> None:
        self._wire.sendall(_VERSION)
        if self._take(12) != _VERSION:
            raise ValueError("another version")
        self._wire.sendall(bytes([1, _NO_PASSWORD]))
        if self._take(1)[0] != _NO_PASSWORD:
            raise ValueError("another way of proving who one is")
        self._wire.sendall(struct.pack(">I", 0))
        self._take(1)  # the shared flag is ignored: others may always watch
        head = struct.pack(">HH", WIDTH, HEIGHT) + self._format.packed()
        self._wire.sendall(head + struct.pack(">I", len(NAME)) + NAME)

    def _read_format(self) -> None:
        self._format = PixelFormat.parse(self._take(19)[3:])

    def _read_encodings(self) -> None:
        """Read and ignore the encodings: raw is always allowed, and nothing else is offered."""
        (count,) = struct.unpack(">xH", self._take(3))
        self._take(4 * count)

    def _read_request(self) -> None:
        changes_only = self._take(9)[0]
        with self._lock:
            if not changes_only or not self._shown:
                self._send_rows(self._screen.picture(), 0, HEIGHT)
                return
            self._waits = True
        self.show_changes()

    def _read_key(self) -> None:
        is_down, symbol = struct.unpack(">BxxI", self._take(7))
        if is_down:
            self._screen.press(symbol)
            self._changed()

    def _read_pointer(self) -> None:
        buttons, across, down = struct.unpack(">BHH", self._take(5))
        self._screen.point(across, down, buttons)
        self._changed()

    def _read_cut(self) -> None:
        (length,) = struct.unpack(">3xI", self._take(7))
        if length > _LONGEST_CUT:
            raise ValueError(f"{length} bytes for the clipboard")
        self._screen.cut(self._take(length).decode("latin-1"))

    def _send_rows(self, picture: bytes, first: int, last: int) -> None:
        """Send the rows from `first` to before `last`. The caller holds the lock."""
        self._waits, self._shown = False, picture
        head = struct.pack(">BxHHHHHi", 0, 1, 0, first, WIDTH, last - first, 0)
        self._wire.sendall(head + self._format.encoded(picture[first * WIDTH : last * WIDTH]))

    def _take(self, length: int) -> bytes:
        taken = bytearray()
        while len(taken) < length:
            piece = self._wire.recv(length - len(taken))
            if not piece:
                raise EOFError
            taken += piece
        return bytes(taken)


def _row(picture: bytes, row: int) -> bytes:
    return picture[row * WIDTH : (row + 1) * WIDTH]
