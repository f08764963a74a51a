"""Paths in any case, with slashes too many; api-versions; the ids that a request is known by."""

import uuid

import pytest

from galeria.interfaces.app import ROUTES
from galeria.interfaces.arm.protocol.routes import literals
from galeria.interfaces.http.path_case import canonical_path, is_arm
from tests.interfaces.arm.served import GALLERY, GROUP, SUB, Arm, done, told
from tests.local_installation import SUBSCRIPTION


@pytest.mark.parametrize(
    ("sent", "spelled"),
    [
        ("/SUBSCRIPTIONS/s/resourcegroups/RG", "/subscriptions/s/resourceGroups/RG"),
        ("//subscriptions//s/", "/subscriptions/s"),
        ("/subscriptions/s/resourcegroups/Images", "/subscriptions/s/resourceGroups/Images"),
        (
            "/subscriptions/s/resourcegroups/Providers/PROVIDERS/microsoft.compute/GALLERIES/Versions/IMAGES/Labs",
            "/subscriptions/s/resourceGroups/Providers/providers/Microsoft.Compute/galleries/Versions/images/Labs",
        ),
        (
            "/subscriptions/s/providers/microsoft.insights/EventTypes/MANAGEMENT/Values",
            "/subscriptions/s/providers/Microsoft.Insights/eventtypes/management/values",
        ),
        (
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/GAL/providers/"
            "microsoft.authorization/roleassignments/X",
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/GAL/providers/"
            "Microsoft.Authorization/roleAssignments/X",
        ),
        ("/subscriptions/s/Unknown/Name", "/subscriptions/s/Unknown/Name"),
    ],
)
def test_fixed_words_get_one_spelling_and_names_keep_theirs(sent: str, spelled: str) -> None:
    assert canonical_path(sent, literals(ROUTES)) == spelled
    assert canonical_path(spelled, literals(ROUTES)) == spelled


def test_the_routes_spell_every_word_in_one_way() -> None:
    words = {part for route in ROUTES for part in route.path.split("/") if part and not part.startswith("{")}
    assert len({word.lower() for word in words}) == len(words)


def test_only_paths_of_the_arm_interface_are_respelled() -> None:
    assert [is_arm(path) for path in ("/Tenants", "//subscriptions/x", "/adfs/x", "/uploads", "/")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_resource_is_found_in_any_case_and_keeps_its_own(arm: Arm) -> None:
    path = f"/Subscriptions/{SUBSCRIPTION}/resourcegroups/campus/PROVIDERS/microsoft.compute/GALLERIES/CaSe"
    made = done(arm().put(path + "/", json={"location": "brazilsouth"}), 201)
    assert made["id"] == f"{GROUP}/providers/Microsoft.Compute/galleries/CaSe"
    for other in (path.upper(), path.lower(), path.replace("/GALLERIES", "//GALLERIES")):
        assert done(arm().get(other)) == made
    assert done(arm().put(path.lower(), json={"location": "brazilsouth"}))["name"] == "CaSe"


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("", "MissingApiVersionParameter"),
        ("2024", "InvalidApiVersionParameter"),
        ("2024-01-01-final", "InvalidApiVersionParameter"),
        ("2024-01-01\n", "InvalidApiVersionParameter"),
    ],
)
def test_an_api_version_is_required_and_a_date(arm: Arm, version: str, code: str) -> None:
    assert told(arm().get("/subscriptions", params={"api-version": version}), 400)["code"] == code


@pytest.mark.parametrize("version", ["2014-04-01", "2099-12-31", "2024-01-01-preview"])
def test_any_well_formed_api_version_will_do(arm: Arm, version: str) -> None:
    assert arm().get("/subscriptions", params={"api-version": version}).status_code == 200


def test_the_token_is_asked_for_before_anything_else(arm: Arm) -> None:
    other = "/subscriptions/00000000-0000-0000-0000-000000000000"
    for path in ("/subscriptions", other, f"{SUB}/nothing"):
        told(arm.stranger().get(path), 401)
    assert told(arm().get(f"{other}/resourceGroups", params={"api-version": "x"}), 400)
    assert told(arm().get(f"{other}/resourceGroups"), 404)["code"] == "SubscriptionNotFound"


def test_every_answer_names_its_request(arm: Arm) -> None:
    good, bad = arm().get("/subscriptions"), arm.stranger().get("/subscriptions")
    for answer in (good, bad):
        assert str(uuid.UUID(answer.headers["x-ms-request-id"])) == answer.headers["x-ms-request-id"]
        assert answer.headers["x-ms-correlation-request-id"] == answer.headers["x-ms-request-id"]
    assert good.headers["content-type"] == "application/json; charset=utf-8"
    sent = {"x-ms-correlation-request-id": "c-1", "x-ms-client-request-id": "r-1"}
    answer = arm().get("/subscriptions", headers=sent)
    assert answer.headers["x-ms-correlation-request-id"] == "c-1"
    assert "x-ms-client-request-id" not in answer.headers
    answer = arm().get("/subscriptions", headers={**sent, "x-ms-return-client-request-id": "True"})
    assert answer.headers["x-ms-client-request-id"] == "r-1"
    forged = arm().get("/subscriptions", headers={"x-ms-correlation-request-id": "a b<script>"})
    assert forged.headers["x-ms-correlation-request-id"] == forged.headers["x-ms-request-id"]


def test_a_missing_group_is_reported_before_the_missing_resource(arm: Arm) -> None:
    path = GALLERY.replace("campus", "missing")
    assert told(arm().get(path), 404)["code"] == "ResourceGroupNotFound"
    assert told(arm().put(path, json={"location": "brazilsouth"}), 404)["code"] == "ResourceGroupNotFound"
    assert told(arm().get(f"{GALLERY}absent"), 404)["code"] == "ResourceNotFound"
