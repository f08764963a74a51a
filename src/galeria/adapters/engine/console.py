"""What a machine has written for people: its serial console, and the text on its screen."""

import re
from pathlib import Path

import libvirt

from galeria.domain.foreign_text import foreign_text

LINES = 40
LONGEST_LINE = 300  # characters
_TAIL_BYTES = 32768
_MOVES = re.compile(r"\x1b\[[0-9]*;?[0-9]*[Hf]|\x1b\[[0-9]*[EF]")  # of the cursor: firmware writes no line ends
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[@-_]")
# cloud-init prints the host's public keys last, which drives away what says more.
_NOISE = re.compile(
    r"SSH HOST KEY|\bssh-(?:rsa|ed25519|dss) AAAA|\becdsa-sha2-\S+ AAAA"
    r"|^ci-info: [+|]|^<14>.*cloud-init: #|^<14>.*\bec2: |^\d+ SHA256:",
    re.IGNORECASE,
)

_TEXT_MEMORY, _COLUMNS, _ROWS = 0xB8000, 80, 25  # of every VGA adapter in text mode; letters and colours alternate
_LEAST_READABLE = 0.95  # of the letters; a screen in graphics mode has anything there


def look(serial: Path, domain: libvirt.virDomain) -> tuple[str, str]:
    """Return the last lines of the serial console, and the text on the screen; each "" where there is none."""
    return last_lines(serial), screen_text(_read_text_memory(domain))


def last_lines(serial: Path) -> str:
    """Return the last lines of the console, without control characters, bounded, and without public keys."""
    try:
        with serial.open("rb") as file:
            file.seek(max(0, serial.stat().st_size - _TAIL_BYTES))
            return readable_lines(file.read())
    except OSError:
        return ""


def readable_lines(said: bytes) -> str:
    """Return the last lines of what a guest wrote, as they may be shown and kept."""
    text = _ESCAPES.sub("", _MOVES.sub("\n", said.decode("utf-8", errors="replace")))
    lines = (foreign_text(line, longest=LONGEST_LINE) for line in text.splitlines())
    return "\n".join([line for line in lines if line and not _NOISE.search(line)][-LINES:])


def screen_text(memory: bytes) -> str:
    """Return the text on a screen in text mode, from its adapter's memory; "" for a screen in graphics mode."""
    letters = memory[0 : 2 * _COLUMNS * _ROWS : 2]
    written = [letter for letter in letters if letter not in b"\0 "]
    readable = sum(0x20 < letter < 0x7F for letter in written)
    if not written or readable < _LEAST_READABLE * len(written):
        return ""
    rows = (letters[start : start + _COLUMNS] for start in range(0, len(letters), _COLUMNS))
    return readable_lines(b"\n".join(row.replace(b"\0", b" ").rstrip() for row in rows))


def _read_text_memory(domain: libvirt.virDomain) -> bytes:
    try:
        return bytes(domain.memoryPeek(_TEXT_MEMORY, 2 * _COLUMNS * _ROWS, libvirt.VIR_MEMORY_PHYSICAL))
    except libvirt.libvirtError:  # it is off, or its host does not allow it: there is only the serial console then
        return b""
