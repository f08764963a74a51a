"""Compute the progress and remaining time of an operation from its steps' bytes and times."""

from datetime import datetime, timedelta

from galeria.domain.images.galleries import Replica
from galeria.domain.operations import Operation, OperationStep, StepStatus
from galeria.domain.states import OperationStatus, ReplicaState

RECENT = timedelta(seconds=20)
"""How far back a present rate looks."""
SILENCE = timedelta(seconds=15)
"""After so long without news of a step nobody knows how fast it is."""


def percent(operation: Operation, steps: list[OperationStep], replicas: list[Replica]) -> int:
    """Return 0 to 100, and 100 only at the end.

    Every region has the same weight, whether its bytes have moved, are moving, or wait.
    """
    if operation.status is OperationStatus.SUCCEEDED:
        return 100
    moving = [step for step in steps if step.bytes_total > 0]
    waiting = {each.region for each in replicas if each.state is not ReplicaState.COMPLETED}
    regions = {step.region or operation.location for step in moving} | waiting
    if not moving:
        return 0
    done = sum(_share(operation, moving, region) for region in regions)
    return min(99, int(100 * done / len(regions)))


def mean_rate(step: OperationStep, steps: list[OperationStep], now: datetime) -> int | None:
    """Return the bytes per second of the step's last run up to its last update; None where that would say nothing true.

    Bytes of an earlier run, and the time between two runs, are in the figures of a step that was begun again: while it goes on
    it has no mean. Neither has one of which there is no news.
    """
    if step.ended_at is None and (_is_silent(step, now) or _is_repeated(step, steps)):
        return None
    seconds = ((step.ended_at or step.updated_at) - step.started_at).total_seconds()
    return int(step.bytes_done / seconds) if seconds > 0 and step.bytes_done > 0 else None


def seconds_left(step: OperationStep, rate: int | None) -> int | None:
    """Return the remaining seconds at that rate. None while there is no figure, and when the step has ended."""
    if step.status is not StepStatus.RUNNING or not rate or not step.bytes_total:
        return None
    return max(0, step.bytes_total - step.bytes_done) // rate


class RecentRates:
    """The rates of running steps in the last seconds, for who looks at an operation again and again."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], list[tuple[datetime, int]]] = {}

    def rate(self, step: OperationStep, steps: list[OperationStep], now: datetime) -> int | None:
        """Return the bytes per second since some seconds ago, or the mean until something was seen to move."""
        if step.ended_at is not None:
            return mean_rate(step, steps, now)
        seen = self._seen.setdefault((step.name, step.region), [])
        if seen and step.bytes_done < seen[-1][1]:  # begun again
            seen.clear()
        if not seen or step.updated_at > seen[-1][0]:
            seen.append((step.updated_at, step.bytes_done))
        while len(seen) > 2 and seen[0][0] <= step.updated_at - RECENT:
            del seen[0]
        if _is_silent(step, now):
            return None
        moved, seconds = step.bytes_done - seen[0][1], (step.updated_at - seen[0][0]).total_seconds()
        return int(moved / seconds) if seconds >= 1 and moved > 0 else mean_rate(step, steps, now)


def _is_silent(step: OperationStep, now: datetime) -> bool:
    return now - step.updated_at > SILENCE


def _is_repeated(step: OperationStep, steps: list[OperationStep]) -> bool:
    """Return whether it, or the step that it is a region of, was run before."""
    own = [each for each in steps if each.name == step.name]
    return any(each.runs > 1 or (not each.region and each.started_at > step.started_at) for each in own)


def _share(operation: Operation, moving: list[OperationStep], region: str) -> float:
    own = [step for step in moving if (step.region or operation.location) == region]
    total = sum(step.bytes_total for step in own)
    return min(1.0, sum(step.bytes_done for step in own) / total) if total else 0.0
