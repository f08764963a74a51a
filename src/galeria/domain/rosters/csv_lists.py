"""Lists of people as CSV, or as they are pasted: with or without headers, one or several addresses in a line."""

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.rosters.entries import RosterReading

DELIMITERS = (";", "\t", ",")
MOST_LINES = 5000
# As the folded headers of spreadsheets and school systems name their columns, in English and Portuguese.
_EMAILS = frozenset(
    {"email", "e-mail", "mail", "email address", "e-mail address", "endereco de email", "endereco de e-mail"}
    | {"correio eletronico", "email institucional", "e-mail institucional", "student email", "email do aluno"}
    | {"e-mail do aluno", "emailaddress", "user email", "login email"}
)
_WHOLE_NAMES = frozenset(
    {"name", "full name", "display name", "student", "aluno", "aluna", "estudante", "nome completo"}
)
_FIRST_NAMES = frozenset({"first name", "given name", "givenname", "firstname", "nome", "primeiro nome"})
_LAST_NAMES = frozenset(
    {"last name", "surname", "family name", "familyname", "lastname", "sobrenome", "apelido", "ultimo nome"}
)


@dataclass(frozen=True, kw_only=True)
class _Columns:
    email: int
    names: tuple[int, ...]


def read_list(text: str) -> RosterReading:
    """Reads a pasted text or a CSV file. Raises Invalid for more than 5000 lines, and for what cannot be CSV."""
    reading = RosterReading()
    columns: _Columns | None = None
    is_first = True
    for line, cells in _rows(text):
        if line > MOST_LINES:
            raise Invalid(
                Message("The list has more than {most} lines.", most=MOST_LINES), hint=Message("Send one class.")
            )
        if not any(cells):
            continue
        if is_first:
            columns, is_first = _find_columns(cells), False
            if columns:
                continue
        if columns:
            _read_row(reading, line, cells, columns)
        else:
            _read_cells(reading, line, cells)
    return reading


def folded(text: str) -> str:
    """Returns a header in the form in which headers are compared: lower case, without accents."""
    plain = unicodedata.normalize("NFKD", text.strip().strip("\ufeff"))
    return " ".join(
        "".join(char for char in plain if not unicodedata.combining(char)).lower().replace("_", " ").split()
    )


def rows_of(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Returns each row of a CSV text with the number of the line that it begins in. Raises Invalid for what cannot be CSV."""
    reader, begins = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1
    try:
        for row in reader:
            yield begins, [cell.strip() for cell in row]
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Invalid(
            Message("Line {line} cannot be read: {reason}.", line=begins, reason=str(error)),
            hint=Message("See whether a quotation mark there is never closed."),
        ) from error


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    return rows_of(text, _delimiter(text))


def _delimiter(text: str) -> str:
    """Returns what separates the cells: what the first lines have most of, outside of quotes."""
    head, inside = text[:4000], False
    counts = dict.fromkeys(DELIMITERS, 0)
    for char in head:
        if char == '"':
            inside = not inside
        elif char in counts and not inside:
            counts[char] += 1
    return max(DELIMITERS, key=lambda each: counts[each])


def _find_columns(cells: Sequence[str]) -> _Columns | None:
    """Returns where a row of headers has what; None for a row that is none."""
    names = [folded(cell) for cell in cells]
    email = next((place for place, name in enumerate(names) if name in _EMAILS), None)
    if email is None or any("@" in cell for cell in cells):
        return None
    whole = next((place for place, name in enumerate(names) if name in _WHOLE_NAMES), None)
    if whole is not None:
        return _Columns(email=email, names=(whole,))
    parts = [
        next((place for place, name in enumerate(names) if name in kind), None) for kind in (_FIRST_NAMES, _LAST_NAMES)
    ]
    return _Columns(email=email, names=tuple(place for place in parts if place is not None))


def _read_row(reading: RosterReading, line: int, cells: Sequence[str], columns: _Columns) -> None:
    email = cells[columns.email] if columns.email < len(cells) else ""
    if not email:
        reading.fault(line, Message("There is no e-mail address."))
        return
    reading.add(line, email, " ".join(cells[place] for place in columns.names if place < len(cells)))


def _read_cells(reading: RosterReading, line: int, cells: Sequence[str]) -> None:
    """Read a row without headers: one address with a name beside it, or several addresses."""
    addresses = [cell for cell in cells if "@" in cell]
    if not addresses:
        reading.fault(line, Message("There is no e-mail address."))
        return
    others = [cell for cell in cells if cell and "@" not in cell and not cell.isdecimal()]
    name = others[0] if len(addresses) == 1 and others else ""
    for each in addresses:
        reading.add(line, each, name)
