"""The activity log as one person may read it: who did what, and when."""

from dataclasses import dataclass

from galeria.actions.request import Request
from galeria.domain.operations import AuditEvent, AuditSearch
from galeria.domain.people import reach

READ = "Microsoft.Insights/eventtypes/values/read"
ROWS = 50  # of a page


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One page, the newest first. How many there are in all is not counted."""

    events: tuple[AuditEvent, ...]
    page: int
    has_more: bool


def search_activity(request: Request, subscription: str, search: AuditSearch, *, page: int = 1) -> Activity:
    """Of everything that the caller may read the log of. Raises Forbidden where that is nothing.

    `subscription` is the key of the whole, which the refusal names.
    """
    scopes = reach(request.caller.assignments, READ)
    if not scopes:
        request.caller.require(READ, subscription)
    page = max(1, page)
    found = request.uow.audit.search(scopes, search, offset=(page - 1) * ROWS, limit=ROWS + 1)
    return Activity(events=tuple(found[:ROWS]), page=page, has_more=len(found) > ROWS)
