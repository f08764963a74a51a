"""What educators and students say to each other during a class, and who looks at a student's machine."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from galeria.domain.classes.shutdown import CONNECTED
from galeria.domain.errors import Invalid
from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import Message

MAX_TEXT = 500
"""Characters of one message: what fits on a telephone and in a line of a terminal."""

SHOWN_FOR = timedelta(days=1)
"""How long a message is shown to a student who does not close it."""

KEPT_FOR = timedelta(days=30)
"""How long messages are kept at all."""

ANSWER_SHOWN_FOR = timedelta(minutes=15)
"""How long a student is told that somebody has answered the raised hand."""


class WatchedBy(StrEnum):
    """What somebody else has open of a student's machine."""

    SCREEN = "screen"
    TERMINAL = "terminal"


@dataclass(eq=False, kw_only=True)
class ClassMessage:
    """A message of an educator to one student of a lab. One to all is a row for each, with the same `sending`."""

    id: str
    lab_id: str
    user_id: str  # of the lab's user whom it is for
    sending: str  # the same for everything that was sent at once
    text: str
    sender: str  # the display name
    sent_at: datetime
    shown_at: datetime | None = None  # when it was to be shown in the machine; None until somebody tries
    seen_at: datetime | None = None  # when the student closed it


@dataclass(eq=False, kw_only=True)
class RaisedHand:
    """A student of a lab asks for help; `answered_at` is set once somebody has said that they come."""

    user_id: str
    lab_id: str
    raised_at: datetime
    answered_at: datetime | None = None
    answered_by: str = ""  # the display name

    @property
    def is_up(self) -> bool:
        """Tells whether nobody has answered yet."""
        return self.answered_at is None

    def tells_answer(self, now: datetime) -> bool:
        """Tells whether the student is still to be told who has answered."""
        return self.answered_at is not None and now - self.answered_at <= ANSWER_SHOWN_FOR


@dataclass(eq=False, kw_only=True)
class MachineWatcher:
    """Somebody other than its student who has the screen or a terminal of a machine open."""

    id: str  # of this one line
    machine_id: str
    name: str  # the display name
    what: WatchedBy
    seen_at: datetime  # the line says twice a minute that it is still there

    def is_there(self, now: datetime) -> bool:
        """Tells whether the line was still there lately: a server that was killed has ended none of its lines."""
        return now - self.seen_at <= CONNECTED


def checked_text(text: str) -> str:
    """Returns what was typed as a message in one line, without anything that steers a terminal.

    Raises Invalid where nothing is left, or it is too long.
    """
    line = foreign_text(text, longest=MAX_TEXT + 1)
    if not line:
        raise Invalid(
            Message("The message is empty."), hint=Message("Type what your students are to read."), target="text"
        )
    if len(line) > MAX_TEXT:
        raise Invalid(
            Message("The message is longer than {most} characters.", most=MAX_TEXT),
            hint=Message("Say it shorter, or in two messages."),
            target="text",
        )
    return line
