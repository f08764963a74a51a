"""Addresses of pages. They hold the names of the resource group and the resource."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from galeria.domain.ids import ResourceId
from galeria.domain.resources import Resource

# What an address may hold as it is, escapes included, as in redirects of browsers without scripts.
_OF_ADDRESSES = ":/%#?=@[]!$&'()*+,;"

Named = Resource | ResourceId | str
"""A resource, its id, or the text of that."""


def lab_url(lab: Named, *more: str) -> str:
    """Return /labs/GROUP/LAB; `more` are further parts of the path, such as "export"."""
    return _place("labs", lab, *more)


def account_url(account: Named, *more: str) -> str:
    return _place("accounts", account, *more)


def gallery_url(gallery: Named, *more: str) -> str:
    return _place("galleries", gallery, *more)


def image_url(image: Named, *more: str) -> str:
    """Return /galleries/GROUP/GALLERY/images/IMAGE of a definition."""
    return _place("galleries", image, *more)


def version_url(version: Named, *more: str) -> str:
    """Return /galleries/GROUP/GALLERY/images/IMAGE/versions/1.0.0."""
    return _place("galleries", version, *more)


def my_machine_url(lab: Named, machine: str, *more: str) -> str:
    """Return /machines/GROUP/LAB/MACHINE of a student's own machine."""
    return _place("machines", lab, machine, *more)


def operation_url(operation: str, *more: str) -> str:
    return "/" + "/".join(quote(each, safe="") for each in ("operations", operation, *more))


def person_url(name: str, *more: str) -> str:
    """Return /people/NAME of a person or program."""
    return "/" + "/".join(quote(each, safe="@") for each in ("people", name, *more))


def redirect_of_script(place: str) -> dict[str, str]:
    """Return the header that leads the browser of a page's script to `place`, a path of ours with its query."""
    return {"HX-Redirect": quote(place, safe=_OF_ADDRESSES)}


def address_of_script(place: str) -> dict[str, str]:
    """Return the header by which the browser of a page's script shows `place` as the address of the answer."""
    return {"HX-Replace-Url": quote(place, safe=_OF_ADDRESSES)}


def words_of(id: str) -> str:
    """Return what people call the resource of an id: a version with its image, a machine by its lab."""
    parsed = ResourceId.parse(id)
    kind = parsed.type.lower().rpartition("/")[2]
    if kind == "versions":
        return f"{parsed.parent.name} {parsed.name}"
    return parsed.parent.name if kind == "virtualmachines" else parsed.name


def url_of(id: str) -> str:
    """Return the address of the page of any resource id; "" for resources without a page."""
    parsed = ResourceId.parse(id)
    word = _WORDS.get(parsed.type.lower())
    if word == "machine":
        return lab_url(parsed.parent)
    return _place(word, parsed) if word else ""


def _place(word: str, thing: Named, *more: str) -> str:
    id = thing.arm_id if isinstance(thing, Resource) else ResourceId.parse(thing) if isinstance(thing, str) else thing
    return "/" + "/".join(quote(each, safe="") for each in (word, id.group, *id.segments[1:], *more))


_WORDS = {
    "microsoft.labservices/labs": "labs",
    "microsoft.labservices/labs/virtualmachines": "machine",
    "microsoft.labservices/labplans": "accounts",
    "microsoft.compute/galleries": "galleries",
    "microsoft.compute/galleries/images": "galleries",
    "microsoft.compute/galleries/images/versions": "galleries",
}

PLACES: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (
        lab_url,
        account_url,
        gallery_url,
        image_url,
        version_url,
        my_machine_url,
        operation_url,
        person_url,
        url_of,
        words_of,
    )
}
