"""A person signed in in a browser: what the browser holds is a secret, what is kept here is its fingerprint."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

# OWASP's session management advice: an idle end within a working day, and an end that no use can push away.
IDLE = timedelta(hours=8)
LIFE = timedelta(days=7)
# Every page would otherwise write a row.
SEEN_EVERY = timedelta(minutes=5)


@dataclass(eq=False, kw_only=True)
class WebSession:
    """`id` is the fingerprint of the cookie. It ends when nobody used it for `IDLE`, and at `expires_at` in any case."""

    id: str
    principal_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str = ""  # of the browser, shown to its owner
    browser: str = ""  # what it calls itself, cut to 200 characters
    issuer: str = ""  # who vouched for the person; empty after a password

    def is_valid(self, now: datetime) -> bool:
        return now < self.expires_at and now < self.seen_at + IDLE


def form_token(secret: str) -> str:
    """What a form of this session carries, so that no other site can send it: derived from the cookie, which no other
    site can read (OWASP: HMAC-based token pattern)."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()
