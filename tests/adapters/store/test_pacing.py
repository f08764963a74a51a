"""Bulk reading gives everything out once and in order, and gives others their turn."""

from galeria.adapters.store.pacing import LONGEST_WAIT, REST, with_pauses


class Time:
    """Goes on by what is worked and rested."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rests: list[float] = []

    def clock(self) -> float:
        return self.now

    def rest(self, seconds: float) -> None:
        self.now += seconds
        self.rests.append(seconds)

    def wait_quiet(self, seconds: float) -> None:
        """There is always somebody who waits."""
        self.rest(seconds)


def rests_of(count: int, seconds: float, *, busy: bool = False) -> list[float]:
    """In the work on so many things that take so many seconds each."""
    time = Time()
    for _ in with_pauses(range(count), time if busy else None, clock=time.clock, rest=time.rest):
        time.now += seconds
    return time.rests


def test_everything_is_handed_out_in_order() -> None:
    assert list(with_pauses(range(1000))) == list(range(1000))
    assert list(with_pauses(())) == []


def test_long_work_rests_and_short_work_does_not() -> None:
    assert rests_of(50, 0.001) == []
    assert len(rests_of(1000, 0.001)) > 100
    assert set(rests_of(1000, 0.001)) == {REST}


def test_it_rests_longer_while_people_wait_but_goes_on() -> None:
    rests = rests_of(1000, 0.001, busy=True)
    assert set(rests) == {REST, LONGEST_WAIT}
    assert rests.count(LONGEST_WAIT) == rests.count(REST)
    assert rests_of(50, 0.001, busy=True) == []
