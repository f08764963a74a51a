"""Many connections are one use, which is over when nothing was open for a minute."""

from datetime import UTC, datetime, timedelta

from galeria.adapters.reach.relay.uses import MOST_KEPT, MOST_OPEN, QUIET_SECONDS, Uses
from galeria.domain.reach.relay import RelayRoute, Service

ONE = RelayRoute(port=61000, host="127.0.0.1", target=20000, service=Service.SSH, machine="one", scope="/labs/one")
HOME = "203.0.113.9"
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def end(uses: Uses, seconds: float, address: str = HOME, *, short: bool = False) -> None:
    uses.end(ONE, address, at(seconds), seconds, received=10, sent=3, short=short)


def test_connections_that_follow_one_another_are_one_use() -> None:
    uses = Uses()
    for second in (0, 50, 100):
        uses.begin(ONE, HOME, at(second))
        end(uses, second + 5, short=True)
        assert not uses.settle(second + 5 + QUIET_SECONDS - 1)
    assert uses.refuse(ONE, HOME, at(110), 110)
    assert not uses.refuse(ONE, HOME, at(111), 111)
    assert uses.settle(111 + QUIET_SECONDS)
    (use,) = uses.ended.values()
    assert (use.connections, use.short, use.refused, use.received, use.sent) == (3, 3, 2, 30, 9)
    assert (use.began, use.ended) == (at(0), at(111))


def test_what_is_open_is_not_over_however_long_it_is_quiet() -> None:
    uses = Uses()
    uses.begin(ONE, HOME, at(0))
    uses.begin(ONE, HOME, at(1))
    end(uses, 2)
    assert not uses.settle(10_000)
    assert uses.some_under_way
    end(uses, 10_001)
    assert uses.settle(10_001 + QUIET_SECONDS)
    assert not uses.some_under_way


def test_another_address_is_another_use_and_each_is_forgotten_by_its_id() -> None:
    uses = Uses()
    for address in (HOME, "203.0.113.10"):
        uses.begin(ONE, address, at(0))
        end(uses, 1, address)
    uses.settle(0, everything=True)
    first, second = uses.ended
    assert uses.forget([first, "unknown"])
    assert list(uses.ended) == [second]
    assert list(Uses(uses.ended.values()).ended) == [second]


def test_uses_are_bounded_and_what_is_lost_is_counted() -> None:
    uses = Uses()
    for number in range(MOST_OPEN + 5):
        address = f"2001:db8::{number:x}"
        uses.begin(ONE, address, at(0))
        end(uses, 1, address)
    assert uses.lost == 5
    uses.settle(0, everything=True)
    assert (len(uses.ended), uses.lost) == (MOST_KEPT, 5 + MOST_OPEN - MOST_KEPT)
