"""Close codes of a screen's and a terminal's WebSocket: a code for pages, and a reason for people.

Codes from 4000 on are free for applications (RFC 6455 §7.4.2); these are HTTP's status codes behind a 4.
"""

from dataclasses import dataclass

from galeria.actions.labs.terminals import NOT_OFFERED
from galeria.domain.errors import (
    Conflict,
    Forbidden,
    GaleriaError,
    NotFound,
    OnAnotherComputer,
    TooManyRequests,
    Unauthenticated,
)
from galeria.domain.reach.terminals import HostKeyChanged, SignInRefused

REASON_LIMIT = 123  # bytes, RFC 6455 §5.5
_CODES = (
    (Unauthenticated, 4401),
    (Forbidden, 4403),
    (NotFound, 4404),
    (Conflict, 4409),
    (SignInRefused, 4411),
    (HostKeyChanged, 4412),
    (OnAnotherComputer, 4421),
    (TooManyRequests, 4429),
)
_NOT_OFFERED = 4405
_FAILED = 4503


@dataclass(frozen=True, slots=True)
class CloseCode:
    code: int
    reason: str


SWITCHED_OFF = CloseCode(4410, "The machine went off. Start it, then open its screen again.")
ENDED = CloseCode(4410, "The session in the machine is over.")
FORGOTTEN = CloseCode(4408, "The session is over: nobody came back to it in time. Sign in again.")
NOT_UNDERSTOOD = CloseCode(1003, "That is nothing that a terminal takes.")
NOT_BINARY = CloseCode(1003, "A screen takes binary messages only.")


def ending_of(error: GaleriaError) -> CloseCode:
    """Return the code and reason for an error. A reason that is too long is cut between characters."""
    code = next((code for kind, code in _CODES if isinstance(error, kind)), _FAILED)
    code = _NOT_OFFERED if error.code == NOT_OFFERED else code
    return CloseCode(code, str(error).encode()[:REASON_LIMIT].decode(errors="ignore"))
