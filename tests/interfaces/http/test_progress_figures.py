"""Rates and times left: of what moves now, and nothing where that would be false."""

from datetime import timedelta
from typing import Any

import pytest

from galeria.domain.operations import OperationStep, StepStatus
from galeria.interfaces.http.progress_figures import RecentRates, mean_rate, seconds_left
from tests.adapters.db.samples import NOW


def step(second: float = 10, done: int = 0, **facts: Any) -> OperationStep:
    """A running step of a thousand bytes, `second` seconds after its start."""
    given = {"started_at": NOW, "name": "Store", **facts}
    return OperationStep(
        operation_id="o",
        position=0,
        bytes_done=done,
        bytes_total=1000,
        updated_at=NOW + timedelta(seconds=second),
        **given,
    )


def after(seconds: float) -> Any:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("silent", [step(10, 0), step(0, 10)])
def test_nothing_is_said_of_the_rate_before_there_is_one(silent: OperationStep) -> None:
    rate = mean_rate(silent, [silent], after(10))
    assert rate is None
    assert seconds_left(silent, rate) is None


def test_a_step_that_is_over_has_a_rate_and_no_time_left() -> None:
    over = step(2, 10, status=StepStatus.SUCCEEDED, ended_at=after(2))
    rate = mean_rate(over, [over], after(9999))
    assert (rate, seconds_left(over, rate)) == (5, None)


def test_a_step_under_way_has_the_mean_of_its_run() -> None:
    one = step(10, 100)
    rate = mean_rate(one, [one], after(11))
    assert (rate, seconds_left(one, rate)) == (10, 90)


def test_nothing_is_said_without_news() -> None:
    one = step(10, 100)
    assert mean_rate(one, [one], after(60)) is None
    assert RecentRates().rate(one, [one], after(60)) is None


def test_the_time_between_two_runs_is_in_no_mean() -> None:
    whole, again = step(3610, 0, started_at=after(3600)), step(3610, 500, region="westeurope", runs=0)
    assert mean_rate(again, [whole, again], after(3611)) is None
    resumed = step(3610, 500, started_at=after(3600), runs=2)
    assert mean_rate(resumed, [resumed], after(3611)) is None


def test_the_present_rate_counts_and_not_that_of_long_ago() -> None:
    rates = RecentRates()
    for second, done in ((10, 10), (600, 100), (605, 300), (610, 500)):
        one = step(second, done)
        rate = rates.rate(one, [one], after(second))
    assert rate == 40
    assert seconds_left(one, rate) == 12


def test_a_resumed_step_has_a_rate_as_soon_as_it_moves() -> None:
    rates, found = RecentRates(), []
    for second, done in ((3600, 100), (3602, 300)):
        one = step(second, done, runs=2)
        found.append(rates.rate(one, [one], after(second)))
    assert found == [None, 100]


def test_a_step_that_begins_anew_is_measured_anew() -> None:
    rates = RecentRates()
    for second, done in ((10, 900), (12, 100), (14, 200)):
        one = step(second, done, runs=2)
        rate = rates.rate(one, [one], after(second))
    assert rate == 50
