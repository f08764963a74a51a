"""A server says whether it has what it needs, also where something of it hangs."""

import threading
from collections.abc import Iterator

import pytest

from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message
from galeria.interfaces.monitoring.readiness import Readiness
from tests.waiting import until


class Need:
    """Something that a server needs; it can be broken, or hang."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.answers = threading.Event()
        self.answers.set()
        self.asked = 0

    def __call__(self) -> None:
        self.asked += 1
        self.answers.wait(30)
        if self.fault:
            raise self.fault


@pytest.fixture
def need() -> Iterator[Need]:
    need = Need()
    yield need
    need.answers.set()


@pytest.fixture
def time() -> list[float]:
    return [0.0]


@pytest.fixture
def readiness(need: Need, time: list[float]) -> Readiness:
    return Readiness({"database": need, "disk": lambda: None}, patience=0.2, now=lambda: time[0])


def faults(readiness: Readiness) -> dict[str, str]:
    return {each.name: str(each.fault) for each in readiness.findings() if not each.is_ready}


def test_it_is_ready_while_nothing_is_missing(readiness: Readiness) -> None:
    assert [each.name for each in readiness.findings()] == ["database", "disk"]
    assert faults(readiness) == {}


def test_what_is_missing_is_told_as_it_tells_it(readiness: Readiness, need: Need) -> None:
    need.fault = Unavailable(Message("The disk is gone."), hint=Message("Plug it in."))
    assert faults(readiness) == {"database": "The disk is gone. Plug it in."}


def test_a_bug_in_a_check_is_a_fault_and_not_an_answer(readiness: Readiness, need: Need) -> None:
    need.fault = KeyError("secret")
    assert faults(readiness) == {"database": "It failed with KeyError. The server's log says more."}


def test_one_look_serves_all_who_ask_within_two_seconds(readiness: Readiness, need: Need, time: list[float]) -> None:
    for time[0] in (0.0, 1.0, 1.9):
        readiness.findings()
    assert need.asked == 1
    time[0] = 2.0
    readiness.findings()
    assert need.asked == 2


def test_what_hangs_is_missing_and_keeps_one_thread(readiness: Readiness, need: Need, time: list[float]) -> None:
    need.answers.clear()
    for time[0] in (0.0, 10.0, 20.0):
        assert faults(readiness) == {
            "database": "It has not answered for 0 seconds. Look whether it runs, and whether its disk or network does."
        }
    assert need.asked == 1
    need.answers.set()
    until(lambda: need.asked == 1 and not _checking(), "the check returns")
    time[0] = 30.0
    assert faults(readiness) == {}


def test_who_is_being_stopped_is_not_ready(readiness: Readiness) -> None:
    readiness.stop()
    assert faults(readiness) == {"server": "The server is being stopped. Try again once it was started anew."}


def _checking() -> bool:
    return any(each.name == "check-database" for each in threading.enumerate())
