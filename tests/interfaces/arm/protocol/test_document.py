"""/openapi.json says of every operation how it ends, well or badly."""

from typing import Any

import pytest

from galeria.interfaces.app import ROUTES
from galeria.interfaces.arm.protocol.middleware import API_VERSION
from galeria.interfaces.arm.protocol.response_docs import unknown_names
from tests.interfaces.arm.served import Arm, done


@pytest.fixture(scope="module")
def operations(service: Arm) -> list[dict[str, Any]]:
    paths = done(service.stranger().get("/openapi.json"))["paths"]
    return [operation for methods in paths.values() for operation in methods.values()]


def test_every_operation_names_its_ways_to_succeed_and_the_form_of_its_errors(operations: list[dict[str, Any]]) -> None:
    ours = {route.name for route in ROUTES}
    for operation in operations:
        name, answers = operation["operationId"], operation["responses"]
        assert any(code.startswith("2") for code in answers), name
        assert "422" not in answers, f"{name}: what the wire types refuse is a 400 here"
        if name in ours:
            schema = answers["default"]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorResponse"}, name


def test_only_answers_with_a_body_promise_one(operations: list[dict[str, Any]]) -> None:
    (delete,) = [each for each in operations if each["operationId"] == "Labs_Delete"]
    assert set(delete["responses"]) == {"202", "204", "default"}
    assert "content" not in delete["responses"]["202"]
    (get,) = [each for each in operations if each["operationId"] == "Labs_Get"]
    assert set(get["responses"]["200"]["content"]) == {"application/json"}


def test_the_form_of_an_api_version_is_reported(operations: list[dict[str, Any]]) -> None:
    (get,) = [each for each in operations if each["operationId"] == "Labs_Get"]
    (version,) = [each for each in get["parameters"] if each["name"] == "api-version"]
    assert version["schema"]["pattern"] == f"^{API_VERSION.pattern}$"


def test_no_operation_is_described_that_is_not_there() -> None:
    assert unknown_names(ROUTES) == set()
