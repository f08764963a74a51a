"""Invitations of lab users by mail: what is to be sent, how often it was tried, and the link for who has no account."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from galeria.domain.messages import EMPTY, Message

WELCOME_LIFE = timedelta(days=14)  # of the link with which somebody without an account makes one
# The waits before each further try, after which it has failed: two days in all, as mail servers give up.
_WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(hours=30),
)


@dataclass(eq=False, kw_only=True)
class UserInvitation:
    """The invitation of one lab user; that it is to be sent, was sent or has failed stands in the user's own state."""

    user_id: str
    invited_by: str  # a principal's id
    language: str
    number: int = 0  # how often the user was invited: each time it is another mail
    tries: int = 0
    due_at: datetime  # when it is tried next
    begun_at: datetime | None = None  # since when the mail server is being given it; it may have it if nothing follows
    failure: Message = EMPTY  # why the last try did not succeed
    welcome_hash: str = (
        ""  # the fingerprint of the secret in the link for who has no account; empty where there is none
    )
    welcome_until: datetime | None = None

    def has_welcome(self, now: datetime) -> bool:
        """Tells whether the link for who has no account still works."""
        return bool(self.welcome_hash) and self.welcome_until is not None and now < self.welcome_until


def next_wait(tries: int) -> timedelta | None:
    """Returns how long to wait after so many tries; None where there is no further one."""
    return _WAITS[tries - 1] if 1 <= tries <= len(_WAITS) else None
