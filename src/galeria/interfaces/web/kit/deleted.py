"""What became of a resource that an address names and that is not there any more."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from galeria.actions.core.request import Request
from galeria.domain.audit import SUCCEEDED, AuditEvent
from galeria.domain.errors import Forbidden, GaleriaError, NotFound
from galeria.domain.ids import COMPUTE, ResourceId
from galeria.interfaces.web.kit.names import shown_name
from galeria.interfaces.web.kit.page_request import PageRequest
from galeria.interfaces.web.kit.urls import words_of

LOOKED_AT = 50  # entries of the log on the resource and below it; after its deletion there are few
_LABS = "Microsoft.LabServices"


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """A deletion as its page says it. `name` is what was deleted, `place` the address of the list that it was in."""

    name: str
    at: datetime
    by: str
    place: str


def find_deletion(page: PageRequest, error: GaleriaError) -> Deletion | None:
    """Return how the resource of the address was deleted; None where it was not, or this person may not know of it."""
    if page.http.method != "GET" or page.visit.visitor is None or not isinstance(error, NotFound | Forbidden):
        return None
    parts = page.http.url.path.strip("/").split("/")
    if len(parts) < 3:
        return None
    with page.reading() as request:
        for id in _ids(page, parts):
            event = _last_deletion(request, id)
            if event and not _exists(request, id):
                by = shown_name(request, event.principal_name)
                return Deletion(name=words_of(str(id)), at=event.at, by=by, place=f"/{parts[0]}")
    return None


def _ids(page: PageRequest, parts: list[str]) -> Iterator[ResourceId]:
    """Yield what the address names, and what that lies in, the innermost first."""
    kind, group, name, *more = parts
    found: list[ResourceId] = []
    if kind == "labs":
        found = [page.id(group).resource(_LABS, "labs", name)]
    elif kind == "accounts":
        found = [page.id(group).resource(_LABS, "labPlans", name)]
    elif kind == "galleries":
        found = [page.id(group).resource(COMPUTE, "galleries", name)]
        for at, word in ((0, "images"), (2, "versions")):
            if len(more) > at + 1 and more[at] == word:
                found.append(found[-1].child(word, more[at + 1]))
    yield from reversed(found)


def _exists(request: Request, id: ResourceId) -> bool:
    """Return whether there is a resource of that id, perhaps a new one after the deletion."""
    uow = request.uow
    match id.type.lower().rpartition("/")[2]:
        case "labs":
            return uow.labs.find_by_key(id.key) is not None
        case "labplans":
            return uow.accounts.find_by_key(id.key) is not None
        case "galleries":
            return uow.galleries.find_by_key(id.key) is not None
        case "images":
            return uow.definitions.find_by_key(id.key) is not None
    return uow.versions.find_by_key(id.key) is not None


def _last_deletion(request: Request, id: ResourceId) -> AuditEvent | None:
    """Return the entry of the log, for who deleted it, and who might read it if it were there."""
    events = request.uow.audit.recent(below=id.key, limit=LOOKED_AT)
    action = f"{id.type}/delete".lower()
    is_own = (each for each in events if each.scope.lower() == id.key and each.action.lower() == action)
    event = next((each for each in is_own if each.status == SUCCEEDED), None)
    if event is None or (
        event.principal_id != request.caller.principal.id and not request.caller.may(f"{id.type}/read", id.key)
    ):
        return None
    return event
