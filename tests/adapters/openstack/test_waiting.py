"""While something is waited for, a cloud may give no answer for a while."""

import pytest

from galeria.adapters.openstack.cloud import NO_ANSWER
from galeria.adapters.openstack.waiting import AWAY_SECONDS, until
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        monkeypatch.setattr("time.sleep", self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


def away() -> MachineFailed:
    return MachineFailed(Message("The cloud does not answer."), code=NO_ANSWER)


def test_a_cloud_that_is_away_for_a_moment_ends_no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, asked = Clock(monkeypatch), list[float]()

    def is_done() -> bool:
        asked.append(clock.now)
        if 5 < clock.now < AWAY_SECONDS:
            raise away()
        return clock.now > AWAY_SECONDS + 5

    until(is_done, 1000, Message("a thing"))
    assert asked[-1] > AWAY_SECONDS + 5


def test_one_that_stays_away_does(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)

    def is_done() -> bool:
        raise away()

    with pytest.raises(MachineFailed, match="does not answer"):
        until(is_done, 1000, Message("a thing"))
    assert clock.now == pytest.approx(AWAY_SECONDS, abs=2)


def test_what_it_refuses_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)

    def is_done() -> bool:
        raise MachineFailed(Message("Used up."), code="QuotaExceeded")

    with pytest.raises(MachineFailed, match="Used up"):
        until(is_done, 1000, Message("a thing"))
    assert clock.now == 0
