"""Pages of lists. A page's link names the place where the next one begins, so that new and deleted rows shift nothing.

{"value": [...], "nextLink": "absolute URL with $skipToken"}; the last page has no nextLink.
"""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from galeria.domain.errors import Invalid
from galeria.domain.foreign_text import foreign_json
from galeria.domain.messages import Message
from galeria.domain.resources import Resource
from galeria.interfaces.arm.protocol.arm_request import ArmRequest

PAGE = 100
TOKEN = "$skipToken"

T = TypeVar("T")
Order = tuple[str | int, ...]


def by_name(resource: Resource) -> Order:
    return (resource.name.lower(), resource.key)


def page(arm_request: ArmRequest, things: Sequence[T], *, order: Callable[[T], Order]) -> tuple[list[T], str | None]:
    """Return the things on this request's page in the given order, and the link to the next page."""
    rest = sorted(things, key=order)
    after = place_after(arm_request)
    if after is not None:
        rest = [thing for thing in rest if _is_later(order(thing), after)]
    size = page_size(arm_request)
    if len(rest) <= size:
        return rest, None
    return rest[:size], next_link(arm_request, order(rest[size - 1]))


def place_after(arm_request: ArmRequest) -> Order | None:
    """Return the place in the order after which this page begins. Raises Invalid for an invalid token."""
    token = _query(arm_request, TOKEN)
    if token is None:
        return None
    try:
        place = foreign_json(base64.urlsafe_b64decode(token.encode()))
    except ValueError as error:
        raise unknown_token() from error
    if not isinstance(place, list) or not all(isinstance(part, str | int) for part in place):
        raise unknown_token()
    return tuple(place)


def page_size(arm_request: ArmRequest) -> int:
    """Return how many things are asked for, `PAGE` at most. Raises Invalid for what is no number."""
    text = _query(arm_request, "$top")
    if text is None:
        return PAGE
    if not text.isdecimal() or int(text[:9]) < 1:
        raise Invalid(
            Message("$top is '{text}'.", text=text), hint=Message("Give a whole number, 1 or more."), target="$top"
        )
    return min(int(text[:9]), PAGE)


def moment_after(arm_request: ArmRequest) -> tuple[datetime, str] | None:
    """Return the same for a list in the order of a time and an id. Raises Invalid for an invalid token."""
    place = place_after(arm_request)
    if place is None:
        return None
    try:
        at, id = place
        return datetime.fromisoformat(str(at)).astimezone(UTC), str(id)
    except (ValueError, OverflowError) as error:
        raise unknown_token() from error


def next_link(arm_request: ArmRequest, place: Order) -> str:
    """Return the link to the page that begins after the place."""
    token = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    others = [pair for pair in arm_request.http.query_params.multi_items() if pair[0].lower() != TOKEN.lower()]
    query = urlencode([*others, (TOKEN, token)], safe="$", quote_via=quote)
    return f"{arm_request.services.endpoint}{quote(arm_request.http.scope['path'])}?{query}"


def unknown_token() -> Invalid:
    return Invalid(
        Message("The $skipToken is not one of this list."),
        hint=Message("Ask for the list again from its start."),
        target=TOKEN,
    )


def listed(values: list[dict[str, Any]], link: str | None = None) -> dict[str, Any]:
    """Return the body of a list."""
    return {"value": values} if link is None else {"value": values, "nextLink": link}


def _is_later(place: Order, after: Order) -> bool:
    try:
        return place > after
    except TypeError as error:  # a token of another list
        raise unknown_token() from error


def _query(arm_request: ArmRequest, name: str) -> str | None:
    """Return a query parameter, whose name compares regardless of case; an empty one counts as absent."""
    found = (value for key, value in arm_request.http.query_params.multi_items() if key.lower() == name.lower())
    return next(found, None) or None
