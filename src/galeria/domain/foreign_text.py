"""What a guest, a file or a program of somebody else says, made fit to be shown, logged and kept."""

import json
import unicodedata
from typing import Any

LONGEST = 300  # characters of one remark
MARK = "…"


def foreign_text(text: str, *, longest: int = LONGEST) -> str:
    """The text in one line of at most `longest` characters, without anything that steers a terminal or turns the writing round.

    Control, format and unassigned characters (Unicode categories C…) become nothing, line breaks and tabs a space. A cut is
    marked with '…' at the end. Only the first `longest` × 8 characters are looked at, whatever the length.
    """
    head = text[: longest * 8]
    spaced = "".join(" " if char.isspace() else char for char in head)
    clean = " ".join("".join(char for char in spaced if unicodedata.category(char)[0] != "C").split())
    if len(clean) > longest or len(text) > len(head):
        return clean[: longest - len(MARK)].rstrip() + MARK
    return clean


def foreign_json(content: str | bytes) -> Any:
    """The value of a JSON text that somebody else wrote, as json.loads returns it.

    Raises ValueError for everything that cannot be used as a value here: no JSON, lists or objects nested too deeply to be
    read, and texts with a lone surrogate such as "\\ud800", which no database, page or header can hold.
    """
    try:
        found = json.loads(content)
        json.dumps(found, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return found


def is_text(text: str) -> bool:
    """Tells whether every character can be written: lone surrogates, which stand for bytes that are no UTF-8, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def sorting_key(text: str) -> str:
    """Returns what names and titles are sorted by: letters without their accents, so that "Álgebra" stands before "Windows"."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))
