"""OneRoster CSV exports of a school's system: a zip with users.csv and enrollments.csv.

Source: IMS Global, OneRoster CSV Tables 1.1 and 1.2, §4.13 and §4.7.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.rosters.csv_lists import rows_of
from galeria.domain.rosters.entries import RosterReading
from galeria.domain.rosters.texts import LARGEST, decoded

STUDENT = "student"
_GONE = "tobedeleted"
_FALSE = "false"
_USERS, _ENROLLMENTS = "users.csv", "enrollments.csv"


def is_zip(data: bytes) -> bool:
    """Tells whether a file is a zip."""
    return data.startswith(b"PK\x03\x04")


def read_one_roster(data: bytes, *, class_id: str = "") -> RosterReading:
    """Reads the students of all classes in the export, or of the class with that sourcedId.

    Lines are those of users.csv. Raises Invalid where the zip or one of the two files cannot be read, and TooLarge.
    """
    files = _files(data)
    wanted = _students(files[_ENROLLMENTS], class_id)
    reading = RosterReading()
    for line, row in _table(files[_USERS], _USERS, ("sourcedId", "email")):
        is_here = row.get("status", "").lower() != _GONE and row.get("enabledUser", "").lower() != _FALSE
        if row["sourcedId"] not in wanted or not is_here:
            continue
        if not row["email"]:
            reading.fault(line, Message("There is no e-mail address."))
            continue
        reading.add(line, row["email"], f"{row.get('givenName', '')} {row.get('familyName', '')}")
    return reading


def _students(text: str, class_id: str) -> set[str]:
    return {
        row["userSourcedId"]
        for _, row in _table(text, _ENROLLMENTS, ("userSourcedId", "role"))
        if row["role"].lower() == STUDENT
        and row.get("status", "").lower() != _GONE
        and (not class_id or row.get("classSourcedId") == class_id)
    }


def _files(data: bytes) -> dict[str, str]:
    """Returns the two files' texts, wherever they lie in the zip."""
    found: dict[str, str] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                name = member.filename.rpartition("/")[2].lower()
                if name in (_USERS, _ENROLLMENTS):
                    with archive.open(member) as file:
                        found[name] = decoded(file.read(LARGEST + 1))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError) as error:
        raise Invalid(
            Message("The zip cannot be read."), hint=Message("Export it again; it must not have a password.")
        ) from error
    for name in (_USERS, _ENROLLMENTS):
        if name not in found:
            raise Invalid(
                Message("The zip has no {file}.", file=name),
                hint=Message("Export OneRoster CSV with users and enrollments, or send a list as CSV."),
            )
    return found


def _table(text: str, file: str, needed: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, str]]]:
    rows = rows_of(text, ",")
    _, headers = next(rows, (1, []))
    places = {name.lower(): place for place, name in enumerate(headers)}
    for name in needed:
        if name.lower() not in places:
            raise Invalid(
                Message("{file} has no column {column}.", file=file, column=name),
                hint=Message("Export OneRoster CSV 1.1 or 1.2."),
            )
    spelled = {name: places[name.lower()] for name in (*needed, *_OTHERS) if name.lower() in places}
    for line, cells in rows:
        if any(cells):
            yield line, {name: cells[place] if place < len(cells) else "" for name, place in spelled.items()}


_OTHERS = ("status", "enabledUser", "givenName", "familyName", "classSourcedId")
