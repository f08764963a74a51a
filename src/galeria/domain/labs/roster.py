"""The roster of a lab: its users, their invitations and registrations, and the labs that people marked as favorites."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from galeria.domain.labs.addresses import is_address
from galeria.domain.resources import Resource

MAX_USERS = 400


class RegistrationState(StrEnum):
    """Whether a person on the roster has registered with the lab."""

    REGISTERED = "Registered"
    NOT_REGISTERED = "NotRegistered"


class InvitationState(StrEnum):
    """How far the invitation e-mail of a user has come."""

    NOT_SENT = "NotSent"
    SENDING = "Sending"  # requested, and not delivered yet
    SENT = "Sent"
    FAILED = "Failed"


@dataclass(eq=False, kw_only=True)
class LabUser(Resource):
    """A user on a lab's roster. `principal_id` is known once the person has registered."""

    lab_id: str
    email: str
    email_key: str  # lower case: one address is one user
    display_name: str = ""
    principal_id: str | None = None
    invitation: InvitationState = InvitationState.NOT_SENT
    invitation_text: str = ""
    invited_at: datetime | None = None
    extra_quota: int = 0  # seconds on top of the lab's own quota
    total_usage: int = 0  # seconds; scheduled hours and the educator's starts are not in it
    refilled_usage: int = 0  # of them, those before the hours were last refilled
    refilled_at: datetime | None = None

    @property
    def shown_name(self) -> str:
        """What lists call the person: the display name or, where none is known, the e-mail address."""
        return self.display_name or self.email

    @property
    def address(self) -> str:
        """The user's e-mail address.

        A user who registered by a name only gets one under users.invalid, which no mail reaches (RFC 2606).
        """
        return self.email if is_address(self.email) else f"{self.email}@users.invalid"

    @property
    def registration(self) -> RegistrationState:
        """Whether the person has registered with the lab."""
        return RegistrationState.REGISTERED if self.principal_id else RegistrationState.NOT_REGISTERED


@dataclass(eq=False, kw_only=True)
class FavoriteLab:
    """A lab that a person marked, so that it stands first in lists."""

    principal_id: str
    lab_id: str
