"""The error for a refused file: always Invalid, always with a remedy as its hint."""

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

CODE = "InvalidImageFile"
CONVERT = Message("Convert it with 'qemu-img convert -O qcow2 OLD NEW.qcow2' and upload the new file.")
AGAIN = Message("Compare its size and checksum with the original's and upload it again.")


def refusal(message: Message, hint: Message = CONVERT) -> Invalid:
    """Return the error for a refused file. `message` is a whole sentence about the file."""
    return Invalid(message, hint=hint, code=CODE)
