"""Route of the audit log in the form of Azure's activity log."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from galeria.actions.core.activity import READ
from galeria.domain.audit import AuditEvent, AuditSearch
from galeria.domain.messages import Message
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.envelope import when
from galeria.interfaces.arm.protocol.filter_clauses import not_understood, read_clauses
from galeria.interfaces.arm.protocol.paging import PAGE, listed, moment_after, next_link
from galeria.interfaces.arm.protocol.path_ids import subscription_key
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import SUBSCRIPTION, Route

_CLAUSE = re.compile(
    r"\s*(eventTimestamp|resourceGroupName|resourceId|resourceUri|resourceProvider|correlationId|caller|status)"
    r"\s+(eq|ge|le)\s+(?:'([^']*)'|([^\s']+))\s*",
    re.IGNORECASE,
)
_HINT = Message(
    "Use eventTimestamp with ge and le, and resourceGroupName, resourceId, resourceProvider, "
    "correlationId, caller or status with eq, joined by and."
)
_MOMENT = timedelta(microseconds=1)
_LAST = datetime.max.replace(tzinfo=UTC) - _MOMENT  # after it no moment can be written


def list_events(
    subscription: str,
    arm_request: ArmRequestDep,
    filter: Annotated[str, Query(alias="$filter")] = "",
    top: Annotated[int, Query(alias="$top", ge=1)] = PAGE,
) -> Response:
    """List events, newest first, `$top` of them to a page, 100 at most.

    A `$filter` by resourceGroupName or resourceId also limits what the caller must be allowed to read.
    """
    said = read_filter(filter)
    scope = _scope(subscription, said)
    size = min(top, PAGE)
    search = replace(_search(said), before=moment_after(arm_request))
    with arm_request.reading() as request:
        request.caller.require(READ, scope)
        events = request.uow.audit.search([scope], search, offset=0, limit=size + 1)
    last = events[size - 1] if len(events) > size else None
    link = next_link(arm_request, (last.at.isoformat(), last.id)) if last else None
    return shown(listed([_view(subscription, event) for event in events[:size]], link))


def read_filter(text: str) -> dict[str, str]:
    """Return the values of the filter by name and operator. Raises Invalid for a condition that is not supported."""
    said: dict[str, str] = {}
    for match in read_clauses(text, _CLAUSE, _HINT):
        if (match[2].lower() == "eq") is (match[1].lower() == "eventtimestamp"):
            raise not_understood(match[0], _HINT)
        name = "resourceid" if match[1].lower() == "resourceuri" else match[1].lower()
        said[f"{name} {match[2].lower()}"] = match[3] if match[3] is not None else match[4]
    return said


def _search(said: dict[str, str]) -> AuditSearch:
    until = _time(said.get("eventtimestamp le", ""))
    return AuditSearch(
        since=_time(said.get("eventtimestamp ge", "")),
        until=until and min(until, _LAST) + _MOMENT,
        resource=said.get("resourceid eq", "").rstrip("/"),
        correlation_id=said.get("correlationid eq", ""),
        caller=said.get("caller eq", ""),
        status=said.get("status eq", ""),
        provider=said.get("resourceprovider eq", ""),
    )


def _time(text: str) -> datetime | None:
    """Parse a time. Without a zone it is UTC, as the Azure CLI means it.

    The seven digits of .NET's fractions are cut to six.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise not_understood(text, _HINT) from error


def _scope(subscription: str, said: dict[str, str]) -> str:
    """Return the scope that the caller must be allowed to read. A resource of another subscription matches nothing."""
    whole = subscription_key(subscription)
    resource = said.get("resourceid eq", "").lower().rstrip("/")
    if (resource + "/").startswith(whole + "/"):
        return resource
    group = said.get("resourcegroupname eq", "").lower()
    return f"{whole}/resourcegroups/{group}" if group else whole


def _number(event: AuditEvent) -> str | None:
    """Return the place in the chain as text, as all values of Azure's properties are; `az` fails at a number."""
    return str(event.number) if event.number else None


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
        "httpRequest": {"clientIpAddress": event.address} if event.address else None,
        "properties": {"detail": event.detail, "number": _number(event), "hash": event.hash or None},
    }


ROUTES = (
    Route(
        name="ActivityLogs_List",
        method="GET",
        path=SUBSCRIPTION + "/providers/Microsoft.Insights/eventtypes/management/values",
        handler=list_events,
    ),
)
