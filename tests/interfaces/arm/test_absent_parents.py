"""A list below something that is not there is not found, in ARM's words: an empty list would say that it is there."""

import pytest

from galeria.interfaces.app import ROUTES
from galeria.interfaces.arm.protocol.routes import Route
from tests.interfaces.arm.paths import on_the_way
from tests.interfaces.arm.served import Arm, told

ABSENT = {
    "subscription": "22222222-2222-3333-4444-555555555555",
    "version": "9.9.9",
    "location": "",  # a region that is not there is refused as a mistake in the request
    "kind": "",
    "scope": "",  # see below: a scope is any of the others
}
CODES = {"subscription": "SubscriptionNotFound", "group": "ResourceGroupNotFound"}
"""The code where that part of the path is not there; for every other part one of the two below."""
OTHERS = {"ResourceNotFound", "ParentResourceNotFound"}
LISTS = [route for route in ROUTES if route.method == "GET" and not route.path.endswith("}")]
GROUP_SCOPE = "11111111-2222-3333-4444-555555555555/resourceGroups/absent"
# The built-in roles are the same for every scope.
ON_SCOPES = [each for each in LISTS if "{scope:path}" in each.path and each.name != "RoleDefinitions_List"]


def cases() -> list[tuple[Route, str]]:
    return [
        (route, part)
        for route in LISTS
        for part in ("subscription", "group", "gallery", "definition", "version", "plan", "lab", "account", "image")
        if f"{{{part}}}" in route.path
    ]


@pytest.mark.parametrize(("route", "part"), cases(), ids=lambda each: getattr(each, "name", each))
def test_a_list_below_what_is_not_there_is_not_found(
    service: Arm, known: dict[str, str], route: Route, part: str
) -> None:
    values = on_the_way(route, known)
    path = route.path.format(**values | {part: ABSENT.get(part, "absent")})
    code = told(service().get(path), 404)["code"]
    assert code == CODES[part] if part in CODES else code in OTHERS


@pytest.mark.parametrize("route", ON_SCOPES, ids=lambda route: route.name)
def test_what_hangs_on_a_group_that_is_not_there_is_not_found(
    service: Arm, known: dict[str, str], route: Route
) -> None:
    path = route.path.replace("{scope:path}", GROUP_SCOPE)
    assert told(service().get(path), 404)["code"] == "ResourceGroupNotFound"
