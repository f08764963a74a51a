"""How often an address may connect, by a clock of the test's own."""

import pytest

from galeria.adapters.reach.relay.limits import MOST_KEYS, ConnectionBuckets, ConnectionLimits, network_of
from galeria.domain.reach.relay import RelayRoute, Service
from galeria.domain.reach.server_settings import RelayLimits

ONE = RelayRoute(port=61000, host="127.0.0.1", target=20000, service=Service.SSH, machine="one", scope="/labs/one")
TWO = RelayRoute(port=61001, host="127.0.0.1", target=20001, service=Service.SSH, machine="two", scope="/labs/two")
DESKTOP = RelayRoute(port=61002, host="127.0.0.2", target=20000, service=Service.RDP, machine="one", scope="/labs/one")
HOME = "203.0.113.9"


def limits(**given: int) -> ConnectionLimits:
    none = {"connections_per_minute": 0, "machine_connections_per_minute": 0, "short_sessions": 0}
    return ConnectionLimits(RelayLimits(**{**none, **given}))


def test_a_minutes_connections_may_come_at_once_and_more_come_with_time() -> None:
    decide = limits(connections_per_minute=6)
    assert [decide.admit(HOME, ONE, 0.0) for _ in range(7)] == [True] * 6 + [False]
    assert not decide.admit(HOME, ONE, 9.9)
    assert decide.admit(HOME, ONE, 10.1)  # one in ten seconds
    assert decide.admit("203.0.113.10", ONE, 10.1)
    assert [decide.admit(HOME, TWO, 1000.0) for _ in range(7)] == [True] * 6 + [False]


def test_each_machine_is_counted_for_itself_with_all_its_services() -> None:
    decide = limits(machine_connections_per_minute=2)
    assert [decide.admit(HOME, each, 0.0) for each in (ONE, DESKTOP, ONE, DESKTOP, TWO)] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_what_is_refused_counts_for_nothing() -> None:
    decide = limits(connections_per_minute=2, machine_connections_per_minute=1)
    assert [decide.admit(HOME, ONE, 0.0) for _ in range(5)] == [True] + [False] * 4
    assert decide.admit(HOME, TWO, 0.0)


def test_short_sessions_hold_up_ssh_to_that_machine_alone() -> None:
    decide = limits(short_sessions=20)
    for _ in range(20):
        assert decide.admit(HOME, ONE, 0.0)
        decide.count_short(HOME, ONE, 0.0)
    assert [decide.admit(HOME, each, 0.0) for each in (ONE, TWO, DESKTOP)] == [False, True, True]
    assert decide.admit("203.0.113.10", ONE, 0.0)
    assert not decide.admit(HOME, ONE, 29.0)
    assert decide.admit(HOME, ONE, 30.1)


def test_zero_is_any_number() -> None:
    decide = limits()
    for _ in range(500):
        decide.count_short(HOME, ONE, 0.0)
        assert decide.admit(HOME, ONE, 0.0)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2::9", "2001:0db8:0001:0002"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
    ],
)
def test_a_household_is_one_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_counts_are_kept_for_a_bounded_number_of_addresses() -> None:
    buckets = ConnectionBuckets(2, 60.0)
    for number in range(3 * MOST_KEYS):
        buckets.take(number, 0.001 * number)
        assert len(buckets._left) <= MOST_KEYS
    assert buckets.has(0, 0.001 * number)
    buckets.take("last", 40.0)
    buckets.take("last", 40.0)
    assert not buckets.has("last", 40.0)
