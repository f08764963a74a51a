"""What a guest, a file or a program of somebody else says, made fit to be shown, logged and kept."""

import unicodedata

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
