"""Limits on the rate of requests: of each person, and of each address for those who are not signed in.

Each is a bucket of tokens that fills up within a minute. The counts are in the memory of this process.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import Scope

from galeria.domain.errors import TooManyRequests
from galeria.domain.messages import Message
from galeria.domain.request_rates import RequestRates
from galeria.log_context import note_person

MINUTE = 60.0  # seconds
MOST_KEYS = 20_000  # invented addresses must not fill the memory; the one that asked longest ago is forgotten first
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADER = "x-ms-ratelimit-remaining-subscription"  # and "-reads", "-writes" or "-deletes", as ARM answers
_KNOWN, _REMAINING = "galeria_known", "galeria_remaining"  # keys of the request's state


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float  # when the tokens were counted, in seconds


class Buckets:
    """Takes `most` requests of each key in a minute. Safe for several threads."""

    def __init__(self, most: int, *, now: Callable[[], float]) -> None:
        self.most = most
        self._now = now
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> float:
        """Take one token. Return how many are left; a negative number is minus the seconds until the next one."""
        now, rate = self._now(), self.most / MINUTE
        with self._lock:
            bucket = self._buckets.pop(key, None) or _Bucket(self.most, now)
            self._buckets[key] = bucket
            bucket.tokens, bucket.at = min(self.most, bucket.tokens + (now - bucket.at) * rate), now
            while len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
            if bucket.tokens < 1:
                return (bucket.tokens - 1) / rate
            bucket.tokens -= 1
            return bucket.tokens


class RequestLimits:
    """The limits of one server. `now` is a clock in seconds that never goes back."""

    def __init__(self, rates: RequestRates, *, now: Callable[[], float] = time.monotonic) -> None:
        self._reads = Buckets(rates.reads, now=now)
        self._writes = Buckets(rates.writes, now=now)
        self._strangers = Buckets(rates.strangers, now=now)

    def admit(self, scope: Scope, principal_id: str) -> None:
        """Count a request of a principal who became known, and note how many more are left. Raises TooManyRequests."""
        note_known(scope)
        note_person(principal_id)
        method = scope.get("method", "GET")
        buckets, setting = (self._reads, "reads") if method in _READS else (self._writes, "writes")
        if not buckets.most:
            return
        left = buckets.take(principal_id)
        if left < 0:
            raise _refusal(
                Message("You have sent as many requests as one person may in a minute: {most}.", most=buckets.most),
                f"{setting}_per_minute",
                left,
            )
        scope["state"][_REMAINING] = {
            f"{_HEADER}-{'deletes' if method == 'DELETE' else setting}": str(math.floor(left))
        }

    def admit_stranger(self, address: str) -> None:
        """Count a request of somebody at the address who is not signed in. Raises TooManyRequests."""
        if not self._strangers.most:
            return
        left = self._strangers.take(_network(address))
        if left < 0:
            raise _refusal(
                Message(
                    "From this address came as many requests without sign-in as are taken in a minute: {most}.",
                    most=self._strangers.most,
                ),
                "strangers_per_minute",
                left,
            )


def note_known(scope: Scope) -> None:
    """Note that the request's credentials were right, so that it is not counted as a stranger's."""
    scope.setdefault("state", {})[_KNOWN] = True


def is_known(scope: Scope) -> bool:
    return _KNOWN in scope["state"]


def remaining_of(scope: Scope) -> dict[str, str]:
    """Return the header that tells how many more requests are taken; none for strangers, or where any number is."""
    found: dict[str, str] = scope["state"].get(_REMAINING, {})
    return found


def _refusal(message: Message, setting: str, left: float) -> TooManyRequests:
    seconds = max(1, math.ceil(-left))
    return TooManyRequests(
        message,
        hint=Message(
            "Try again in {seconds} seconds; an administrator can raise '{setting}' under [requests] in galeria.toml.",
            seconds=seconds,
            setting=setting,
        ),
        seconds=seconds,
    )


def _network(address: str) -> str:
    """Return what one stranger has: an IPv4 address, or the 64 bits of an IPv6 network, whose others cost nothing."""
    try:
        known = ip_address(address)
    except ValueError:
        return ""
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or ip_network((known, 64), strict=False))
    return str(known)
