"""Holds an answer against what the public descriptions promise of its operation."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]
HERE = Path(__file__).parent
# Figures that Azure's shapes have no place for stand below this one property of a resource.
OURS = "properties.galeria"
# The newest generation has ARM's own types: for what ARM adds to every resource, and for what it refuses by itself.
NEWEST = "labs-2023-06-07"
_MOMENT = {"type": "string", "format": "date-time"}
_POLICY = {
    "immutabilityDurationDays": {"type": "integer"},
    "type": {"enum": ["Unlocked", "Locked"]},
    "policyStartTime": _MOMENT,
    "policyExpirationTime": _MOMENT,
    "isPolicyExpired": {"type": "boolean"},
}
_STATE = {"enum": ["Active", "SoftDeleted"]}
# What the description of 2026-03-03 adds, which the SDK of today was made from: type → property → shape.
LATER: dict[str, Json] = {
    "SoftDeletePolicy": {"retentionPeriodInDays": {"type": "integer"}, "gracePeriodInDays": {"type": "integer"}},
    "GallerySoftDeletedResourceProperties": {"consumptionEndTime": _MOMENT, "hardDeletionTargetTime": _MOMENT},
    "SnapshotProperties": {"immutabilityPolicy": {"properties": _POLICY}},
    "SharedGalleryImageVersionProperties": {"consumptionEndTime": _MOMENT, "imageState": _STATE},
    "CommunityGalleryImageVersionProperties": {"consumptionEndTime": _MOMENT, "imageState": _STATE},
    # Not later, but ARM's: the output of the work. Source: its contract for asynchronous operations.
    "OperationResult": {"properties": {}},
}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
}
_FORMATS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "duration": re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
}


@dataclass(frozen=True)
class Operation:
    """`file` tells the generation, such as labs-2018-10-15; `types` are all of that file."""

    file: str
    name: str
    told: Json
    types: Json

    @property
    def title(self) -> str:
        return f"{self.file} {self.name}"

    @property
    def generation(self) -> str:
        """Its date; empty where the description's version makes no difference here."""
        return self.file.removeprefix("labs-") if self.file.startswith("labs-") else ""

    @property
    def variables(self) -> int:
        return str(self.told["path"]).count("{")

    def is_at(self, method: str, path: str) -> bool:
        return self.told["method"] == method and _pattern(self.told["path"]).fullmatch(path) is not None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`body`: what came, None where nothing did."""

    method: str
    status: int
    headers: Iterable[str]
    body: Any


@cache
def operations() -> tuple[Operation, ...]:
    found = []
    for file in sorted(HERE.glob("*.json")):
        facts = json.loads(file.read_text(encoding="utf-8"))
        types = facts["types"]
        for name in LATER.keys() & types.keys():
            types[name]["properties"] |= LATER[name]
        found += [Operation(file.stem, name, told, types) for name, told in facts["operations"].items()]
    return tuple(found)


@cache
def arm_types() -> Json:
    return next(each.types for each in operations() if each.file == NEWEST)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """A scope is the one variable part that may hold slashes."""
    parts = [
        ("[^/].*" if part == "{scope}" else "[^/]+") if part[:1] == "{" else re.escape(part) for part in path.split("/")
    ]
    return re.compile("/".join(parts).rstrip("/"), re.IGNORECASE)


def described(method: str, path: str, version: str) -> Operation | None:
    """The operation of that address: the most exact one, in the newest generation that is not newer than `version`."""
    found = [each for each in operations() if each.is_at(method, path)]
    old_enough = [each for each in found if each.generation <= version] or found
    return max(old_enough, key=lambda each: (each.generation, -each.variables), default=None)


def faults(operation: Operation, answer: Answer) -> list[str]:
    """Where the answer is not what its description promises, in words."""
    answers, code = operation.told["answers"], str(answer.status)
    if answer.status >= 400:
        found = (
            []
            if code in answers or answer.method == "HEAD"
            else list(_of_error(answers.get("default"), answer, operation))
        )
    elif code not in answers:
        found = ["this is never answered"]
    else:
        found = list(_of_body(answers[code], answer, operation.types))
    if answer.status == 202 and not {"location", "azure-asyncoperation"} & {each.lower() for each in answer.headers}:
        found.append("nobody is told where to follow the work")
    return [f"{operation.title} {answer.status}: {each}" for each in found]


def _of_error(promised: Json | None, answer: Answer, operation: Operation) -> Iterator[str]:
    """Before a provider sees a request, ARM may refuse it, in ARM's form: all of this service's refusals have it."""
    arms = list(_of_body({"ref": "ErrorResponse"}, answer, arm_types()))
    if arms and (promised is None or list(_of_body(promised, answer, operation.types))):
        yield from arms


def _of_body(promised: Json | None, answer: Answer, types: Json) -> Iterator[str]:
    if promised is None:
        if answer.body is not None:
            yield "there is a body, and none was promised"
    elif answer.body is None:
        yield "there is no body"
    else:
        yield from differences(promised, answer.body, types)


def differences(shape: Json, value: Any, types: Json, where: str = "") -> Iterator[str]:
    """`where` is the way to the value, such as value[0].properties.state."""
    if shape.get("hidden"):
        yield f"{where} is never to be shown"
    elif value is None:
        if not shape.get("nullable"):
            yield f"{where} is null"
    elif "ref" in shape:
        yield from differences(types[shape["ref"]], value, types, where)
    elif "properties" in shape:
        yield from _of_object(shape, value, types, where)
    elif "items" in shape:
        yield from _of_list(shape, value, types, where)
    else:
        yield from _of_scalar(shape, value, where)


def _of_object(shape: Json, value: Any, types: Json, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is no object"
        return
    yield from (f"{where}.{name} is missing" for name in shape.get("required", []) if name not in value)
    for name, held in value.items():
        place = f"{where}.{name}".lstrip(".")
        if name in shape["properties"]:
            yield from differences(shape["properties"][name], held, types, place)
        elif "values" in shape:
            yield from differences(shape["values"], held, types, place)
        elif re.fullmatch(r"(value\[\d+\]\.)?systemData", place):
            yield from differences({"ref": "systemData"}, held, arm_types(), place)
        elif not place.endswith(OURS):
            yield f"{place} is not described"


def _of_list(shape: Json, value: Any, types: Json, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where} is no list"
        return
    if not shape.get("minItems", 0) <= len(value) <= shape.get("maxItems", len(value)):
        yield f"{where} has {len(value)} items"
    for place, each in enumerate(value):
        yield from differences(shape["items"], each, types, f"{where}[{place}]")


def _of_scalar(shape: Json, value: Any, where: str) -> Iterator[str]:
    if value not in shape.get("enum", [value]):
        yield f"{where} is {value!r}, not one of {shape['enum']}"
    expected = _TYPES.get(shape.get("type", ""))
    if expected is None:
        return
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        yield f"{where} is {value!r}, no {shape['type']}"
    elif isinstance(value, str):
        yield from _of_text(shape, value, where)
    elif isinstance(value, int | float) and not shape.get("minimum", value) <= value <= shape.get("maximum", value):
        yield f"{where} is {value}, which is out of range"


def _of_text(shape: Json, value: str, where: str) -> Iterator[str]:
    form = _FORMATS.get(shape.get("format", ""))
    if form and not form.fullmatch(value):
        yield f"{where} is {value!r}, no {shape['format']}"
    if not shape.get("minLength", 0) <= len(value) <= shape.get("maxLength", len(value)):
        yield f"{where} has {len(value)} characters"
    if "pattern" in shape and not re.search(shape["pattern"], value):
        yield f"{where} is {value!r}, which does not match {shape['pattern']}"
