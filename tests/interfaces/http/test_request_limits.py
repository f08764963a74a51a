"""The rate of requests: of each person and of each address, with a clock that the test moves."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from galeria.domain.errors import TooManyRequests
from galeria.domain.request_rates import RequestRates
from galeria.interfaces.http import request_limits
from galeria.interfaces.http.request_limits import RequestLimits, is_known, remaining_of


class Seconds:
    def __init__(self) -> None:
        self.value = 100.0

    def __call__(self) -> float:
        return self.value


def scope(method: str = "GET") -> dict[str, Any]:
    return {"type": "http", "method": method}


def left(limits: RequestLimits, method: str = "GET", who: str = "ana") -> dict[str, str]:
    asked = scope(method)
    limits.admit(asked, who)
    assert is_known(asked)
    return remaining_of(asked)


def test_a_minutes_requests_may_come_at_once_and_come_back_one_by_one() -> None:
    now = Seconds()
    limits = RequestLimits(RequestRates(reads=6, writes=2), now=now)
    assert [left(limits) for _ in range(6)] == [
        {"x-ms-ratelimit-remaining-subscription-reads": str(5 - number)} for number in range(6)
    ]
    with pytest.raises(TooManyRequests, match="as one person may in a minute: 6") as refused:
        left(limits)
    assert refused.value.seconds == 10
    assert "Try again in 10 seconds" in str(refused.value.hint)
    assert "'reads_per_minute' under [requests]" in str(refused.value.hint)
    now.value += 9.9
    with pytest.raises(TooManyRequests):
        left(limits)
    now.value += 0.2
    left(limits)
    now.value += 3600
    assert left(limits) == {"x-ms-ratelimit-remaining-subscription-reads": "5"}


def test_reads_writes_and_people_are_counted_apart_and_deletions_are_writes() -> None:
    limits = RequestLimits(RequestRates(reads=1, writes=3), now=Seconds())
    left(limits)
    assert left(limits, "PUT") == {"x-ms-ratelimit-remaining-subscription-writes": "2"}
    assert left(limits, "DELETE") == {"x-ms-ratelimit-remaining-subscription-deletes": "1"}
    left(limits, "POST")
    with pytest.raises(TooManyRequests, match="minute: 3") as refused:
        left(limits, "PATCH")
    assert "'writes_per_minute'" in str(refused.value.hint)
    with pytest.raises(TooManyRequests, match="minute: 1"):
        left(limits, "HEAD")
    left(limits, who="bia")


def test_zero_is_any_number() -> None:
    limits = RequestLimits(RequestRates(reads=0, writes=0, strangers=0), now=Seconds())
    for _ in range(100):
        assert left(limits) == left(limits, "PUT") == {}
        limits.admit_stranger("192.0.2.1")


def test_strangers_are_counted_by_address_and_by_the_network_of_ipv6() -> None:
    limits = RequestLimits(RequestRates(strangers=2), now=Seconds())
    for address in ("192.0.2.1", "::ffff:192.0.2.1"):
        limits.admit_stranger(address)
    with pytest.raises(TooManyRequests, match="without sign-in as are taken in a minute: 2") as refused:
        limits.admit_stranger("192.0.2.1")
    assert "'strangers_per_minute'" in str(refused.value.hint)
    limits.admit_stranger("192.0.2.2")
    limits.admit_stranger("2001:db8::1")
    limits.admit_stranger("2001:db8::2")
    with pytest.raises(TooManyRequests):
        limits.admit_stranger("2001:db8::ffff:ffff:ffff:ffff")
    limits.admit_stranger("2001:db8:0:1::1")


def test_invented_addresses_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "MOST_KEYS", 10)
    limits = RequestLimits(RequestRates(strangers=1), now=Seconds())
    for number in range(50):
        limits.admit_stranger(f"192.0.2.{number}")
    assert len(limits._strangers._buckets) == 10
    with pytest.raises(TooManyRequests):
        limits.admit_stranger("192.0.2.49")


def test_threads_do_not_pass_together() -> None:
    limits = RequestLimits(RequestRates(reads=50), now=Seconds())

    def ask(_: int) -> bool:
        try:
            left(limits)
        except TooManyRequests:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(400))) == 50
