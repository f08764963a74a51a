"""The audit trail in the shape of Azure's activity log."""

import re
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from galeria.actions.activity import READ
from galeria.domain.operations import AuditEvent
from galeria.faces.arm.answers import shown
from galeria.faces.arm.door import At
from galeria.faces.arm.envelope import when
from galeria.faces.arm.ids import subscription_key
from galeria.faces.arm.paging import listed
from galeria.faces.arm.routes import SUBSCRIPTION, Route

_OF_GROUP = re.compile(r"resourceGroupName\s+eq\s+'([^']*)'", re.IGNORECASE)
_OF_RESOURCE = re.compile(r"resource(?:Id|Uri)\s+eq\s+'([^']*)'", re.IGNORECASE)


def list_events(
    subscription: str,
    door: At,
    filter: Annotated[str, Query(alias="$filter")] = "",
    top: Annotated[int, Query(alias="$top", ge=1, le=1000)] = 100,
) -> Response:
    """Newest first. `$filter` by resourceGroupName or resourceId also narrows what the caller must be allowed to read."""
    scope = _scope(subscription, filter)
    door.caller.require(READ, scope)
    with door.reading() as request:
        events = request.uow.audit.recent(below=scope, limit=top)
    return shown(listed([_view(subscription, event) for event in events]))


def _scope(subscription: str, filter: str) -> str:
    """A resource of another subscription narrows to nothing, not to there."""
    whole = subscription_key(subscription)
    resource = _OF_RESOURCE.search(filter)
    if resource and (resource[1].lower() + "/").startswith(whole + "/"):
        return resource[1].lower().rstrip("/")
    group = _OF_GROUP.search(filter)
    return f"{whole}/resourcegroups/{group[1].lower()}" if group else whole


def _view(subscription: str, event: AuditEvent) -> dict[str, Any]:
    return {
        "id": f"{event.scope}/providers/Microsoft.Insights/eventtypes/management/values/{event.id}",
        "eventDataId": event.id,
        "eventTimestamp": when(event.at),
        "caller": event.principal_name,
        "operationName": {"value": event.action, "localizedValue": event.action},
        "status": {"value": event.status, "localizedValue": event.status},
        "level": "Informational" if event.status == "Succeeded" else "Error",
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "resourceId": event.scope,
        "subscriptionId": subscription,
        "correlationId": event.correlation_id,
        "authorization": {"action": event.action, "scope": event.scope},
        "claims": {"oid": event.principal_id},
        "properties": {"detail": event.detail},
    }


ROUTES = (
    Route(
        name="ActivityLogs_List",
        method="GET",
        path=SUBSCRIPTION + "/providers/Microsoft.Insights/eventtypes/management/values",
        handler=list_events,
    ),
)
