"""Every field of every request body, as the OpenAPI document describes it."""

import copy
from collections.abc import Iterator
from typing import Any

from tests.interfaces.fuzz.product import Product

Place = tuple[str | int, ...]
KEY = "any"  # stands for a key of an object with free keys


Document = dict[str, Any]


def operations(product: Product) -> Document:
    """The OpenAPI document of the product."""
    described: Document = product().get("/openapi.json").json()
    return described


def operation(document: Document, name: str) -> dict[str, Any]:
    return _by_name(document)[name]


def _by_name(document: Document) -> dict[str, dict[str, Any]]:
    if "by name" not in document:
        every = [each for methods in document["paths"].values() for each in methods.values()]
        document["by name"] = {each["operationId"]: each for each in every}
    found: dict[str, dict[str, Any]] = document["by name"]
    return found


def body_schema(document: Document, name: str) -> dict[str, Any] | None:
    """The schema of the body of an operation, None where it has none."""
    content = operation(document, name).get("requestBody", {}).get("content", {})
    return next((each["schema"] for each in content.values()), None)


def places(document: Document, name: str) -> list[Place]:
    """The whole body of an operation first, then all that it may hold at any depth; a thing within itself only once."""
    schema = body_schema(document, name)
    return list(dict.fromkeys(_places(schema, document["components"]["schemas"], (), ()))) if schema else []


def _places(schema: dict[str, Any], known: dict[str, Any], place: Place, within: tuple[str, ...]) -> Iterator[Place]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in within:
            yield from _places(known[name], known, place, (*within, name))
        return
    yield place
    for word in ("anyOf", "oneOf", "allOf"):
        for each in schema.get(word, []):
            yield from _places(each, known, place, within)
    for name, own in schema.get("properties", {}).items():
        yield from _places(own, known, (*place, name), within)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _places(schema["additionalProperties"], known, (*place, KEY), within)
    if isinstance(schema.get("items"), dict):
        yield from _places(schema["items"], known, (*place, 0), within)


def put_at(body: Any, place: Place, value: Any) -> Any:
    """The body with the value at that place; what is missing on the way is made."""
    if not place:
        return value
    changed = copy.deepcopy(body) if isinstance(body, dict | list) else {}
    here = changed
    for part, following in zip(place, (*place[1:], None), strict=True):
        inner = value if following is None else _holder(here, part, following)
        if isinstance(here, list):
            here[:] = [inner]
        else:
            here[part] = inner
        here = inner
    return changed


def _holder(here: Any, part: str | int, following: str | int) -> Any:
    kind = list if isinstance(following, int) else dict
    held = (here[:1] or [None])[0] if isinstance(here, list) else here.get(part)
    return held if isinstance(held, kind) else kind()
