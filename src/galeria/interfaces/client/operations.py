"""Begin operations of a server, follow them to their end, cancel and retry them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from galeria.domain.errors import GaleriaError, Unavailable
from galeria.domain.messages import Message
from galeria.interfaces.client.connection import Json, ServerConnection, ServerResponse, path_of
from galeria.interfaces.client.error_responses import of_operation

API = "2026-01-01"
LONGEST_PAUSE = 0.3  # seconds between two requests at most, whatever the server proposes
FIRST_PAUSE = 0.03  # seconds; each pause is twice the one before, because much of the work is short
_SETTLED = {"Succeeded", "Failed", "Canceled"}


@dataclass(frozen=True, kw_only=True)
class StartedWork:
    """The first answer of a method, and where to follow its operation; None where there is nothing to wait for."""

    resource: Json
    operation: str | None


@dataclass(frozen=True, kw_only=True)
class StepSnapshot:
    """One named step, in one region where that matters."""

    name: str
    region: str
    status: str  # Running, Succeeded, Failed
    runs: int
    bytes_done: int
    bytes_total: int
    bytes_per_second: float | None
    seconds_left: float | None


@dataclass(frozen=True, kw_only=True)
class OperationSnapshot:
    """An operation at one moment."""

    id: str
    kind: str
    status: str  # NotStarted, InProgress, Succeeded, Failed, Canceled
    percent: float
    resource_id: str
    attempt: int
    steps: tuple[StepSnapshot, ...]
    output: Json
    error: Json  # {code, message}; empty unless it failed or was canceled
    console: str  # the machine's last lines when it failed, for those who may read the machine; else empty
    raw: Json = field(repr=False)

    @property
    def is_settled(self) -> bool:
        return self.status in _SETTLED

    @property
    def failure(self) -> GaleriaError | None:
        """The error of the operation, None where it did not fail."""
        return of_operation(self.status, self.error) if self.status in _SETTLED - {"Succeeded"} else None


Watch = Callable[[OperationSnapshot], None]


class OperationsClient:
    def __init__(self, connection: ServerConnection, subscription: str) -> None:
        self._connection = connection
        self._root = path_of("subscriptions", subscription, "providers", "Microsoft.Galeria", "operations")

    def list(self, resource: str = "") -> list[Json]:
        """Return operations, newest first; `resource` is a prefix of the ids of their resources."""
        query = {"resource": resource} if resource else {}
        return self._connection.get_all(self._root, **{"api-version": API}, **query)

    def get(self, operation: str) -> OperationSnapshot:
        """Return an operation; `operation` is an id, or the URL in `StartedWork`."""
        return self._look(operation)[0]

    def follow(self, operation: str) -> Iterator[OperationSnapshot]:
        """Yield snapshots until the operation has settled, the settled one last."""
        longest = FIRST_PAUSE
        while True:
            snapshot, pause = self._look(operation)
            yield snapshot
            if snapshot.is_settled:
                return
            time.sleep(min(pause, longest))
            longest *= 2

    def wait(
        self, work: "StartedWork | str", *, watch: Watch | None = None, seconds: float | None = None
    ) -> OperationSnapshot | None:
        """Return the settled snapshot; None when there was nothing to wait for.

        Raises the error of the operation, Canceled, and Unavailable when it has not ended after `seconds`.
        """
        operation = work.operation if isinstance(work, StartedWork) else work
        if operation is None:
            return None
        began = time.monotonic()
        for snapshot in self.follow(operation):
            if watch:
                watch(snapshot)
            if snapshot.failure:
                raise snapshot.failure
            if snapshot.is_settled:
                return snapshot
            if seconds is not None and time.monotonic() > began + seconds:
                raise Unavailable(
                    Message(
                        "The operation {snapshot} has not ended after {seconds:.0f} seconds.",
                        snapshot=snapshot.id,
                        seconds=seconds,
                    ),
                    hint=Message("It goes on: galeria operation follow {snapshot}.", snapshot=snapshot.id),
                )
        return None

    def cancel(self, id: str) -> Json:
        """Request that the operation stops; follow it to see when it has."""
        return begun(self._connection.send("POST", f"{self._path(id)}/cancel", query={"api-version": API})).resource

    def retry(self, id: str) -> StartedWork:
        """Continue a failed or canceled operation. Raises Conflict where that is impossible."""
        return begun(self._connection.send("POST", f"{self._path(id)}/retry", query={"api-version": API}))

    def _look(self, operation: str) -> tuple[OperationSnapshot, float]:
        answer = self._connection.send("GET", self._path(operation), query=_version(operation))
        return snapshot_of(answer.body or {}), _pause(answer)

    def _path(self, operation: str) -> str:
        return operation if "/" in operation else f"{self._root}{path_of(operation)}"


def begun(answer: ServerResponse) -> StartedWork:
    """Return the operation in the first answer of a method that may take time."""
    where = answer.headers.get("azure-asyncoperation") or None
    return StartedWork(resource=answer.body if isinstance(answer.body, dict) else {}, operation=where)


def snapshot_of(body: Json) -> OperationSnapshot:
    ours: Json = body.get("properties") or {}
    return OperationSnapshot(
        id=str(body.get("name") or ""),
        kind=str(ours.get("kind") or ""),
        status=str(body.get("status") or "InProgress"),
        percent=float(body.get("percentComplete") or 0),
        resource_id=str(ours.get("resourceId") or ""),
        attempt=int(ours.get("attempt") or 1),
        steps=tuple(_step(each) for each in ours.get("steps") or []),
        output=ours.get("output") or {},
        error=body.get("error") or {},
        console=str(ours.get("console") or ""),
        raw=body,
    )


def _step(step: dict[str, Any]) -> StepSnapshot:
    return StepSnapshot(
        name=str(step.get("name") or ""),
        region=str(step.get("region") or ""),
        status=str(step.get("status") or ""),
        runs=int(step.get("runs") or 1),
        bytes_done=int(step.get("bytesDone") or 0),
        bytes_total=int(step.get("bytesTotal") or 0),
        bytes_per_second=step.get("bytesPerSecond"),
        seconds_left=step.get("secondsLeft"),
    )


def _version(operation: str) -> dict[str, str]:
    return {} if "api-version=" in operation else {"api-version": API}


def _pause(answer: ServerResponse) -> float:
    try:
        proposed = float(answer.headers.get("retry-after", LONGEST_PAUSE))
    except ValueError:
        return LONGEST_PAUSE
    return max(0.0, min(LONGEST_PAUSE, proposed))
