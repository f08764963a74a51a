"""Lists come back in the order in which they were sent last: clients that compare them by position see no change."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from tests.interfaces.arm.lab_machines import make_lab
from tests.interfaces.arm.served import GALLERY, GROUP, LABS, Arm, definition_body, done

DISK_TYPES = ("Standard_LRS", "Premium_LRS", "UltraSSD_LRS")
FEATURES = ("IsHibernateSupported", "IsAcceleratedNetworkSupported", "DiskControllerTypes")
REGIONS = ("westeurope", "brazilsouth", "northeurope")
DAYS = ("Friday", "Monday", "Wednesday")


def disallowed(order: tuple[str, ...]) -> dict[str, Any]:
    return {"disallowed": {"diskTypes": list(order)}}


def features(order: tuple[str, ...]) -> dict[str, Any]:
    values = {"DiskControllerTypes": "SCSI"}
    return {"allowUpdateImage": True, "features": [{"name": each, "value": values.get(each, "True")} for each in order]}


def regions(order: tuple[str, ...]) -> dict[str, Any]:
    return {"allowedRegions": list(order)}


def days(order: tuple[str, ...]) -> dict[str, Any]:
    pattern = {"frequency": "Weekly", "interval": 1, "weekDays": list(order), "expirationDate": "2030-06-30T00:00:00Z"}
    return {"recurrencePattern": pattern}


SCHEDULE = {"startAt": "2030-01-07T08:00:00Z", "stopAt": "2030-01-07T10:00:00Z", "timeZoneId": "America/Sao_Paulo"}
PLANS = f"{GROUP}/providers/Microsoft.LabServices/labPlans"
PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "disk types": (f"{GALLERY}/images/ordered", definition_body("ordered")),
    "features": (f"{GALLERY}/images/ordered2", definition_body("ordered2")),
    "regions": (f"{PLANS}/ordered", {"location": "brazilsouth"}),
    "days": (f"{LABS}/ordered/schedules/ordered", {"properties": SCHEDULE}),
}


@pytest.mark.parametrize(
    ("place", "names", "said"),
    [
        ("disk types", DISK_TYPES, disallowed),
        ("features", FEATURES, features),
        ("regions", REGIONS, regions),
        ("days", DAYS, days),
    ],
)
def test_a_list_comes_back_in_the_order_in_which_it_was_sent(
    arm: Arm, image: str, place: str, names: tuple[str, ...], said: Callable[[tuple[str, ...]], dict[str, Any]]
) -> None:
    path, body = PLACES[place]
    if place == "days":
        make_lab(arm, image, "ordered")
    own: dict[str, Any] = body.get("properties", {})
    for number, order in enumerate(permutations(names)):
        properties = said(order)
        if number % 2:
            done(arm().patch(path, json={"properties": properties}))
        else:
            answer = arm().put(path, json={**body, "properties": {**own, **properties}})
            assert answer.is_success, answer.text
        shown = done(arm().get(path))["properties"]
        assert {name: shown[name] for name in properties} == properties
