"""The serial console of a machine, for people who look for the reason why it does not start."""

import re
from pathlib import Path

from galeria.domain.foreign_text import foreign_text

LINES = 15
_TAIL_BYTES = 16384
LONGEST_LINE = 300  # characters
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]")


def last_lines(serial: Path) -> str:
    """Return the last lines of the console without control characters, or a sentence where there are none."""
    try:
        with serial.open("rb") as file:
            file.seek(max(0, serial.stat().st_size - _TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError as error:
        return f"(the console's log cannot be read: {error.strerror})"
    lines = [foreign_text(line, longest=LONGEST_LINE) for line in _ESCAPES.sub("", text).splitlines()]
    return "\n".join([line for line in lines if line][-LINES:]) or "(the console is empty)"
