"""The names of people, and of what operations work on, on pages."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from galeria.actions.core.request import Request
from galeria.actions.galleries.definitions import IMAGE
from galeria.actions.labs.lab_settings import LAB
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import Generation, OsState, OsType
from galeria.interfaces.web.kit.page_request import PageRequest
from galeria.interfaces.web.kit.urls import words_of

_LAB, _IMAGE = "microsoft.labservices/labs", "microsoft.compute/galleries/images"


def shown_name(request: Request, name: str) -> str:
    """Return the display name for a sign-in name or client id; that itself where the person or program was deleted."""
    found = request.uow.people.find_by_name(name) if name else None
    return found.display_name if found else name


def system_names(page: PageRequest) -> Callable[[OsType, OsState, Generation], str]:
    """Return a function that describes an image. It caches texts, because most images of a list are of few kinds."""

    @cache
    def said(os_type: OsType, os_state: OsState, generation: Generation) -> str:
        number = page.gettext("generation %(number)s") % {"number": generation[1:]}
        return f"{page.say(os_type)}, {page.say(os_state).lower()}, {number}"

    return said


def subject_names(request: Request, ids: Iterable[str]) -> dict[str, str]:
    """Return a resource's id → what people call it.

    A lab, or its machine, is called by title and name, an image or its version by the image's title, where this person may
    read it.
    """
    parsed = {id: ResourceId.parse(id) for id in ids}
    labs, images = _parents(parsed, _LAB, "virtualmachines"), _parents(parsed, _IMAGE, "versions")
    titles = _lab_titles(request, _readable(request, f"{LAB}/read", labs))
    image_titles = request.uow.image_queries.titles(_readable(request, f"{IMAGE}/read", images))
    return {
        id: titles.get(labs.get(id, ""))
        or _image_name(image_titles.get(images.get(id, "")), parsed[id])
        or words_of(id)
        for id in parsed
    }


def _parents(parsed: Mapping[str, ResourceId], type: str, child: str) -> dict[str, str]:
    """Return id → the key of the resource of that type that it is, or is a child of."""
    found = {}
    for id, each in parsed.items():
        resource = each.parent if each.type.lower() == f"{type}/{child}" else each
        if resource.type.lower() == type:
            found[id] = resource.key
    return found


def _readable(request: Request, action: str, keys: Mapping[str, str]) -> list[str]:
    return sorted({key for key in keys.values() if request.caller.may(action, key)})


def _image_name(title: str | None, id: ResourceId) -> str:
    """Return an image's title, for a version with its number behind it."""
    if not title:
        return ""
    return title if id.type.lower() == _IMAGE else f"{title} {id.name}"


def _lab_titles(request: Request, keys: list[str]) -> dict[str, str]:
    """Return a lab's key → its title with its name behind it, for those that have a title of their own."""
    found = request.uow.lab_queries.outlines(keys) if keys else []
    cards = request.uow.lab_queries.cards([each.id for each in found])
    labs = [(ResourceId.parse(each.resource_id), each.title) for each in cards]
    return {id.key: f"{title} ({id.name})" for id, title in labs if title != id.name}
