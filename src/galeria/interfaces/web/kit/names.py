"""The names of people, and of what operations work on, on pages."""

from collections.abc import Iterable

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import LAB
from galeria.domain.ids import ResourceId
from galeria.interfaces.web.kit.urls import words_of

_LABS = "microsoft.labservices/labs"


def shown_name(request: Request, name: str) -> str:
    """Return the display name for a sign-in name or client id; that itself where the person or program was deleted."""
    found = request.uow.people.find_by_name(name) if name else None
    return found.display_name if found else name


def subject_names(request: Request, ids: Iterable[str]) -> dict[str, str]:
    """Return a resource's id → what people call it: a lab, or its machine, by title and name where this person may read it."""
    labs = {id: _lab_key(id) for id in ids}
    readable = sorted({key for key in labs.values() if key and request.caller.may(f"{LAB}/read", key)})
    titles = _lab_titles(request, readable) if readable else {}
    return {id: titles.get(key) or words_of(id) for id, key in labs.items()}


def _lab_key(id: str) -> str:
    """Return the key of the lab that a resource is, or is the machine of; empty for others."""
    parsed = ResourceId.parse(id)
    lab = parsed.parent if parsed.type.lower() == f"{_LABS}/virtualmachines" else parsed
    return lab.key if lab.type.lower() == _LABS else ""


def _lab_titles(request: Request, keys: list[str]) -> dict[str, str]:
    """Return a lab's key → its title with its name behind it, for those that have a title of their own."""
    found = request.uow.lab_queries.outlines(keys)
    cards = request.uow.lab_queries.cards([each.id for each in found])
    labs = [(ResourceId.parse(each.resource_id), each.title) for each in cards]
    return {id.key: f"{title} ({id.name})" for id, title in labs if title != id.name}
