"""An operation as pages show it: its steps, their progress, and the remaining time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from galeria.actions.core.host_use import place_in_queue
from galeria.actions.core.operation_access import visible_operations
from galeria.actions.core.request import Request
from galeria.actions.versions.operations import can_cancel, can_retry, find_failure_record, get_operation
from galeria.domain.messages import Message, join
from galeria.domain.operations import Operation, OperationKind, OperationStep, StepStatus
from galeria.domain.states import OperationStatus, is_settled
from galeria.interfaces.http.progress_figures import RecentRates, percent, seconds_left


@dataclass(frozen=True, kw_only=True)
class StepView:
    name: Message
    region: str
    status: StepStatus
    bytes_done: int
    bytes_total: int
    rate: int | None  # bytes per second
    seconds_left: int | None
    seconds: float | None  # that the step took


@dataclass(frozen=True, kw_only=True)
class OperationView:
    id: str
    kind: OperationKind
    status: OperationStatus
    is_settled: bool
    percent: int
    error: Message
    error_code: str
    resource_id: str
    started_by: str
    is_steerable: bool  # whether this person may cancel or retry it
    created_at: datetime
    ended_at: datetime | None
    steps: tuple[StepView, ...]
    place: int = 0  # among the starts that wait for room on the host; 0 where it does not wait
    console: str = ""  # the last lines of the machine's console when the operation failed
    has_picture: bool = False  # whether there is one of the machine's screen at that moment

    @property
    def seconds_left(self) -> int | None:
        """Return the remaining seconds of the slowest step under way; None where one of them has no estimate."""
        known: list[int] = []
        for step in self.steps:
            if step.status is StepStatus.RUNNING and step.bytes_total:
                if step.seconds_left is None:
                    return None
                known.append(step.seconds_left)
        return max(known, default=None)


def get_operation_view(request: Request, id: str, rates: RecentRates | None = None) -> OperationView:
    """Return the operation. Raises NotFound also where this person may not read it.

    Who looks again gives the same `rates`, so that the time left follows the present rate.
    """
    operation, steps = get_operation(request, id)
    replicas = request.uow.versions.replicas(operation.subject)
    done = percent(operation, steps, replicas)
    regions = {each.name: each.display_name for each in request.settings.regions.all}
    is_steerable = (can_retry if is_settled(operation.status) else can_cancel)(request, operation)
    work = _work(
        operation, _steps(steps, regions, rates or RecentRates(), request.clock.now()), done, is_steerable=is_steerable
    )
    work = replace(work, place=place_in_queue(request, operation))
    record = find_failure_record(request, operation)
    return replace(work, console=record.console, has_picture=bool(record.picture)) if record else work


def work_under_way(request: Request, subject: str) -> list[OperationView]:
    """Return the operations on a version, lab or machine that this person may read."""
    running = visible_operations(request, request.uow.operations.running_on(subject))
    return [get_operation_view(request, each.id) for each in running]


def _work(operation: Operation, steps: list[StepView], done: int, *, is_steerable: bool) -> OperationView:
    return OperationView(
        id=operation.id,
        kind=operation.kind,
        status=operation.status,
        is_settled=is_settled(operation.status),
        percent=done,
        error=join(operation.error_message, operation.error_hint),
        error_code=operation.error_code,
        resource_id=operation.resource_id,
        started_by=operation.started_by,
        is_steerable=is_steerable,
        created_at=operation.created_at,
        ended_at=operation.ended_at,
        steps=tuple(steps),
    )


def _steps(steps: list[OperationStep], regions: Mapping[str, str], rates: RecentRates, now: datetime) -> list[StepView]:
    return [_step(each, regions, rates.rate(each, steps, now)) for each in steps]


def _step(step: OperationStep, regions: Mapping[str, str], rate: int | None) -> StepView:
    return StepView(
        name=Message(step.name),  # a step is stored by its identifier
        region=regions.get(step.region, step.region),
        status=step.status,
        bytes_done=step.bytes_done,
        bytes_total=step.bytes_total,
        rate=rate if step.ended_at is None else None,
        seconds_left=seconds_left(step, rate),
        seconds=(step.ended_at - step.started_at).total_seconds() if step.ended_at else None,
    )
