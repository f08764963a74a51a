"""Lists with `$filter` and pages."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from galeria.interfaces.arm.protocol.arm_request import ArmRequest
from galeria.interfaces.arm.protocol.filters import read_filter
from galeria.interfaces.arm.protocol.paging import Order, listed, page

T = TypeVar("T")


def selected(
    arm_request: ArmRequest, things: Sequence[T], *, order: Callable[[T], Order], view: Callable[[T], dict[str, Any]]
) -> dict[str, Any]:
    """Return the body of a list: filtered first, then cut to the page.

    Without a filter only things on the page are turned into views.
    """
    text = next((value for name, value in arm_request.http.query_params.multi_items() if name.lower() == "$filter"), "")
    if not text.strip():
        shown, link = page(arm_request, things, order=order)
        return listed([view(each) for each in shown], link)
    fulfils = read_filter(text)
    pairs = [(each, view(each)) for each in things]
    kept, link = page(arm_request, [pair for pair in pairs if fulfils(pair[1])], order=lambda pair: order(pair[0]))
    return listed([shown for _, shown in kept], link)
