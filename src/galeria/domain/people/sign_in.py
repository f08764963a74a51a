"""The codes and secrets that a program exchanges for tokens. Codes live for minutes; none is stored in the clear.

All are random and long, so that an unsalted hash protects them.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CredentialKind(StrEnum):
    """Where a secret is used: as a client secret at the token endpoint, as the identity header of a machine's programs,
    in the link with which a person chooses the first password, or in the address of a person's calendar."""

    SECRET = "Secret"
    IDENTITY = "Identity"
    WELCOME = "Welcome"
    CALENDAR = "Calendar"


class DeviceCodeAnswer(StrEnum):
    """What the person answered to a program that waits with a device code."""

    PENDING = "Pending"
    APPROVED = "Approved"
    DECLINED = "Declined"


@dataclass(eq=False, kw_only=True)
class Credential:
    """A further secret of a service principal, beside its first one; or the secret in a person's link."""

    id: str  # a GUID, called keyId by Azure's tools
    principal_id: str
    kind: CredentialKind
    secret_hash: str  # the fingerprint of the secret
    created_at: datetime
    expires_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Tells whether the secret has not expired yet; one without an end never expires."""
        return self.expires_at is None or now < self.expires_at


@dataclass(eq=False, kw_only=True)
class DeviceCode:
    """A sign-in asked for by a program on a device without a browser, which a person answers elsewhere.

    Source: RFC 8628.
    """

    id: str  # the fingerprint of the device code
    user_code: str  # the fingerprint of what the person types
    client_id: str
    scope: str
    issued_at: datetime
    expires_at: datetime
    interval: int  # seconds that the program waits between two polls
    polled_at: datetime | None = None
    answer: DeviceCodeAnswer = DeviceCodeAnswer.PENDING
    principal_id: str | None = None  # who signed in


@dataclass(eq=False, kw_only=True)
class AuthorizationCode:
    """A code that a browser carries back to the program that opened it, which exchanges it for tokens once.

    Source: RFC 6749 §4.1, RFC 7636.
    """

    id: str  # the fingerprint of the code
    principal_id: str
    client_id: str
    redirect_uri: str
    scope: str
    challenge: str  # the code challenge, S256
    nonce: str
    family: str  # of the refresh tokens issued for it: a second use of the code revokes them
    expires_at: datetime
    used_at: datetime | None = None


def fingerprint(secret: str) -> str:
    """Returns the SHA-256 of a secret in hexadecimal.

    Unsalted, because the secrets have 256 random bits and stand in no list of guesses.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
