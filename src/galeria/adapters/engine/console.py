"""The serial console of a machine, for people who look for the reason why it does not start."""

import re
from pathlib import Path

LINES = 15
_TAIL_BYTES = 16384
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\x00-\x08\x0b-\x1f\x7f]")


def last_lines(serial: Path) -> str:
    """Return the last lines of the console without control characters, or a sentence where there are none."""
    try:
        with serial.open("rb") as file:
            file.seek(max(0, serial.stat().st_size - _TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError as error:
        return f"(the console's log cannot be read: {error.strerror})"
    lines = [line.rstrip() for line in _CONTROL.sub("", text).splitlines()]
    return "\n".join([line for line in lines if line][-LINES:]) or "(the console is empty)"
