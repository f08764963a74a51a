"""The steps that an operation shows: rows with a name, a state, and the bytes done and expected."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import ParamSpec, TypeVar

from galeria.domain.errors import Canceled, GaleriaError
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationStep, StepStatus
from galeria.ports.database import Database, UnitOfWork
from galeria.ports.progress import Progress
from galeria.ports.work import Clock, Step

P = ParamSpec("P")
R = TypeVar("R")

# Shortest time between two writes of progress: a bar still moves smoothly, and one SQLite file keeps up.
WRITE_EVERY = timedelta(milliseconds=250)


Requirement = Callable[[UnitOfWork, Operation], None]
"""Raises Forbidden or Conflict where the operation may not go on."""


class ShownStep:
    """Wraps a durable step and keeps its row. The row is written within the step, so that a replayed step leaves it alone.

    Before each step `require` is asked, and whether the operation was canceled; neither of one that is not `cancelable`, which
    must not be left half done.
    """

    def __init__(
        self,
        step: Step,
        database: Database,
        clock: Clock,
        operation_id: str,
        *,
        cancelable: bool,
        require: Requirement = lambda uow, operation: None,
    ) -> None:
        self._step, self._database, self._clock = step, database, clock
        self._operation_id, self._cancelable, self._require = operation_id, cancelable, require

    def __call__(self, name: Message, do: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._step(str(name), self._run, str(name), partial(do, *args, **kwargs))

    def _run(self, name: str, work: Callable[[], R]) -> R:
        with self._database() as uow:
            operation = uow.operations.get(self._operation_id)
            if self._cancelable:
                if operation.cancel_requested:
                    raise canceled()
                self._require(uow, operation)
            row = _row(uow, self._operation_id, name, "", self._clock.now())
            row.runs = row.runs + 1 if row.ended_at is None and row.runs else 1
            row.status, row.ended_at, row.started_at = StepStatus.RUNNING, None, self._clock.now()
            uow.commit()
        try:
            result = work()
        except GaleriaError:
            self._close(name, StepStatus.FAILED)
            raise
        self._close(name, StepStatus.SUCCEEDED)
        return result

    def _close(self, name: str, status: StepStatus) -> None:
        """End the rows of the step and of its regions that are still running."""
        with self._database() as uow:
            for row in uow.operations.steps(self._operation_id):
                if row.name == name and row.status is StepStatus.RUNNING:
                    row.status, row.ended_at = status, self._clock.now()
            uow.commit()


class DatabaseMeter:
    """Records the progress of running steps in bytes, and raises Canceled where cancellation was requested."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def __call__(self, operation_id: str, step: str, region: str = "", version_id: str = "") -> Progress:
        lock = Lock()
        written = [datetime.min.replace(tzinfo=self._clock.now().tzinfo)]

        def progress(*, done: int, total: int) -> None:
            now = self._clock.now()
            with lock:
                if now - written[0] < WRITE_EVERY and done < total:
                    return
                written[0] = now
            with self._database() as uow:
                if uow.operations.get(operation_id).cancel_requested:
                    raise canceled()
                row = _row(uow, operation_id, step, region, now)
                row.bytes_done, row.bytes_total, row.updated_at = done, total, now
                replica = uow.versions.find_replica(version_id, region) if version_id else None
                if replica:
                    replica.bytes_done, replica.bytes_total = done, total
                uow.commit()

        return progress


def close_region(database: Database, clock: Clock, operation_id: str, step: str, region: str, *, ok: bool) -> None:
    """End the row of one region's part of a step, as succeeded or as failed."""
    with database() as uow:
        now = clock.now()
        row = _row(uow, operation_id, step, region, now)
        row.status, row.ended_at = StepStatus.SUCCEEDED if ok else StepStatus.FAILED, now
        uow.commit()


def canceled() -> Canceled:
    return Canceled(Message("The operation was canceled."), hint=Message("Retry it to continue where it stopped."))


def _row(uow: UnitOfWork, operation_id: str, name: str, region: str, now: datetime) -> OperationStep:
    row = uow.operations.find_step(operation_id, name, region)
    if row is None:
        position = len(uow.operations.steps(operation_id))
        row = OperationStep(
            operation_id=operation_id,
            position=position,
            name=str(name),  # the English of a message: its identifier
            region=region,
            runs=0,
            started_at=now,
            updated_at=now,
        )
        uow.operations.add_step(row)
        uow.flush()
    return row
