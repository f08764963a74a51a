"""A small viewer of screens: the client's side of RFB 3.8 (RFC 6143), raw pixels only, for tests."""

import string
import struct
from dataclasses import dataclass
from typing import Protocol

RETURN, SHIFT = 0xFF0D, 0xFFE1
_RAW, _NEW_SIZE = 0, -223
_PRESS, _RELEASE = 1, 0
# What a keyboard of the United States needs Shift for, in the order of the keys.
_SHIFTED = frozenset(string.ascii_uppercase + '~!@#$%^&*()_+{}|:"<>?')
# 32 bits, 24 of them used, little endian: a pixel's bytes are blue, green, red and nothing.
_FORMAT = struct.pack(">BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)


class Wire(Protocol):
    """A connected socket, or what behaves so."""

    def recv(self, limit: int, /) -> bytes: ...
    def sendall(self, data: bytes, /) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Picture:
    width: int
    height: int
    pixels: bytes  # four bytes each: blue, green, red, nothing

    def colours(self, left: int, top: int, width: int, height: int) -> set[bytes]:
        """The different colours in a rectangle, each as blue, green, red."""
        found: set[bytes] = set()
        for row in range(top, top + height):
            start = (row * self.width + left) * 4
            line = self.pixels[start : start + width * 4]
            found.update(line[place : place + 3] for place in range(0, len(line), 4))
        return found

    def inked(self, columns: int, rows: int) -> set[tuple[int, int]]:
        """Which cells (column, row) of a text screen hold more than one colour."""
        width, height = self.width // columns, self.height // rows
        cells = ((column, row) for row in range(rows) for column in range(columns))
        return {each for each in cells if len(self.colours(each[0] * width, each[1] * height, width, height)) > 1}


class Viewer:
    """Shakes hands when made. Raises EOFError where the server hangs up, ValueError where it says something unexpected."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._rest = bytearray()
        self.cut_texts: list[str] = []
        self.width, self.height, self.name = self._shake_hands()
        self._pixels = bytearray(self.width * self.height * 4)
        wire.sendall(struct.pack(">B3x", 0) + _FORMAT)
        wire.sendall(struct.pack(">BxHii", 2, 2, _RAW, _NEW_SIZE))

    def look(self, *, changes_only: bool = False) -> Picture:
        """The picture now; with `changes_only` once it is another than before."""
        while True:
            size = (self.width, self.height)
            self._wire.sendall(struct.pack(">BBHHHH", 3, changes_only, 0, 0, *size))
            self._receive_update()
            if (self.width, self.height) == size:
                return Picture(width=self.width, height=self.height, pixels=bytes(self._pixels))
            changes_only = False

    def press(self, *symbols: int) -> None:
        """Hold the keys down in this order, then let them go in the other."""
        events = [(_PRESS, symbol) for symbol in symbols] + [(_RELEASE, symbol) for symbol in reversed(symbols)]
        for is_down, symbol in events:
            self._wire.sendall(struct.pack(">BBxxI", 4, is_down, symbol))

    def type(self, text: str) -> None:
        """As somebody at a keyboard of the United States; a new line is the return key."""
        for letter in text:
            symbol = RETURN if letter == "\n" else ord(letter)
            self.press(*([SHIFT] if letter in _SHIFTED else []), symbol)

    def point(self, x: int, y: int, *, buttons: int = 0) -> None:
        self._wire.sendall(struct.pack(">BBHH", 5, buttons, x, y))

    def cut(self, text: str) -> None:
        """Put it on the other side's clipboard."""
        content = text.encode("latin-1")
        self._wire.sendall(struct.pack(">B3xI", 6, len(content)) + content)

    def wait_end(self) -> None:
        """Returns when the server has hung up; what it still sends is thrown away."""
        while self._wire.recv(65536):
            pass

    def _shake_hands(self) -> tuple[int, int, str]:
        version = self._take(12)
        if version != b"RFB 003.008\n":
            raise ValueError(f"not a screen of version 3.8: {version!r}")
        self._wire.sendall(version)
        kinds = self._take(self._take(1)[0])
        if 1 not in kinds:
            raise ValueError(f"the screen wants a password: {list(kinds)}")
        self._wire.sendall(b"\x01")
        (result,) = struct.unpack(">I", self._take(4))
        if result != 0:
            raise ValueError("the screen refused to be looked at")
        self._wire.sendall(b"\x01")  # others may go on looking
        width, height, length = struct.unpack(">HH16xI", self._take(24))
        return width, height, self._take(length).decode()

    def _receive_update(self) -> None:
        """Other messages that come before it are kept or passed over."""
        while True:
            (kind,) = self._take(1)
            if kind == 0:
                (count,) = struct.unpack(">xH", self._take(3))
                for _ in range(count):
                    self._receive_rectangle()
                return
            self._receive_other(kind)

    def _receive_other(self, kind: int) -> None:
        if kind == 3:
            (length,) = struct.unpack(">3xI", self._take(7))
            self.cut_texts.append(self._take(length).decode("latin-1"))
        elif kind != 2:  # a bell has nothing more to say
            raise ValueError(f"message of kind {kind}")

    def _receive_rectangle(self) -> None:
        left, top, width, height, encoding = struct.unpack(">HHHHi", self._take(12))
        if encoding == _NEW_SIZE:
            self.width, self.height = width, height
            self._pixels = bytearray(width * height * 4)
            return
        if encoding != _RAW:
            raise ValueError(f"encoding {encoding}")
        content = self._take(width * height * 4)
        for row in range(height):
            start = ((top + row) * self.width + left) * 4
            self._pixels[start : start + width * 4] = content[row * width * 4 : (row + 1) * width * 4]

    def _take(self, length: int) -> bytes:
        while len(self._rest) < length:
            piece = self._wire.recv(max(65536, length - len(self._rest)))
            if not piece:
                raise EOFError("the screen was switched off")
            self._rest += piece
        taken = bytes(self._rest[:length])
        del self._rest[:length]
        return taken
