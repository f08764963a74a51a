"""The real clock and the real dice."""

import secrets
import uuid
from datetime import UTC, datetime


class SystemClock:
    """The computer's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class RandomIdGenerator:
    """The kernel's random numbers."""

    def new_id(self) -> str:
        return uuid.uuid4().hex

    def new_guid(self) -> str:
        return str(uuid.uuid4())

    def new_secret(self) -> str:
        """43 characters, safe in URLs and in shells without quotes, and never taken for an option of a command."""
        while (secret := secrets.token_urlsafe(32)).startswith("-"):
            continue
        return secret
