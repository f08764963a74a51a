"""How a file is refused: always Invalid, always with the cure."""

from galeria.domain.errors import Invalid

CODE = "InvalidImageFile"
CONVERT = "Convert it with 'qemu-img convert -O qcow2 OLD NEW.qcow2' and upload the new file."
AGAIN = "Compare its size and checksum with the original's and upload it again."


def refusal(message: str, hint: str = CONVERT) -> Invalid:
    """The error for a file that is not taken. `message` is a whole sentence about the file."""
    return Invalid(message, hint=hint, code=CODE)
