"""Every field of every body of the REST API gets hostile values, one at a time in a request that is sound otherwise."""

from typing import Any

import pytest

from galeria.interfaces.app import ROUTES
from galeria.interfaces.arm.protocol.routes import Route
from tests.interfaces.arm import paths
from tests.interfaces.fuzz.answers import Judge
from tests.interfaces.fuzz.asgi import Headers
from tests.interfaces.fuzz.fields import body_schema, operations, places, put_at
from tests.interfaces.fuzz.product import Product
from tests.interfaces.fuzz.sound_bodies import SOUND
from tests.interfaces.fuzz.targets import JSON, target_of
from tests.interfaces.fuzz.values import VALUES, Shares, written

pytestmark = pytest.mark.slow

EACH = 5  # values for one field
RAW: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "no JSON": b"location=brazilsouth",
    "half": b'{"location": "brazil',
    "no UTF-8": b'{"location": "\xff\xfe\xc0\xaf"}',
    "half a character": b'{"location": "\xf0\x9f"}',
    "UTF-16": '{"location": "brazilsouth"}'.encode("utf-16"),
    "UTF-8 with a mark": b'\xef\xbb\xbf{"location": "brazilsouth"}',
    "a surrogate in UTF-8": b'{"location": "\xed\xa0\x80"}',
    "NUL": b'{"location": "a\x00b"}',
    "a key twice": b'{"location": "brazilsouth", "location": "../.."}',
    "two values": b'{"location": "brazilsouth"} {}',
    "a comment": b'{"location": /* here */ "brazilsouth"}',
    "an open list": b"[" * 100_000,
    "deep": b'{"properties":' * 20_000 + b"1" + b"}" * 20_000,
    "deep below": b'{"properties": ' + b"[" * 900 + b"]" * 900 + b"}",
    "a long number": b'{"properties": ' + b"9" * 10_000 + b"}",
    "a long key": b'{"' + b"k" * (1 << 20) + b'": 1}',
    "a long text": b'{"location": "' + b"x" * (1 << 20) + b'"}',
    "too long": b'{"location": "' + b"x" * (5 << 20) + b'"}',
    "a text": b'"location"',
    "a list": b'[{"location": "brazilsouth"}]',
    "null": b"null",
    "a number": b"1e999",
}
TYPES = (
    b"",
    b"text/plain",
    b"application/json; charset=utf-16",
    b"application/xml",
    b"multipart/form-data",
    b"\xff",
    b"json",
)


@pytest.fixture(scope="module")
def owner(product: Product) -> Headers:
    return product.bearer("admin")


def test_no_field_of_a_body_makes_a_fault(
    product: Product, judge: Judge, known: dict[str, str], owner: Headers, shares: Shares
) -> None:
    described = operations(product)
    for route in paths.in_order(ROUTES):
        for place in places(described, route.name):
            for name, value in shares(VALUES, EACH):
                body = written(put_at(SOUND.get(route.name, {}), place, value))
                judge.each(f"{route.name} {place} {name}", ask(product, route, known, [*owner, JSON], body), judge.arm)
        product.begun.ids.clear()
    judge.end()


def test_no_bytes_of_a_body_make_a_fault(
    product: Product, judge: Judge, known: dict[str, str], owner: Headers, shares: Shares
) -> None:
    described = operations(product)
    for route in (each for each in ROUTES if body_schema(described, each.name)):
        for name, body in shares(RAW, 4):
            judge.each(f"{route.name} {name}", ask(product, route, known, [*owner, JSON], body), judge.arm)
    judge.end()


def test_no_type_of_a_body_makes_a_fault(product: Product, judge: Judge, known: dict[str, str], owner: Headers) -> None:
    described = operations(product)
    for number, route in enumerate(each for each in ROUTES if body_schema(described, each.name)):
        type = TYPES[number % len(TYPES)]
        answer = ask(product, route, known, [*owner, (b"content-type", type)], written(SOUND.get(route.name, {})))
        judge.each(f"{route.name} {type!r}", answer, judge.arm)
    judge.end()


def ask(product: Product, route: Route, known: dict[str, str], headers: Headers, body: bytes) -> Any:
    return product.driver.ask(route.method, target_of(route, known), headers, body)
