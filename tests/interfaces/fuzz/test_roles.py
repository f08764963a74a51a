"""Schemathesis asks every operation of the OpenAPI document as everybody: stranger, without a role, in each built-in role.

What a request may be comes from the document, sound, odd and wrong; the same requests at every run. Beside this,
tests/interfaces/arm/test_schemathesis.py asks with the real names that only an Owner gets far with.
"""

import itertools
import json
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from galeria.interfaces.app import ROUTES
from galeria.interfaces.arm.protocol.response_docs import answers_of
from galeria.interfaces.arm.protocol.routes import Route
from tests.interfaces.arm import paths
from tests.interfaces.arm.served import API_VERSION
from tests.interfaces.fuzz.answers import Judge, Wrong
from tests.interfaces.fuzz.asgi import Answer, Headers
from tests.interfaces.fuzz.fields import operations
from tests.interfaces.fuzz.product import CALLERS, STRANGER, Product
from tests.interfaces.fuzz.sound_bodies import SOUND
from tests.interfaces.fuzz.targets import JSON

pytestmark = pytest.mark.slow

Case = schemathesis.Case[Any]
SEED = 20261
EXAMPLES = 3  # requests of each operation
AT_ONCE = 5  # callers who ask each of them: all of them ask each operation at least once
UNAUTHENTICATED = 401


@pytest.fixture(scope="module")
def callers(product: Product, known: dict[str, str]) -> dict[str, Headers]:
    return {who: [*product.bearer(who), JSON] for who in CALLERS}


@pytest.fixture(scope="module")
def schema(product: Product) -> Any:
    return schemathesis.openapi.from_dict(operations(product))


@pytest.mark.parametrize("part", range(4))
def test_nobody_finds_a_fault(
    product: Product, judge: Judge, known: dict[str, str], callers: dict[str, Headers], schema: Any, part: int
) -> None:
    assert len(CALLERS) <= EXAMPLES * AT_ONCE
    turns = itertools.cycle(callers.items())
    for route in paths.in_order(ROUTES)[part::4]:
        real = paths.on_the_way(route, known)
        for case in cases(schema.find_operation_by_id(route.name), route, real):
            method, target, body = sent(case)
            for who, headers in itertools.islice(turns, AT_ONCE):
                answer = product.driver.ask(method, target, headers, body)
                judge.each(f"{route.name} as {who} {target!r} {body[:200]!r}", answer, judge.arm)
                judge.each(f"{route.name} as {who} {target!r}", answer, partial(require_told, route, who))
        product.begun.ids.clear()
    judge.end()


def cases(operation: Any, route: Route, known: dict[str, str]) -> list[Case]:
    """Anything that the document allows and what it does not, at things that are there and at others."""
    real = {each.name: known[each.name] for each in operation.path_parameters}
    version = {"api-version": API_VERSION}
    near = operation.as_strategy(path_parameters=real, query=version)
    ways = [
        near,
        operation.as_strategy(),
        operation.as_strategy(schemathesis.GenerationMode.NEGATIVE, path_parameters=real),
    ]
    if operation.body:
        ways.append(operation.as_strategy(path_parameters=real, query=version, body=SOUND.get(route.name, {})))
    found: list[Case] = []

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(ways))
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found


def sent(case: Case) -> tuple[str, bytes, bytes]:
    """The request as bytes."""
    prepared = case.as_transport_kwargs(base_url="http://127.0.0.1")
    return _prepared(case, prepared)


def _prepared(case: Case, prepared: dict[str, Any]) -> tuple[str, bytes, bytes]:
    path = "/" + prepared["url"].split("/", 3)[3]
    pairs = [
        f"{quote(str(name), safe='$')}={quote(str(value), safe='')}"
        for name, value in (prepared.get("params") or {}).items()
    ]
    body = json.dumps(prepared["json"]).encode() if "json" in prepared else prepared.get("data") or b""
    return (
        case.method,
        quote(path, safe="/%?=&$:@!*'();,+~").encode() + b"?" + "&".join(pairs).encode(),
        body if isinstance(body, bytes) else str(body).encode(),
    )


def require_told(route: Route, who: str, answer: Answer) -> None:
    """A success is one that the document names, and a stranger has none."""
    if who == STRANGER and answer.status < UNAUTHENTICATED:
        raise Wrong(what="a stranger was let in", answer=answer)
    if answer.status < 400 and (answer.status, bool(answer.body)) not in {
        (each.code, each.has_body) for each in answers_of(route)
    }:
        raise Wrong(what="a success that the document keeps quiet", answer=answer)
