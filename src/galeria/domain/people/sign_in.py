"""What is handed over on the way to a token: codes that live for minutes, and secrets that were made here.

Nothing of it is kept in the clear. All of it is random and long, so that a plain hash gives nothing away.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CredentialKind(StrEnum):
    """What a secret is shown for: a client secret at the token endpoint, an identity header inside a machine, or a link
    with which a person chooses the first password."""

    SECRET = "Secret"
    IDENTITY = "Identity"
    WELCOME = "Welcome"


class DeviceCodeAnswer(StrEnum):
    """What the person said to a program that waits for its device code."""

    PENDING = "Pending"
    APPROVED = "Approved"
    DECLINED = "Declined"


@dataclass(eq=False, kw_only=True)
class Credential:
    """One more secret of a service principal, beside the one that it was made with; or a person's link to begin with."""

    id: str  # a GUID, called keyId by Azure's tools
    principal_id: str
    kind: CredentialKind
    secret_hash: str  # the fingerprint of what the program holds
    created_at: datetime
    expires_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at


@dataclass(eq=False, kw_only=True)
class DeviceCode:
    """A program on a device without a browser waits for somebody to sign in elsewhere. Source: RFC 8628."""

    id: str  # the fingerprint of the device code
    user_code: str  # the fingerprint of what the person types
    client_id: str
    scope: str
    issued_at: datetime
    expires_at: datetime
    interval: int  # seconds between two questions of the program
    polled_at: datetime | None = None
    answer: DeviceCodeAnswer = DeviceCodeAnswer.PENDING
    principal_id: str | None = None  # who signed in


@dataclass(eq=False, kw_only=True)
class AuthorizationCode:
    """What a browser brings back to the program that opened it. It works once. Source: RFC 6749 §4.1, RFC 7636."""

    id: str  # the fingerprint of the code
    principal_id: str
    client_id: str
    redirect_uri: str
    scope: str
    challenge: str  # the code challenge, S256
    nonce: str
    family: str  # of the refresh tokens that it leads to: a second use ends them
    expires_at: datetime
    used_at: datetime | None = None


def fingerprint(secret: str) -> str:
    """SHA-256 in hexadecimal. Enough for what was made here with 256 random bits: nobody guesses that from a list."""
    return hashlib.sha256(secret.encode()).hexdigest()
