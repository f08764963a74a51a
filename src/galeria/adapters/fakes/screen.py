"""The screen of a fake machine: the typed text in letters of three by five dots, and the pointer."""

import threading
from dataclasses import dataclass, field

WIDTH, HEIGHT = 640, 400
# The colours that a picture's bytes mean, as red, green, blue.
BACKGROUND, INK, CURSOR, POINTER = range(4)
PALETTE = ((16, 24, 48), (208, 216, 224), (96, 192, 96), (240, 160, 64))
WELCOME = "A pretended machine. What is typed is shown.\n"

_DOT = 3  # pixels in each direction
_CELL_WIDTH, _CELL_HEIGHT = 4 * _DOT, 6 * _DOT
_COLUMNS, _ROWS = WIDTH // _CELL_WIDTH, HEIGHT // _CELL_HEIGHT
_RETURN, _BACKSPACE = 0xFF0D, 0xFF08
_POINTER_SIZE = 6

# Each letter's five rows of three dots, a digit for a row: 5 is on, off, on. From the space to the underscore.
_LETTERS = (
    "00000 22202 55000 57575 36236 51245 25253 22000 12221 42224 52725 02720 00024 00700 00002 11244 "
    "75557 26227 71747 71717 55711 74717 74757 71111 75757 75717 02020 02024 12421 07070 42124 71302 "
    "75747 25755 65656 34443 65556 74647 74644 34553 55755 72227 11152 55655 44447 57755 65555 25552 "
    "65644 25573 65655 34216 72222 55557 55552 55775 55255 55222 71247 64446 44211 31113 25000 00007 "
)
_MORE_LETTERS = {"`": "42000", "{": "32623", "|": "22222", "}": "62326", "~": "03600"}
_UNKNOWN = "77777"


@dataclass
class FakeScreen:
    """The screen of one machine while it runs. Each viewer sends events in a thread of its own."""

    text: str = WELCOME
    keys: list[int] = field(default_factory=list)  # the symbols of all keys that were pressed
    pointer: tuple[int, int, int] | None = None  # x, y, and a bit for each pressed button
    cut_texts: list[str] = field(default_factory=list)  # what was put on the machine's clipboard
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def press(self, symbol: int) -> None:
        """Handle a pressed key; `symbol` is its X11 keysym."""
        with self._lock:
            self.keys.append(symbol)
            if symbol == _RETURN:
                self.text += "\n"
            elif symbol == _BACKSPACE:
                self.text = self.text[:-1]
            elif 0x20 <= symbol <= 0x7E or 0xA0 <= symbol <= 0xFF:
                self.text += chr(symbol)

    def point(self, across: int, down: int, buttons: int) -> None:
        with self._lock:
            self.pointer = (min(across, WIDTH - 1), min(down, HEIGHT - 1), buttons)

    def cut(self, text: str) -> None:
        with self._lock:
            self.cut_texts.append(text)

    def picture(self) -> bytes:
        """Return one byte for each pixel, its index in PALETTE, row after row."""
        with self._lock:
            lines, pointer = wrapped(self.text)[-_ROWS:], self.pointer
        pixels = bytearray(WIDTH * HEIGHT)
        for row, line in enumerate(lines):
            for column, letter in enumerate(line):
                _draw_letter(pixels, letter, column * _CELL_WIDTH, row * _CELL_HEIGHT)
        _fill(pixels, len(lines[-1]) * _CELL_WIDTH, (len(lines) - 1) * _CELL_HEIGHT, 3 * _DOT, 5 * _DOT, CURSOR)
        if pointer is not None:
            _fill(pixels, pointer[0], pointer[1], _POINTER_SIZE, _POINTER_SIZE, POINTER)
        return bytes(pixels)


def wrapped(text: str) -> list[str]:
    """Split the text into lines that fit, with room for the cursor after the last one; at least one line."""
    width = _COLUMNS - 1
    return [
        line[start : start + width] for line in text.split("\n") for start in range(0, max(len(line), 1), width)
    ] or [""]


def letter_rows(letter: str) -> str:
    """Return five digits for the rows of a letter. Lower-case letters look like upper-case ones, unknown ones like a block."""
    start = 6 * (ord(letter.upper()[0]) - ord(" "))
    if 0 <= start < len(_LETTERS):
        return _LETTERS[start : start + 5]
    return _MORE_LETTERS.get(letter, _UNKNOWN)


def _draw_letter(pixels: bytearray, letter: str, left: int, top: int) -> None:
    for row, dots in enumerate(letter_rows(letter)):
        for column in range(3):
            if int(dots) & 4 >> column:
                _fill(pixels, left + column * _DOT, top + row * _DOT, _DOT, _DOT, INK)


def _fill(pixels: bytearray, left: int, top: int, width: int, height: int, colour: int) -> None:
    width = min(width, WIDTH - left)
    for row in range(top, min(top + height, HEIGHT)):
        start = row * WIDTH + left
        pixels[start : start + width] = bytes([colour]) * width
