"""Soft deletion of image versions (docs/rules.md, "Soft delete"): usable by number, then only restorable, then removed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

POLICY = "gallery.properties.softDeletePolicy"
# The periods of the Azure CLI's own example; Azure documents no defaults.
RETENTION_DAYS, GRACE_DAYS = 7, 30
_MOST_DAYS = 365


class Retention(StrEnum):
    """How far a deleted version has gone: not deleted, usable by number, or only restorable."""

    ACTIVE = "Active"
    SOFT_DELETED = "SoftDeleted"  # usable by its exact number, never the latest
    EXPIRED = "Expired"  # not usable any more, still restorable


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """The two ends of a soft-deleted version: of its use, and of its existence."""

    consumption_ends: datetime
    hard_deletion: datetime


def deadlines(now: datetime, *, retention_days: int, grace_days: int) -> Deadlines:
    """Returns when a version deleted now stops being usable and when it is removed.

    A later change of the policy does not move them.
    """
    ends = now + timedelta(days=retention_days)
    return Deadlines(consumption_ends=ends, hard_deletion=ends + timedelta(days=grace_days))


def checked_days(days: int, *, least: int, what: str) -> int:
    """Returns the days if they are `least` to 365. Raises Invalid; `what` is the policy's property."""
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
