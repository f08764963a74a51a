"""The mail server, and the texts of mails."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from galeria.domain.errors import Conflict, Unavailable
from galeria.domain.people.mail import Mail, MailText


class MailRefused(Conflict):
    """The server refuses the mail for good: the address, the sender, or the sign-in."""

    code = "MailRefused"


class MailDelayed(Unavailable):
    """The server cannot be reached, or does not take the mail now; it was not sent, and may be later."""

    code = "MailDelayed"


class MailUncertain(Unavailable):
    """The connection broke when the server had the mail and had not answered yet: nobody knows whether it was sent."""

    code = "MailUncertain"


class MailServer(Protocol):
    """A server that takes mails."""

    def send(self, mail: Mail) -> None:
        """Hands over one mail. Raises MailRefused, MailDelayed, MailUncertain."""
        ...


@dataclass(frozen=True, kw_only=True)
class InvitationFacts:
    """What an invitation says. `register_place` and `welcome_place` are paths of the portal.

    `welcome_place` is empty for somebody who has an account; `note` is what the educator wrote.
    """

    lab: str  # its title
    educator: str  # a display name; empty where nobody of that id is left
    note: str
    register_place: str
    welcome_place: str
    welcome_until: datetime | None


class MailTexts(Protocol):
    """The texts of mails in the languages of the portal."""

    def invitation(self, language: str, facts: InvitationFacts) -> MailText:
        """Returns the text of an invitation to a lab; in English for a language that the portal does not have."""
        ...
