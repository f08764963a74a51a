"""The error for a refused file: always Invalid, always with a remedy as its hint."""

from galeria.domain.errors import Invalid

CODE = "InvalidImageFile"
CONVERT = "Convert it with 'qemu-img convert -O qcow2 OLD NEW.qcow2' and upload the new file."
AGAIN = "Compare its size and checksum with the original's and upload it again."


def refusal(message: str, hint: str = CONVERT) -> Invalid:
    """Return the error for a refused file. `message` is a whole sentence about the file."""
    return Invalid(message, hint=hint, code=CODE)
