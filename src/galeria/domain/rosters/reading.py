"""A list of people, whatever kind of file it is in."""

from galeria.domain.rosters.csv_lists import read_list
from galeria.domain.rosters.entries import RosterReading
from galeria.domain.rosters.one_roster import is_zip, read_one_roster
from galeria.domain.rosters.texts import decoded


def read_people(data: bytes, *, class_id: str = "") -> RosterReading:
    """Reads a list: CSV, a text with addresses, or a OneRoster zip, of which `class_id` names one class.

    Raises Invalid and TooLarge where the whole of it cannot be read.
    """
    return read_one_roster(data, class_id=class_id) if is_zip(data) else read_list(decoded(data))
