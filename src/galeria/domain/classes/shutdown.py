"""When a machine that nobody uses is switched off: Azure's three rules, what is known of its use, and the warning before.

After everybody has left; when nobody ever came; and when nobody types, whatever else the machine does or, with LowUsage, only
while it does little.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from galeria.domain.durations import parse_duration
from galeria.domain.labs.profiles import Profiles
from galeria.domain.messages import Message

USUAL_DELAY = timedelta(minutes=15)
"""Where a rule is switched on without a delay."""

CONNECTED = timedelta(seconds=100)
"""For which somebody counts as connected who was seen: screens and terminals say it twice a minute, the relay once."""

LONGEST_WARNING = timedelta(minutes=5)
LEAST_WARNING = timedelta(minutes=1)

FEW_BYTES = 200
"""Sent to a machine within a minute by programs that keep their connection alive; whoever types sends more."""

LOW_SHARE = 0.1
"""Of one processor: what a system without anything to do takes at most, also under emulation."""


class ShutdownReason(StrEnum):
    """Why a machine is to be switched off."""

    LEFT = "everybody has left it"
    NEVER_CONNECTED = "nobody has connected to it"
    IDLE = "nobody works at it"

    @property
    def text(self) -> Message:
        """The reason as a part of a sentence about the machine."""
        return _REASONS[self]


_REASONS = {
    ShutdownReason.LEFT: Message("everybody has left it"),
    ShutdownReason.NEVER_CONNECTED: Message("nobody has connected to it"),
    ShutdownReason.IDLE: Message("nobody works at it"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShutdownRules:
    """The rules of a lab; a delay of None switches one off."""

    after_leaving: timedelta | None = None
    when_not_connected: timedelta | None = None
    when_idle: timedelta | None = None
    is_busy_in_use: bool = False  # whether a busy processor counts as use

    def __bool__(self) -> bool:
        """Tells whether any rule is switched on."""
        return any(each is not None for each in (self.after_leaving, self.when_not_connected, self.when_idle))


@dataclass(eq=False, kw_only=True)
class MachinePresence:
    """What is known of the use of a machine since its start. It is forgotten when the machine is off."""

    machine_id: str
    running_since: datetime
    connected_at: datetime | None = None  # when somebody was last seen connected
    typed_at: datetime | None = None  # when input was last seen
    busy_at: datetime | None = None  # when its processors were last seen busy
    sent_bytes: int = 0  # through the relay, by those who are connected now
    processor_seconds: float = 0.0
    looked_at: datetime  # when the two figures above were taken
    kept_at: datetime | None = None  # when somebody last answered the warning
    warned_at: datetime | None = None  # of the shutdown that is due next
    reason: ShutdownReason | None = None  # of that

    def is_connected(self, now: datetime) -> bool:
        """Tells whether somebody is connected now."""
        return self.connected_at is not None and now - self.connected_at <= CONNECTED


@dataclass(frozen=True, kw_only=True, slots=True)
class DueShutdown:
    """The next shutdown of a machine if nobody does anything: when, and when its warning is."""

    reason: ShutdownReason
    at: datetime
    warning_at: datetime


def shutdown_rules(profiles: Profiles) -> ShutdownRules:
    """Returns the rules that a lab with these profiles has."""
    profile = profiles.get("autoShutdownProfile") or {}
    idle = profile.get("shutdownOnIdle", "None")
    return ShutdownRules(
        after_leaving=_delay(profile, "disconnectDelay", is_on=profile.get("shutdownOnDisconnect") == "Enabled"),
        when_not_connected=_delay(
            profile, "noConnectDelay", is_on=profile.get("shutdownWhenNotConnected") == "Enabled"
        ),
        when_idle=_delay(profile, "idleDelay", is_on=idle != "None"),
        is_busy_in_use=idle == "LowUsage",
    )


def find_due_shutdown(rules: ShutdownRules, seen: MachinePresence, now: datetime) -> DueShutdown | None:
    """Returns the shutdown that comes first; None where no rule asks for one as things are."""
    found: list[DueShutdown] = []
    base = max(filter(None, (seen.running_since, seen.kept_at)))
    if rules.after_leaving is not None and seen.connected_at and not seen.is_connected(now):
        found.append(_due(ShutdownReason.LEFT, max(base, seen.connected_at), rules.after_leaving))
    if rules.when_not_connected is not None and seen.connected_at is None:
        found.append(_due(ShutdownReason.NEVER_CONNECTED, base, rules.when_not_connected))
    if rules.when_idle is not None:
        busy = seen.busy_at if rules.is_busy_in_use else None
        found.append(_due(ShutdownReason.IDLE, max(filter(None, (base, seen.typed_at, busy))), rules.when_idle))
    return min(found, key=lambda each: each.at, default=None)


def _due(reason: ShutdownReason, since: datetime, delay: timedelta) -> DueShutdown:
    at = since + delay
    return DueShutdown(reason=reason, at=at, warning_at=at - min(LONGEST_WARNING, delay / 2))


def _delay(profile: Profiles, name: str, *, is_on: bool) -> timedelta | None:
    if not is_on:
        return None
    text = profile.get(name)
    return timedelta(seconds=parse_duration(text, name)) if text else USUAL_DELAY
