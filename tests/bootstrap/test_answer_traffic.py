"""Work in the background waits for answers, but not for ever, and not for what comes after an answer's beginning."""

import os

import pytest

from galeria.bootstrap.answer_traffic import HOLD, LOOK, AnswerTraffic
from galeria.interfaces.monitoring.observed_requests import ObservedRequest

ENDED = ObservedRequest(method="GET", route="/", status=200, person_id="", seconds=0.1, whole_seconds=99)


class Time:
    """Goes on by what is rested; at some moments something happens."""

    def __init__(self) -> None:
        self.now = 100.0
        self.traffic = AnswerTraffic(clock=lambda: self.now, rest=self._rest)
        self.answer_at: float | None = None

    def _rest(self, seconds: float) -> None:
        self.now += seconds
        if self.answer_at is not None and self.now >= self.answer_at:
            self.answer_at = None
            self.traffic.answered()

    def waited(self, seconds: float) -> float:
        began = self.now
        self.traffic.wait_quiet(seconds)
        return self.now - began


def near(found: float, wanted: float) -> bool:
    return wanted - 1e-6 <= found <= wanted + LOOK + 1e-6


def test_nobody_waits_where_nothing_is_asked() -> None:
    assert Time().waited(9) == 0


def test_an_answer_is_waited_for_and_a_moment_in_which_the_next_question_may_come() -> None:
    time = Time()
    time.traffic.began()
    time.answer_at = time.now + 0.2
    assert near(time.waited(9), 0.2 + HOLD)
    assert time.waited(9) == 0


def test_the_wait_ends_although_questions_come_without_end() -> None:
    time = Time()
    for _ in range(3):
        time.traffic.began()
    time.traffic.answered()
    assert near(time.waited(0.5), 0.5)
    assert near(time.waited(0.5), 0.5)


def test_what_comes_after_the_beginning_of_an_answer_is_not_waited_for() -> None:
    time = Time()
    time.traffic.began()
    time.traffic.answered()
    time.now += 2 * HOLD
    assert time.waited(9) == 0
    time.traffic.ended(ENDED)
    assert time.waited(9) == 0


@pytest.mark.parametrize("waiting", [0, 1])
def test_a_process_that_was_forked_before_sees_how_many_wait(waiting: int) -> None:
    rested: list[float] = []
    traffic = AnswerTraffic(rest=rested.append)
    told, telling = os.pipe()
    pid = os.fork()
    if not pid:
        os.read(told, 1)
        traffic.wait_quiet(LOOK)
        os._exit(bool(rested))
    for _ in range(waiting):
        traffic.began()
    os.write(telling, b"!")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == waiting
    os.close(told)
    os.close(telling)
