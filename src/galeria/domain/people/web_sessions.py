"""Browser sessions: the browser holds a secret in a cookie, the database only its SHA-256."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

# OWASP's session management advice: an idle timeout within a working day, and an absolute timeout.
IDLE = timedelta(hours=8)
LIFE = timedelta(days=7)
# The time of the last use is written this often at most, or every page would write a row.
SEEN_EVERY = timedelta(minutes=5)


@dataclass(eq=False, kw_only=True)
class WebSession:
    """A browser session of a signed-in person; `id` is the fingerprint of the cookie.

    It ends after `IDLE` without use, and at `expires_at` in any case.
    """

    id: str
    principal_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str = ""  # of the browser, shown to its owner
    browser: str = ""  # its User-Agent header, cut to 200 characters
    issuer: str = ""  # of the external provider; empty after a password

    def is_valid(self, now: datetime) -> bool:
        """Tells whether the session has neither expired nor been idle for too long."""
        return now < self.expires_at and now < self.seen_at + IDLE


def form_token(secret: str) -> str:
    """Returns the token that every form of a session carries, so that no other site can submit it: the HMAC-SHA-256 of
    a fixed word under the cookie's secret (OWASP, HMAC-based token pattern)."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()
