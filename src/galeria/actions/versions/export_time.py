"""Estimates how long an export takes, from how fast the last ones were here."""

from dataclasses import dataclass
from datetime import timedelta

from galeria.actions.core.request import Request
from galeria.actions.versions.exports import ExportEstimate
from galeria.domain.operations import VERSION_MAKING, OperationStep
from galeria.domain.states import OperationStatus

LOOKED_AT = 200  # newest operations that are read
LEARNED_FROM = 5  # operations that made versions and are measured


@dataclass(frozen=True, kw_only=True)
class _Pace:
    """The measured speeds of exports, in bytes per second."""

    reading: float
    sending: float


def estimate_time(request: Request, estimate: ExportEstimate) -> timedelta | None:
    """Returns how long the export may take, with all regions filled at once; None where nothing was measured yet."""
    pace = _measured(request)
    if pace is None:
        return None
    slowest = max((each.send_bytes for each in estimate.regions), default=0)
    return timedelta(seconds=estimate.read_bytes / pace.reading + slowest / pace.sending)


def _measured(request: Request) -> _Pace | None:
    recent = request.uow.operations.recent(limit=LOOKED_AT)
    made = [each for each in recent if each.kind in VERSION_MAKING and each.status is OperationStatus.SUCCEEDED]
    steps = [step for each in made[:LEARNED_FROM] for step in request.uow.operations.steps(each.id)]
    reading = _mean([step for step in steps if not step.region])
    if reading is None:
        return None
    return _Pace(reading=reading, sending=_mean([step for step in steps if step.region]) or reading)


def _mean(steps: list[OperationStep]) -> float | None:
    """Returns the mean bytes per second of the steps that moved bytes; None where none did."""
    moved = [(step.bytes_done, (step.ended_at - step.started_at).total_seconds()) for step in steps if step.ended_at]
    done = [(count, seconds) for count, seconds in moved if count > 0 and seconds > 0]
    return sum(count for count, _ in done) / sum(seconds for _, seconds in done) if done else None
