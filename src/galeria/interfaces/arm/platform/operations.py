"""Routes of operations: polling in both forms of Azure Resource Manager, and a list with cancel and retry of our own.

Source of the polling forms: Azure documentation, "Track asynchronous Azure operations" (Azure-AsyncOperation and Location).
"""

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_lab
from galeria.actions.labs.machines import see_machine
from galeria.actions.storage.disks import DISK, SNAPSHOT, get_disk
from galeria.actions.storage.managed_images import get_image
from galeria.actions.versions.operations import (
    cancel_operation,
    find_failure_record,
    get_operation,
    list_operations,
    retry_operation,
)
from galeria.actions.versions.versions import get_version
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import Replica
from galeria.domain.operations import Operation, OperationKind, OperationStep, Subject
from galeria.domain.states import OperationStatus, is_settled
from galeria.interfaces.arm.compute.disk_views import disk_view, image_view
from galeria.interfaces.arm.compute.version_views import version_view
from galeria.interfaces.arm.labs.lab_views import lab_view, machine_view
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.envelope import when
from galeria.interfaces.arm.protocol.errors import ArmJson, error_body
from galeria.interfaces.arm.protocol.paging import listed
from galeria.interfaces.arm.protocol.responses import RETRY_SECONDS, accepted, operation_id, polled, shown
from galeria.interfaces.arm.protocol.routes import COMPUTE_OPERATION, LAB_OPERATION, OURS, SUBSCRIPTION, Route
from galeria.interfaces.http.progress_figures import mean_rate, percent, seconds_left


def poll(subscription: str, operation: str, arm_request: ArmRequestDep, monitor: bool = False) -> Response:
    """Return the state of an operation in the Azure-AsyncOperation form, always with 200.

    With `monitor` the Location form: 202, and the result at the end.
    """
    with arm_request.reading() as request:
        found, steps = get_operation(request, operation)
        if monitor and found.status is OperationStatus.SUCCEEDED:
            result = _result(request, found, arm_request.services.endpoint)
            return Response(status_code=204) if result is None else shown(result)
        view = _detailed(request, found, steps)
    headers = {} if is_settled(found.status) else {"Retry-After": RETRY_SECONDS}
    if not monitor:
        return ArmJson(view, headers=headers)
    if is_settled(found.status):
        return ArmJson(error_body(found.error_code, _sentence(found), hint=found.error_hint), status_code=409)
    return accepted(arm_request, found, view)


def poll_in_location(
    subscription: str, location: str, operation: str, arm_request: ArmRequestDep, monitor: bool = False
) -> Response:
    return poll(subscription, operation, arm_request, monitor)


def list_all(
    subscription: str,
    arm_request: ArmRequestDep,
    resource: str = "",
    top: Annotated[int, Query(alias="$top", ge=1, le=1000)] = 100,
) -> Response:
    """List operations, newest first; `resource` selects those on that resource or below it.

    Steps are included only for operations under way.
    """
    with arm_request.reading() as request:
        found = list_operations(request, below=resource.rstrip("/").lower(), limit=top)
        values = [
            _view(request, each, [] if is_settled(each.status) else request.uow.operations.steps(each.id))
            for each in found
        ]
    return shown(listed(values))


def get_one(subscription: str, operation: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(_detailed(request, *get_operation(request, operation)))


def cancel_by_delete(subscription: str, operation: str, arm_request: ArmRequestDep) -> Response:
    """Cancel the operation, by deleting its polling address. Answers 204 where it has ended already."""
    with arm_request.writing() as request:
        found = cancel_operation(request, operation)
    return Response(status_code=204) if is_settled(found.status) else accepted(arm_request, found)


def cancel_in_location(subscription: str, location: str, operation: str, arm_request: ArmRequestDep) -> Response:
    return cancel_by_delete(subscription, operation, arm_request)


def cancel(subscription: str, operation: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        found = cancel_operation(request, operation)
        view = _view(request, found, request.uow.operations.steps(found.id))
    return ArmJson(view, status_code=202, headers=polled(arm_request, found))


def retry(subscription: str, operation: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        found = retry_operation(request, operation)
        view = _view(request, found, request.uow.operations.steps(found.id))
    arm_request.start(found)
    return ArmJson(view, status_code=202, headers=polled(arm_request, found))


def _view(request: Request, operation: Operation, steps: list[OperationStep]) -> dict[str, Any]:
    replicas: list[Replica] = []
    fills_regions = operation.kind_type.subject is Subject.VERSION and not operation.kind_type.removes
    if fills_regions and not is_settled(operation.status):
        replicas = request.uow.versions.replicas(operation.subject)
    view: dict[str, Any] = {
        "id": operation_id(operation),
        "name": operation.id,
        "status": operation.status.value,
        "startTime": when(operation.created_at),
        "endTime": when(operation.ended_at),
        "percentComplete": percent(operation, steps, replicas),
        "properties": {
            "kind": operation.kind.value,
            "resourceId": operation.resource_id,
            "attempt": operation.attempt,
            "cancelRequested": operation.cancel_requested,
            "output": dict(operation.outputs),
            "steps": [_step(step, mean_rate(step, steps, request.clock.now())) for step in steps],
        },
    }
    if operation.error_code:
        view["error"] = error_body(operation.error_code, _sentence(operation), hint=operation.error_hint)["error"]
    return view


def _detailed(request: Request, operation: Operation, steps: list[OperationStep]) -> dict[str, Any]:
    """Return the operation with what the machine showed when it failed: the end of its console, in lines."""
    view, record = _view(request, operation, steps), find_failure_record(request, operation)
    if record is not None:
        view["properties"]["console"] = record.console
    return view


def _step(step: OperationStep, rate: int | None) -> dict[str, Any]:
    return {
        "name": step.name,
        "region": step.region,
        "status": step.status.value,
        "runs": step.runs,
        "bytesDone": step.bytes_done,
        "bytesTotal": step.bytes_total,
        "bytesPerSecond": rate,
        "secondsLeft": seconds_left(step, rate),
        "startTime": when(step.started_at),
        "endTime": when(step.ended_at),
    }


def _sentence(operation: Operation) -> str:
    return f"{operation.error_message} {operation.error_hint}".strip()


def _result(request: Request, operation: Operation, endpoint: str) -> dict[str, Any] | None:
    """Return what was created or changed; None where it was removed."""
    id = ResourceId.parse(operation.resource_id)
    subject = operation.kind_type.subject
    if operation.kind_type.removes:
        return None
    if subject is Subject.STORED:
        return _stored(request, id, operation.kind)
    if subject is Subject.VERSION:
        return version_view(request, get_version(request, id))
    if subject is Subject.LAB:
        return lab_view(request, get_lab(request, id))
    held = request.uow.machines.find(operation.subject)
    if held is None:
        return None
    lab, machine = see_machine(request, id, held.name)
    return machine_view(request.settings.server, endpoint, lab, machine)


def _stored(request: Request, id: ResourceId, kind: OperationKind) -> dict[str, Any]:
    if kind is OperationKind.CREATE_IMAGE:
        return image_view(*get_image(request, id))
    return disk_view(request, get_disk(request, SNAPSHOT if kind is OperationKind.CREATE_SNAPSHOT else DISK, id))


_ALL = SUBSCRIPTION + OURS + "/operations"
_ONE = _ALL + "/{operation}"

ROUTES = (
    Route(name="CapsOperations_Get", method="GET", path=COMPUTE_OPERATION, handler=poll_in_location),
    Route(name="OperationResults_Get", method="GET", path=LAB_OPERATION, handler=poll),
    Route(name="CapsOperations_Cancel", method="DELETE", path=COMPUTE_OPERATION, handler=cancel_in_location),
    Route(name="OperationResults_Cancel", method="DELETE", path=LAB_OPERATION, handler=cancel_by_delete),
    Route(name="Operations_List", method="GET", path=_ALL, handler=list_all),
    Route(name="Operations_Get", method="GET", path=_ONE, handler=get_one),
    Route(name="Operations_Cancel", method="POST", path=_ONE + "/cancel", handler=cancel),
    Route(name="Operations_Retry", method="POST", path=_ONE + "/retry", handler=retry),
)
