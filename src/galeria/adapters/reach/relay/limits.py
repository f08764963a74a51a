"""How often one address may connect. Counts are kept in memory, and for a bounded number of addresses."""

from ipaddress import ip_address

from galeria.domain.reach.relay import RelayRoute, Service
from galeria.domain.reach.server_settings import RelayLimits

MINUTE = 60.0
SHORT_PERIOD = 600.0  # seconds in which `short_sessions` may end too soon
MOST_KEYS = 10_000


class ConnectionBuckets:
    """Up to `size` at once for each key, and as many again in each period of `seconds`. A size of 0 allows any number."""

    def __init__(self, size: int, seconds: float) -> None:
        self._size, self._rate = size, size / seconds
        self._left: dict[object, tuple[float, float]] = {}  # what is left, and when that was

    def has(self, key: object, now: float) -> bool:
        """Return whether one is left."""
        return self._size == 0 or self._level(key, now) >= 1

    def take(self, key: object, now: float) -> None:
        """Take one, if any is left."""
        if self._size == 0:
            return
        self._left[key] = (max(0.0, self._level(key, now) - 1), now)
        if len(self._left) > MOST_KEYS:
            self._forget(now)

    def _level(self, key: object, now: float) -> float:
        left, at = self._left.get(key, (float(self._size), now))
        return min(float(self._size), left + (now - at) * self._rate)

    def _forget(self, now: float) -> None:
        """Forget the full ones; where none is full, the half that was longest not used."""
        kept = {key: each for key, each in self._left.items() if self._level(key, now) < self._size}
        if len(kept) > MOST_KEYS:
            newest = sorted(kept.items(), key=lambda item: item[1][1])[len(kept) // 2 :]
            kept = dict(newest)
        self._left = kept


class ConnectionLimits:
    """Decides about each new connection. `now` is a monotonic time in seconds."""

    def __init__(self, limits: RelayLimits) -> None:
        self.limits = limits
        self._all = ConnectionBuckets(limits.connections_per_minute, MINUTE)
        self._machine = ConnectionBuckets(limits.machine_connections_per_minute, MINUTE)
        self._short = ConnectionBuckets(limits.short_sessions, SHORT_PERIOD)

    def admit(self, address: str, route: RelayRoute, now: float) -> bool:
        """Return whether one more connection may be made, which then counts. Those that are refused do not."""
        network = network_of(address)
        own = (network, route.machine)
        if not (self._all.has(network, now) and self._machine.has(own, now)):
            return False
        if route.service is Service.SSH and not self._short.has(own, now):
            return False
        self._all.take(network, now)
        self._machine.take(own, now)
        return True

    def count_short(self, address: str, route: RelayRoute, now: float) -> None:
        """Count a session that ended too soon to have been used."""
        self._short.take((network_of(address), route.machine), now)


def network_of(address: str) -> str:
    """Return what is counted together: an IPv4 address, or the first 64 bits of IPv6, which one household has."""
    ip = ip_address(address.partition("%")[0])
    return str(ip) if ip.version == 4 else ip.exploded[:19]
