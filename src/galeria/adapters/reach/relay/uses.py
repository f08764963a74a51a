"""Who used what from when to when, in as few records as say it: many connections of one address are one use."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from galeria.domain.reach.relay import RelayRoute, RelayUse

QUIET_SECONDS = 60.0  # after which what has no open connection is over
MOST_OPEN = 5_000  # uses that are under way
MOST_KEPT = 1_000  # uses that are over and not recorded yet


@dataclass(slots=True)
class _OpenUse:
    use: RelayUse
    open: int = 0
    quiet_since: float = 0.0  # monotonic; counts while nothing is open


class Uses:
    """The uses under way, and those that wait to be recorded. `kept` are those that an earlier process left."""

    def __init__(self, kept: Iterable[RelayUse] = ()) -> None:
        self.ended: dict[str, RelayUse] = {each.id: each for each in kept}
        self.lost = 0
        self._under_way: dict[tuple[str, str, str], _OpenUse] = {}

    def begin(self, route: RelayRoute, address: str, at: datetime) -> None:
        """Note a connection that was let in."""
        found = self._ensure(route, address, at)
        if found is not None:
            found.open += 1
            found.use = replace(found.use, connections=found.use.connections + 1)

    def refuse(self, route: RelayRoute, address: str, at: datetime, now: float) -> bool:
        """Note a connection that was refused. Return whether it was the first refusal of its use."""
        found = self._ensure(route, address, at)
        if found is None:
            return False
        found.quiet_since = now
        found.use = replace(found.use, refused=found.use.refused + 1, ended=at)
        return found.use.refused == 1

    def end(
        self, route: RelayRoute, address: str, at: datetime, now: float, *, received: int, sent: int, short: bool
    ) -> None:
        """Note that a connection is over, and the bytes that it carried from and to the machine."""
        found = self._under_way.get(_key(route, address))
        if found is None:
            return
        use, found.quiet_since = found.use, now
        found.open -= 1
        found.use = replace(
            use, ended=at, short=use.short + short, received=use.received + received, sent=use.sent + sent
        )

    def settle(self, now: float, *, everything: bool = False) -> bool:
        """Move what is over to what waits to be recorded; return whether there was any."""
        over = [
            key
            for key, each in self._under_way.items()
            if everything or (each.open == 0 and now - each.quiet_since >= QUIET_SECONDS)
        ]
        for key in over:
            use = self._under_way.pop(key).use
            if len(self.ended) < MOST_KEPT:
                self.ended[use.id] = use
            else:
                self.lost += 1
        return bool(over)

    def forget(self, ids: Iterable[str]) -> bool:
        """Forget uses that were recorded; return whether there were any."""
        return any([self.ended.pop(id, None) for id in ids])

    @property
    def some_under_way(self) -> bool:
        """Whether any use is not over yet."""
        return bool(self._under_way)

    def _ensure(self, route: RelayRoute, address: str, at: datetime) -> _OpenUse | None:
        key = _key(route, address)
        found = self._under_way.get(key)
        if found is None:
            if len(self._under_way) >= MOST_OPEN:
                self.lost += 1
                return None
            found = self._under_way[key] = _OpenUse(
                RelayUse(
                    id=uuid.uuid4().hex,
                    machine=route.machine,
                    scope=route.scope,
                    service=route.service,
                    address=address,
                    began=at,
                    ended=at,
                    connections=0,
                    short=0,
                    refused=0,
                    received=0,
                    sent=0,
                )
            )
        return found


def _key(route: RelayRoute, address: str) -> tuple[str, str, str]:
    return (route.scope, route.service, address)
