"""The activity log: searching the audit log within what the caller may read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from galeria.actions.core.request import Request
from galeria.domain.audit import AuditEvent, AuditSearch
from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.people.principals import reach
from galeria.ports.repository import ResourceRepository

READ = "Microsoft.Insights/eventtypes/values/read"
ROWS = 50  # of a page
_PARTS = (
    "microsoft.labservices/labs/",
    "microsoft.labservices/labplans/",
)  # machines, users, schedules, images of an account


@dataclass(frozen=True, kw_only=True)
class Activity:
    """A page of the activity log, newest entries first; how many there are in all is not counted.

    `people` maps a principal's id to the display name. `things` maps an entry's scope to the id of the resource that
    still exists, in its owner's spelling; for a part of a lab or lab account it is the id of the whole.
    """

    events: tuple[AuditEvent, ...]
    page: int
    has_more: bool
    people: Mapping[str, str]
    things: Mapping[str, ResourceId]


def search_activity(request: Request, subscription: str, search: AuditSearch, *, page: int = 1) -> Activity:
    """Returns a page of the entries that the caller may read, newest first. Raises Forbidden where the caller may read none.

    `subscription` is the subscription's key, which the error names.
    """
    scopes = reach(request.caller.assignments, READ)
    if not scopes:
        request.caller.require(READ, subscription)
    page = max(1, page)
    found = request.uow.audit.search(scopes, search, offset=(page - 1) * ROWS, limit=ROWS + 1)
    events = tuple(found[:ROWS])
    return Activity(
        events=events,
        page=page,
        has_more=len(found) > ROWS,
        people=_people(request, {each.principal_id for each in events}),
        things=_things(request, {each.scope for each in events}),
    )


def _people(request: Request, ids: Iterable[str]) -> dict[str, str]:
    found = {id: request.uow.people.find(id) for id in ids}
    return {id: person.display_name for id, person in found.items() if person}


def _things(request: Request, scopes: Iterable[str]) -> dict[str, ResourceId]:
    """Returns the ids of resources that still exist, with one query for each type that has a page."""
    uow = request.uow
    kinds: dict[str, ResourceRepository[Any]] = {
        "microsoft.labservices/labs": uow.labs,
        "microsoft.labservices/labplans": uow.accounts,
        "microsoft.compute/galleries": uow.galleries,
        "microsoft.compute/galleries/images": uow.definitions,
        "microsoft.compute/galleries/images/versions": uow.versions,
    }
    wanted: dict[str, dict[str, str]] = {}  # kind, scope, key
    for scope in scopes:
        thing = _thing(scope)
        if thing and thing.type in kinds:
            wanted.setdefault(thing.type, {})[scope] = thing.key
    found: dict[str, ResourceId] = {}
    for kind, keys in wanted.items():
        spelled = kinds[kind].spelled(set(keys.values()))
        found |= {scope: ResourceId.parse(spelled[key]) for scope, key in keys.items() if key in spelled}
    return found


def _thing(scope: str) -> ResourceId | None:
    try:
        id = ResourceId.parse(scope)
    except Invalid:  # the subscription
        return None
    return id.parent if id.type.startswith(_PARTS) else id
