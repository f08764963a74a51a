"""Find out whether a VHDX keeps its last changes in a log, which whoever opens it has to write to their places first.

Source: Microsoft, [MS-VHDX] 2.2.2 "Header" and 2.3 "Log".
"""

from pathlib import Path

from galeria.adapters.files.refusal import refusal
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

_HEADERS = (64 << 10, 128 << 10)  # bytes from the start of the file
_LOG_ID = slice(48, 64)


def has_log(path: Path) -> bool:
    """Return whether the newer header names a log."""
    newest, log_id = -1, b""
    with path.open("rb") as file:
        for place in _HEADERS:
            file.seek(place)
            header = file.read(80)
            sequence = int.from_bytes(header[8:16], "little")
            if header.startswith(b"head") and sequence > newest:
                newest, log_id = sequence, header[_LOG_ID]
    return any(log_id)


def unreplayed_log() -> Invalid:
    """Return the error for a file whose log nobody has replayed."""
    return refusal(
        Message(
            "The VHDX's last changes are still in its log: it was copied from a running machine, or after a power cut."
        ),
        Message(
            "Shut the machine down in Hyper-V and copy the file again, or run 'qemu-img check -r all COPY.vhdx' on a copy, "
            "which writes them to their places; then upload that."
        ),
    )
