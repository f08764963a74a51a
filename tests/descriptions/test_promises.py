"""The judge itself: each way to break a promise is noticed."""

from typing import Any

import pytest

from tests.descriptions.promises import Answer, Operation, described, differences, faults

GALLERIES = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries"
GALLERY: dict[str, Any] = {
    "id": f"{GALLERIES}/one",
    "name": "one",
    "type": "Microsoft.Compute/galleries",
    "location": "brazilsouth",
    "tags": {"a": "b"},
    "properties": {"provisioningState": "Succeeded", "galeria": {"anything": [1]}},
    "systemData": {"createdByType": "User", "createdAt": "2030-01-01T00:00:00Z"},
}


def operation(method: str, path: str, version: str = "2024-03-03") -> Operation:
    found = described(method, path, version)
    assert found
    return found


def wrong(body: Any, status: int = 200, method: str = "GET") -> list[str]:
    answer = Answer(method=method, status=status, headers=(), body=body)
    return faults(operation(method, f"{GALLERIES}/one"), answer)


def test_what_keeps_the_promise_has_no_fault() -> None:
    assert wrong(GALLERY) == []
    assert wrong({"error": {"code": "a", "message": "b", "additionalInfo": [{"type": "Hint", "info": {}}]}}, 404) == []


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({key: each for key, each in GALLERY.items() if key != "location"}, "location is missing"),
        (GALLERY | {"location": None}, "location is null"),
        (GALLERY | {"location": 1}, "no string"),
        (GALLERY | {"tags": {"a": 1}}, "tags.a is 1"),
        (GALLERY | {"extra": 1}, "extra is not described"),
        (GALLERY | {"galeria": {}}, "galeria is not described"),
        (GALLERY | {"properties": {"provisioningState": "Done"}}, "not one of"),
        (GALLERY | {"properties": {"softDeletePolicy": {"isSoftDeleteEnabled": "yes"}}}, "no boolean"),
        (GALLERY | {"properties": {"sharingProfile": {"groups": {}}}}, "groups is no list"),
        (GALLERY | {"properties": []}, "properties is no object"),
        (GALLERY | {"systemData": {"createdAt": "yesterday"}}, "no date-time"),
        (None, "there is no body"),
    ],
)
def test_every_broken_promise_is_named(body: Any, word: str) -> None:
    (fault,) = wrong(body)
    assert word in fault


def test_a_status_that_is_not_described_is_a_fault() -> None:
    assert "never answered" in wrong(GALLERY, 202)[0]
    assert wrong(GALLERY, 202, "PUT") == [
        "compute Galleries_CreateOrUpdate 202: nobody is told where to follow the work"
    ]


def test_an_error_has_the_form_that_arm_or_the_provider_gives_it() -> None:
    assert wrong({"message": "no"}, 404)
    assert wrong(None, 500)
    assert wrong(None, 404, "DELETE")


def test_secrets_are_never_to_be_shown() -> None:
    lab = operation("GET", "/subscriptions/s/resourceGroups/g/providers/Microsoft.LabServices/labs/l")
    user = {"username": "ana", "password": "correct-Horse-7"}
    assert list(differences({"ref": "Credentials"}, user, lab.types)) == ["password is never to be shown"]


@pytest.mark.parametrize(
    ("version", "file"),
    [("2018-10-15", "labs-2018-10-15"), ("2022-08-01", "labs-2022-08-01"), ("2026-01-01", "labs-2023-06-07")],
)
def test_the_generation_is_that_of_the_api_version(version: str, file: str) -> None:
    assert operation("GET", "/providers/Microsoft.LabServices/operations", version).file == file


def test_a_scope_may_have_any_depth() -> None:
    locks = operation("GET", f"{GALLERIES}/one/providers/Microsoft.Authorization/locks/keep")
    assert locks.name == "ManagementLocks_GetByScope"
    assert described("GET", f"{GALLERIES}/one/two", "2024-03-03") is None
