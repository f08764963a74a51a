"""The properties that every resource has: id, name, type, location, tags, systemData."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from galeria.domain.resources import Resource


def envelope(resource: Resource, properties: dict[str, Any]) -> dict[str, Any]:
    """Return the resource with its own `properties`, to which the provisioning state is added."""
    return {
        "id": resource.resource_id,
        "name": resource.name,
        "type": resource.type,
        "location": resource.location,
        "tags": dict(resource.tags),
        "properties": {**properties, "provisioningState": resource.state.value},
        "systemData": system_data(resource),
    }


def system_data(resource: Resource) -> dict[str, Any]:
    return {
        "createdBy": resource.created_by,
        "createdByType": _kind(resource.created_by),
        "createdAt": when(resource.created_at),
        "lastModifiedBy": resource.modified_by,
        "lastModifiedByType": _kind(resource.modified_by),
        "lastModifiedAt": when(resource.modified_at),
    }


def when(moment: datetime | None) -> str | None:
    """Format a time as ISO 8601 in UTC, such as 2026-11-23T09:00:00.123456Z."""
    if moment is None:
        return None
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat()[:-6] + "Z"


@lru_cache(maxsize=1024)
def _kind(name: str) -> str:
    """Return the kind of a caller: a program signs in with a GUID, a person with a name."""
    try:
        UUID(name)
    except ValueError:
        return "User"
    return "Application"
