"""Responses with the status codes and headers that Azure's clients expect.

They follow Azure's documentation "Track asynchronous Azure operations". A PUT that begins an operation sends no Location
header, so that clients read the resource itself at the end.
"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from galeria.domain.operations import Operation
from galeria.domain.states import is_settled
from galeria.interfaces.arm.protocol.arm_request import ArmRequest
from galeria.interfaces.arm.protocol.errors import ArmJson, CompleteJson
from galeria.interfaces.arm.protocol.etags import etag_headers

# Seconds between two polls; without this header clients wait 30 s.
RETRY_SECONDS = "1"


def shown(body: Any) -> Response:
    return ArmJson(body, headers=etag_headers(body))


def shown_complete(body: Any) -> Response:
    """Show what is known to have no missing values outside `galeria`: looking for them takes a tenth of a long page's time."""
    return CompleteJson(body, headers=etag_headers(body))


def put(arm_request: ArmRequest, body: Any, *, is_new: bool, operation: Operation | None = None) -> Response:
    """Return 201 for a new resource, else 200, with the operation to follow where one is under way."""
    headers = {**etag_headers(body), **_followed(arm_request, operation)}
    return ArmJson(body, status_code=201 if is_new else 200, headers=headers)


def accepted(arm_request: ArmRequest, operation: Operation, body: Any = None) -> Response:
    """Return 202 with headers that name the operation to follow."""
    headers = {**polled(arm_request, operation), "Location": monitor_url(arm_request, operation)}
    return ArmJson(body, status_code=202, headers=headers) if body is not None else Response(None, 202, headers)


def begun(arm_request: ArmRequest, operation: Operation | None) -> Response:
    """Start the operation and answer with where to follow it, or with 200 where there was nothing to do."""
    arm_request.start(operation)
    return Response(status_code=200) if operation is None else accepted(arm_request, operation)


def polled(arm_request: ArmRequest, operation: Operation) -> dict[str, str]:
    return {"Azure-AsyncOperation": operation_url(arm_request, operation), "Retry-After": RETRY_SECONDS}


def prefers_body(headers: Mapping[str, str]) -> bool:
    """Return whether the caller asks for a body where none is usual (RFC 7240, Prefer: return=representation)."""
    return any(each.strip().lower() == "return=representation" for each in headers.get("prefer", "").split(","))


def deleted(was_there: bool) -> Response:
    return Response(status_code=200 if was_there else 204)


def deleting(arm_request: ArmRequest, operation: Operation | None) -> Response:
    return Response(status_code=204) if operation is None else accepted(arm_request, operation)


def operation_id(operation: Operation) -> str:
    """Return the id of the operation, below the provider of its resource, where clients of Azure expect it."""
    subscription = f"/subscriptions/{operation.subscription_id}"
    if "/providers/microsoft.compute/" in operation.resource_id.lower():
        place = f"{subscription}/providers/Microsoft.Compute/locations/{operation.location}"
        return f"{place}/capsOperations/{operation.id}"
    return f"{subscription}/providers/Microsoft.LabServices/operationResults/{operation.id}"


def operation_url(arm_request: ArmRequest, operation: Operation) -> str:
    return f"{arm_request.services.endpoint}{operation_id(operation)}?api-version={arm_request.api_version}"


def monitor_url(arm_request: ArmRequest, operation: Operation) -> str:
    return operation_url(arm_request, operation) + "&monitor=true"


def _followed(arm_request: ArmRequest, operation: Operation | None) -> dict[str, str]:
    return {} if operation is None or is_settled(operation.status) else polled(arm_request, operation)
