"""The text of a file of unknown encoding, as spreadsheets and school systems write them."""

import codecs

from galeria.domain.errors import Invalid, TooLarge
from galeria.domain.messages import Message

LARGEST = 4 * 1024 * 1024  # bytes
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(data: bytes) -> str:
    """Returns the text of a file in UTF-8, UTF-16 or, where it is neither, Windows-1252, which Latin-1 is part of.

    Raises TooLarge, and Invalid for a file that is no text.
    """
    if len(data) > LARGEST:
        raise TooLarge(Message("The list is too large."), hint=Message("Send a list of one class, of at most 4 MB."))
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(data[len(mark) :].decode(encoding, errors="replace"))
    if data.count(0) * 3 > len(data):  # of Latin letters in UTF-16 every second byte is zero
        return _checked(data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", errors="replace"))
    try:
        return _checked(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _checked(data.decode("cp1252", errors="replace"))


def _checked(text: str) -> str:
    if "\0" in text:
        raise Invalid(
            Message("The file is no text."), hint=Message("Save the list as CSV or as plain text, and send that.")
        )
    return text
