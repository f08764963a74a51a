"""The system's clock, and random identifiers, and the version that is installed."""

import secrets
import uuid
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Return this program's version; "unknown" for sources that were never installed."""
    try:
        return version("galeria")
    except PackageNotFoundError:
        return "unknown"


class SystemClock:
    """Implements Clock with the computer's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class RandomIdGenerator:
    """Implements IdGenerator with the kernel's random numbers."""

    def new_id(self) -> str:
        return uuid.uuid4().hex

    def new_guid(self) -> str:
        return str(uuid.uuid4())

    def new_secret(self) -> str:
        """Return 43 random characters that are safe in URLs and unquoted in shells, and that no command takes for an option."""
        while (secret := secrets.token_urlsafe(32)).startswith("-"):
            continue
        return secret
