"""CSV files that spreadsheets open as they are meant: in the reader's language, and without any formula in them."""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_MARK = "\ufeff"  # by which spreadsheets know that it is UTF-8


def csv_file(head: Sequence[str], rows: Iterable[Sequence[str | int]], language: str) -> bytes:
    """Return the file. Its separator is the one that spreadsheets take in that language."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";" if language.startswith("pt") else ",", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_cell(each) for each in row] for row in rows)
    return (_MARK + written.getvalue()).encode()


def _cell(value: str | int) -> str | int:
    """Return text so that no spreadsheet computes it: people choose their names themselves."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULAS) else value
