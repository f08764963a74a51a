"""The request of each row beside the REST API, as a browser or a program sends it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from galeria.domain.people.web_sessions import form_token
from galeria.interfaces.app import ROUTES
from galeria.interfaces.web.kit.visitors import FORM_HEADER, cookies_of
from tests.access.calls import Answer
from tests.access.rows import Row
from tests.access.world import World
from tests.interfaces.arm.served import SUB

STRANGERS = "a-form-of-nobody"
"""The secret that the forms of a browser are made with where nobody has signed in."""
FORMS: dict[str, dict[str, str]] = {
    "web_account_new": {"group": "campus", "name": "one-more", "location": "brazilsouth"},
    "web_person_give_role": {"role": "Reader", "scope": SUB},
    "web_person_take_role": {"taken_role": "Reader", "taken_scope": SUB},
    "web_gallery_create": {"group": "campus", "name": "one.more", "location": "brazilsouth"},
    "web_signed_in": {"name": "nobody", "password": "wrong-Horse-7"},
}
"""What is filled in where the form itself names what it is about; all other forms are sent empty, which is refused only to
those who may do it."""
SOCKETS = ("console", "terminal")
"""The routes of WebSockets."""
_TUS = {"tus-resumable": "1.0.0", "upload-length": "1024", "upload-offset": "0"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A route as the application has it: `name` is that of a page, of all others the method and the path."""

    name: str
    method: str
    path: str


def places(routes: Any) -> Iterator[Place]:
    """All routes beside those of the REST API, those of included routers too."""
    of_arm = {route.name for route in ROUTES}
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from places(included.routes)
        elif route.name not in of_arm:
            is_named = route.name.startswith("web_") or route.name in SOCKETS
            for method in sorted(getattr(route, "methods", None) or {"GET"}):
                yield Place(name=route.name if is_named else f"{method} {route.path}", method=method, path=route.path)


def send(world: World, row: Row, place: Place, *, signed_in: bool = True) -> Answer:
    path = _path(world, row, place)
    if row.route in SOCKETS:
        return world.http.open_socket(path, _cookie(world, signed_in) | {"origin": world.portal.services.endpoint})
    if row.route.startswith("web_") or path.startswith("/import/"):
        return _of_browser(world, row, place, path, signed_in)
    headers = {"authorization": f"Bearer {world.token}"} if signed_in else {}
    tus = _tus(place) if "/uploads" in path else {}
    body = b'{"ids": []}' if place.method == "POST" and path.startswith("/v1.0") else b""
    kind = {"content-type": "application/json"} if body else {}
    return world.http.send(place.method, path, headers | tus | kind, body)


def _of_browser(world: World, row: Row, place: Place, path: str, signed_in: bool) -> Answer:
    headers = _cookie(world, signed_in) | {"accept": "text/html"}
    if place.method in ("GET", "OPTIONS"):
        return world.http.send(place.method, path, headers)
    token = form_token(world.session if signed_in else STRANGERS)
    headers |= {"origin": world.portal.services.endpoint}
    if "/uploads" in path:
        return world.http.send(place.method, path, headers | _tus(place) | {FORM_HEADER: token})
    body = urlencode({"csrf": token, **FORMS.get(row.route, {}), **_operation(world, row)}).encode()
    return world.http.send(place.method, path, headers | {"content-type": "application/x-www-form-urlencoded"}, body)


def _operation(world: World, row: Row) -> dict[str, str]:
    return {"operation": world.known["lab_operation"]} if row.route in ("web_lab_cancel", "web_lab_retry") else {}


def _cookie(world: World, signed_in: bool) -> dict[str, str]:
    names = cookies_of(world.portal.services)
    return {"cookie": f"{names.session}={world.session}" if signed_in else f"{names.form}={STRANGERS}"}


def _tus(place: Place) -> dict[str, str]:
    piece = {"content-type": "application/offset+octet-stream"} if place.method == "PATCH" else {}
    override = {"x-http-method-override": "DELETE"} if place.path.endswith("{id}") and place.method == "POST" else {}
    return _TUS | piece | override


def _path(world: World, row: Row, place: Place) -> str:
    style = next(name for name in world.style_sheets)
    values = {
        **world.known,
        "name": "labs" if place.path.startswith("/accounts") else "held",
        "image": "ready",
        "who": "victim",
        "tenant": "common",
        "secret": "no-such-secret",
        "code": "zzzzzzzzzz",
        "upload": world.upload,
        "id": {"/operations": world.known["operation"], "/uploads": world.upload, "/import": world.upload}.get(
            "/" + place.path.split("/")[1], "victim"
        ),
        "disk": "0" * 32,
        **({"id": world.known["failed_start"]} if row.route == "web_operation_picture" else {}),
        **({"version": style.split("/")[2], "path": "portal.css"} if place.path.startswith("/static") else {}),
        **row.names,
    }
    return place.path.replace("{path:path}", "{path}").format(**values)
