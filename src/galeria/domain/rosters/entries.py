"""What is read from a list of people: whom it names, and what is wrong with which line."""

import re
from dataclasses import dataclass, field

from galeria.domain.errors import Invalid
from galeria.domain.labs.addresses import address_key, email_address
from galeria.domain.messages import Message

LONGEST_NAME = 100
_NAMED = re.compile(r"\s*\"?(?P<name>[^<>@\"]*[^<>@\"\s])\"?\s*<[^<>]*>\s*")  # Ana Silva <ana@example.org>


@dataclass(frozen=True, kw_only=True)
class RosterEntry:
    """A person on a list. `line` counts from 1; `name` is empty where the list says none."""

    line: int
    email: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class RosterFault:
    """Why a line of a list names nobody."""

    line: int
    why: Message


@dataclass(kw_only=True)
class RosterReading:
    """The people of a list in its order, each once, and the faults of its lines."""

    entries: list[RosterEntry] = field(default_factory=list)
    faults: list[RosterFault] = field(default_factory=list)
    _lines: dict[str, int] = field(default_factory=dict)  # by the key of the address

    def add(self, line: int, text: str, name: str = "") -> None:
        """Takes one more address, written as people write it, or notes what is wrong with it."""
        try:
            email = email_address(text)
        except Invalid as error:
            self.fault(line, error.message)
            return
        key = address_key(email)
        if key in self._lines:
            first = self._lines[key]
            self.fault(line, Message("'{email}' stands in line {first} already.", email=email, first=first))
            return
        self._lines[key] = line
        named = _NAMED.fullmatch(text)
        found = " ".join((name or (named["name"] if named else "")).split())
        self.entries.append(RosterEntry(line=line, email=email, name=found[:LONGEST_NAME]))

    def fault(self, line: int, why: Message) -> None:
        """Notes what is wrong with a line."""
        self.faults.append(RosterFault(line=line, why=why))
