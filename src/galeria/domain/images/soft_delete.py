"""A deleted version may come back: usable by its exact number while it is retained, then only restorable, then gone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

POLICY = "gallery.properties.softDeletePolicy"
# The periods of the Azure CLI's own example; the service documents no defaults.
RETENTION_DAYS, GRACE_DAYS = 7, 30
_MOST_DAYS = 365


class Retention(StrEnum):
    ACTIVE = "Active"
    SOFT_DELETED = "SoftDeleted"  # usable by its exact number, never the latest
    EXPIRED = "Expired"  # not usable any more, still restorable


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    consumption_ends: datetime
    hard_deletion: datetime


def deadlines(now: datetime, *, retention_days: int, grace_days: int) -> Deadlines:
    """They are fixed at the deletion: a policy that changes later moves none of them."""
    ends = now + timedelta(days=retention_days)
    return Deadlines(consumption_ends=ends, hard_deletion=ends + timedelta(days=grace_days))


def checked_days(days: int, *, least: int, what: str) -> int:
    """Raises Invalid; `what` is the policy's property."""
    if not least <= days <= _MOST_DAYS:
        raise Invalid(
            Message(
                "{what} must be between {least} and {most_days}, inclusive; it is {days}.",
                what=what,
                least=least,
                most_days=_MOST_DAYS,
                days=days,
            ),
            hint=Message(
                "Without a number it is {retention_days}.", retention_days=RETENTION_DAYS if least else GRACE_DAYS
            ),
            target=f"{POLICY}.{what}",
        )
    return days
