"""Schemathesis reads our own OpenAPI and asks every operation in it, with sound, odd and wrong values: never a 500.

Nothing is left out. Operations that take away what others need (people, locks, groups) are asked last, and whom they
disable or rob of a role is a person made for it, never the one who asks.
"""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error, response_schema_conformance
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.schemas import OpenApiSchema

from galeria.interfaces.app import ROUTES
from galeria.interfaces.arm.protocol.response_docs import answers_of
from galeria.interfaces.arm.protocol.routes import Route
from galeria.interfaces.http.path_case import is_arm
from tests.descriptions.promises import Answer
from tests.interfaces.arm import paths
from tests.interfaces.arm.request_bodies import BODIES
from tests.interfaces.arm.served import API_VERSION, GALLERY, GROUP, LABS, PLAN, SUB, Arm, hold

pytestmark = pytest.mark.slow

Case = schemathesis.Case[Any]
Operation = APIOperation[Any, Any, Any, Any]
SEED = 20260
EXAMPLES = 10  # requests of each operation; with the rest of the fuzzing they take less than two minutes
# Properties that name other things: without real names in them, a request would not get past the first look.
REAL: dict[str, list[Any]] = {
    "location": ["brazilsouth"],
    "allowedRegions": [["brazilsouth"]],
    "sharedGalleryId": [GALLERY],
    "galleryId": [GALLERY],
    "labPlanId": [PLAN],
    "labId": [f"{LABS}/held"],
    "labResourceId": [f"{LABS}/held"],
    "labAccountResourceId": [PLAN.replace("labPlans", "labAccounts")],
    "environmentId": [f"{LABS}/held/virtualMachines/template"],
    "labVirtualMachineId": [f"{LABS}/held/virtualMachines/template"],
    "virtualMachineId": [f"{LABS}/held/virtualMachines/template"],
    "galleryImageResourceId": [f"{GALLERY}/images/ready"],
    "sourceResourceId": [f"{GROUP}/providers/Microsoft.Compute/disks/held"],
    "id": [f"{GALLERY}/images/ready", f"{GALLERY}/images/ready/versions/1.0.0", f"{PLAN}/images/ready", SUB],
    "uploadId": ["0" * 32],
    "name": ["brazilsouth", "small", "ready"],
    "principalId": ["victim"],
    "roleDefinitionId": ["Reader", "Owner"],
    "timeZoneId": ["America/Sao_Paulo"],
    "password": ["correct-Horse-7"],
    "version": ["1.0.0", "latest"],
}


@pytest.fixture(scope="module")
def document(service: Arm) -> dict[str, Any]:
    described: dict[str, Any] = service.stranger().get("/openapi.json").json()
    return described


@pytest.fixture(scope="module")
def schema(document: dict[str, Any]) -> OpenApiSchema:
    return schemathesis.openapi.from_dict(with_real_names(document))


@pytest.fixture(scope="module")
def session(service: Arm) -> Iterator[requests.Session]:
    """The administrator's."""
    with requests.Session() as owned:
        owned.trust_env = False
        owned.headers["Authorization"] = service().headers["Authorization"]
        owned.hooks["response"] = [keeps_promises]
        yield owned


def keeps_promises(response: requests.Response, **_: Any) -> None:
    """Also where a request was odd, a success is what the public description of the operation promises."""
    if response.ok:
        asked = response.request
        answer = Answer(
            method=str(asked.method),
            status=response.status_code,
            headers=tuple(response.headers),
            body=json.loads(response.content or b"null"),
        )
        hold(answer, httpx.URL(str(asked.url)), more="prefer" in asked.headers)


def with_real_names(described: Any) -> Any:
    """The document, in which a property named in REAL is as likely to have a real value as any other."""
    changed = copy.deepcopy(described)
    for kind in changed["components"]["schemas"].values():
        for name, own in kind.get("properties", {}).items():
            if name in REAL:
                kind["properties"][name] = {"anyOf": [{"enum": REAL[name]}, own]}
    return changed


def asked(operation: Operation, route: Route, known: dict[str, str]) -> st.SearchStrategy[Case]:
    """Anything the document allows; what it does not allow; and sound requests, where the path leads to something real."""
    real = {each.name: known[each.name] for each in operation.path_parameters}
    ours = {name: real[name] for name in real if name == "subscription"}
    version = {"api-version": API_VERSION}
    near = operation.as_strategy(path_parameters=real, query=version)
    wrong = operation.as_strategy(schemathesis.GenerationMode.NEGATIVE, path_parameters=real)
    ways = [operation.as_strategy(), operation.as_strategy(path_parameters=ours, query=version), near, near, wrong]
    if route.name in BODIES and operation.body:
        body = BODIES[route.name]
        ways += 2 * [operation.as_strategy(path_parameters=real, query=version, body=body)]
    return st.one_of(ways)


def run(strategy: st.SearchStrategy[Case], check: Callable[[Case], None]) -> None:
    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def ask(case: Case) -> None:
        check(case)

    ask()


def require_told(response: schemathesis.Response, route: Route) -> None:
    """What the schema's own checks let through: an error in another form, a way to succeed that the document keeps quiet."""
    if response.status_code >= 400:
        if route.method == "HEAD":
            return
        assert response.headers["content-type"] == ["application/json; charset=utf-8"]
        assert set(response.json()) == {"error"}
        assert response.json()["error"]["code"]
        assert response.json()["error"]["message"]
        return
    ways = {(answer.code, answer.has_body) for answer in answers_of(route)}
    assert (response.status_code, bool(response.content)) in ways, response.text


@pytest.mark.parametrize("route", paths.in_order(ROUTES), ids=lambda route: route.name)
def test_no_request_makes_a_fault(
    service: Arm, schema: OpenApiSchema, session: requests.Session, known: dict[str, str], route: Route
) -> None:
    place = paths.on_the_way(route, known)

    def check(case: Case) -> None:
        response = case.call(base_url=service.services.endpoint, session=session)
        case.validate_response(response, checks=[not_a_server_error, response_schema_conformance])
        require_told(response, route)

    run(asked(schema.find_operation_by_id(route.name), route, place), check)
    # A group's deletion waits for other workers, of which there are none here.
    if route.name in paths.LAST:
        service.begun.ids.clear()
    service.work()


def test_no_request_makes_a_fault_at_the_sign_in_endpoints(
    service: Arm, document: dict[str, Any], schema: OpenApiSchema
) -> None:
    """Their errors have the form of OAuth, so only the fault is looked for."""
    others = operation_ids(document) - {route.name for route in ROUTES}
    assert others
    with requests.Session() as session:
        session.trust_env = False

        def check(case: Case) -> None:
            response = case.call(base_url=service.services.endpoint, session=session)
            case.validate_response(response, checks=[not_a_server_error])

        for name in sorted(others):
            run(schema.find_operation_by_id(name).as_strategy(), check)


def test_no_operation_of_the_interface_is_left_out(document: dict[str, Any]) -> None:
    """Those of the other interfaces are counted from the document itself."""
    asked_for = [route.name for route in paths.in_order(ROUTES)]
    assert len(asked_for) == len(set(asked_for)) == len(ROUTES)
    arm_door = {name for name, path in operation_paths(document) if is_arm(path)}
    assert set(asked_for) == arm_door


def operation_paths(document: dict[str, Any]) -> list[tuple[str, str]]:
    paths = document["paths"].items()
    return [(operation["operationId"], path) for path, methods in paths for operation in methods.values()]


def operation_ids(document: dict[str, Any]) -> set[str]:
    return {name for name, _ in operation_paths(document)}
