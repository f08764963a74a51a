"""Compute the progress and remaining time of an operation from its steps' bytes and times."""

from galeria.domain.images.galleries import Replica
from galeria.domain.operations import Operation, OperationStep, StepStatus
from galeria.domain.states import OperationStatus, ReplicaState


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


def bytes_per_second(step: OperationStep) -> int | None:
    """Return the mean rate of the step's last run up to its last update. None while there is no figure."""
    seconds = ((step.ended_at or step.updated_at) - step.started_at).total_seconds()
    return int(step.bytes_done / seconds) if seconds > 0 and step.bytes_done > 0 else None


def seconds_left(step: OperationStep) -> int | None:
    """Return the remaining seconds at the mean rate so far. None while there is no figure, and when the step has ended."""
    rate = bytes_per_second(step)
    if step.status is not StepStatus.RUNNING or not rate or not step.bytes_total:
        return None
    return max(0, step.bytes_total - step.bytes_done) // rate


def _share(operation: Operation, moving: list[OperationStep], region: str) -> float:
    own = [step for step in moving if (step.region or operation.location) == region]
    total = sum(step.bytes_total for step in own)
    return min(1.0, sum(step.bytes_done for step in own) / total) if total else 0.0
