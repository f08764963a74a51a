"""The error for a refused file: always Invalid, always with a remedy as its hint."""

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.ports.files import REFUSED_FILE

SECTOR = 512  # bytes
CONVERT = Message("Convert it with 'qemu-img convert -O qcow2 OLD NEW.qcow2' and upload the new file.")
AGAIN = Message("Compare its size and checksum with the original's and upload it again.")
REPAIR = Message(
    "Check it with 'qemu-img check', repair it with 'qemu-img check -r all' on a copy, or "
    "convert it with 'qemu-img convert -O qcow2 OLD NEW.qcow2'; then upload it again."
)


def refusal(message: Message, hint: Message = CONVERT) -> Invalid:
    """Return the error for a refused file. `message` is a whole sentence about the file."""
    return Invalid(message, hint=hint, code=REFUSED_FILE)
