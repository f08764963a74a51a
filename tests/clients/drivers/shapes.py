"""Whether an answer is what the operation's public description promises, taken from the SDK's own models.

Both kinds of generated models are read: those with annotations, and the older ones with `_attribute_map`. An answer may
hold more than is described; what is described must be there where it is required, of its type, and of the known values.
"""

import datetime
import inspect
import re
import typing
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any

Found = Iterator[str]
_WORDS: dict[str, type] = {
    "str": str,
    "int": int,
    "long": int,
    "float": float,
    "bool": bool,
    "object": object,
    "iso-8601": datetime.datetime,
    "duration": datetime.timedelta,
}
_NUMBERS: dict[type, Any] = {int: int, float: (int, float)}
_TEXTS = {
    datetime.datetime: (
        re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
        "time of RFC 3339",
    ),
    datetime.timedelta: (
        re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"),
        "duration of ISO 8601",
    ),
}


def faults(kind: Any, value: Any, models: Any, where: str = "") -> Found:
    """What is wrong with `value`, one sentence each. `kind` is a class, an annotation, or a word such as "[Lab]".

    `models` has every model as an attribute.
    """
    if isinstance(kind, str):
        yield from _of_word(kind, value, models, where)
    elif typing.get_origin(kind) is typing.Union:
        yield from _of_union(kind, value, models, where)
    elif typing.get_origin(kind) in (list, dict):
        yield from _of_container(typing.get_origin(kind), typing.get_args(kind)[-1], value, models, where)
    elif not isinstance(kind, type):
        return
    elif hasattr(kind, "_attribute_map"):
        yield from _of_mapped(kind, value, models, where)
    elif hasattr(kind, "_is_model"):
        yield from _of_annotated(kind, value, models, where)
    else:
        yield from _of_scalar(kind, value, where)


def _of_word(word: str, value: Any, models: Any, where: str) -> Found:
    if word[0] in "[{":
        yield from _of_container(list if word[0] == "[" else dict, word[1:-1], value, models, where)
    elif word in _WORDS:
        yield from _of_scalar(_WORDS[word], value, where)
    else:
        yield from faults(getattr(models, word, object), value, models, where)


def _of_container(kind: Any, inner: Any, value: Any, models: Any, where: str) -> Found:
    if not isinstance(value, kind):
        yield f"{where}: {value!r} is no {kind.__name__}"
        return
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield from faults(inner, each, models, f"{where}[{key}]")


def _of_union(kind: Any, value: Any, models: Any, where: str) -> Found:
    """Optional things, and texts with known values."""
    choices = [each for each in typing.get_args(kind) if each is not type(None)]
    known = [each for each in choices if isinstance(each, type) and issubclass(each, Enum)]
    yield from faults((known or choices)[0], value, models, where)


def _of_annotated(model: Any, value: Any, models: Any, where: str) -> Found:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no {model.__name__}"
        return
    model({})  # A model works out its fields when the first one is made.
    fields = model._attr_to_rest_field
    for name, kind in _annotations(model, models).items():
        if name in fields:
            key = fields[name]._rest_name
            yield from _of_property(kind, value, key, models, where, required=not _is_optional(kind))


@cache
def _annotations(model: type, models: Any) -> dict[str, Any]:
    names = {**vars(models), "_models": models}
    found: dict[str, Any] = {}
    for each in reversed(model.__mro__):
        module = inspect.getmodule(each)
        if "__annotations__" in vars(each) and module is not None and hasattr(each, "_is_model"):
            found |= typing.get_type_hints(each, {**vars(module), **names})
    return found


def _is_optional(kind: Any) -> bool:
    return type(None) in typing.get_args(kind)


def _of_mapped(model: Any, value: Any, models: Any, where: str) -> Found:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no {model.__name__}"
        return
    known = _known_values(model, models)
    for name, described in model._attribute_map.items():
        rules = model._validation.get(name, {})
        holder, key, place = _descended(value, described["key"], where)
        kind = known.get(name, described["type"])
        yield from _of_property(kind, holder, key, models, place, required=bool(rules.get("required")))
        yield from _of_rules(rules, holder.get(key), f"{place}.{key}")


def _descended(value: dict[str, Any], path: str, where: str) -> tuple[dict[str, Any], str, str]:
    """Flattened properties are written with dots: the object that holds the last part, and that part."""
    *parts, key = (part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path))
    for part in parts:
        value, where = value.get(part) or {}, f"{where}.{part}"
    return value, key, where


def _known_values(model: Any, models: Any) -> dict[str, Any]:
    """Older models name their enumerations only in their documentation."""
    pattern = re.compile(r":(?:var)?type (\w+): str or\s+~[\w.]+\.(\w+)")
    found = pattern.findall(" ".join(f"{each.__doc__}" for each in model.__mro__ if hasattr(each, "_attribute_map")))
    enums = {name: getattr(models, kind, None) for name, kind in found}
    return {name: kind for name, kind in enums.items() if isinstance(kind, type) and issubclass(kind, Enum)}


def _of_property(kind: Any, holder: dict[str, Any], key: str, models: Any, where: str, *, required: bool) -> Found:
    if holder.get(key) is not None:
        yield from faults(kind, holder[key], models, f"{where}.{key}")
    elif key in holder:
        yield f"{where}.{key}: null is not described; leave it away"
    elif required:
        yield f"{where}.{key}: missing, and required"


def _of_rules(rules: dict[str, Any], value: Any, where: str) -> Found:
    if isinstance(value, str) and len(value) < rules.get("min_length", 0):
        yield f"{where}: {value!r} is shorter than {rules['min_length']}"
    if isinstance(value, str) and len(value) > rules.get("max_length", len(value)):
        yield f"{where}: {value!r} is longer than {rules['max_length']}"
    if type(value) is int and not rules.get("minimum", value) <= value <= rules.get("maximum", value):
        yield f"{where}: {value!r} is out of range"


def _of_scalar(kind: Any, value: Any, where: str) -> Found:
    if isinstance(kind, type) and issubclass(kind, Enum):
        known = [each.value for each in kind]
        if value not in known:
            yield f"{where}: {value!r} is not one of {known}"
    elif kind in _TEXTS:
        pattern, name = _TEXTS[kind]
        if not isinstance(value, str) or not pattern.fullmatch(value):
            yield f"{where}: {value!r} is no {name}"
    elif not isinstance(value, _NUMBERS.get(kind, kind)) or (isinstance(value, bool) and kind in _NUMBERS):
        yield f"{where}: {value!r} is of another type than {kind.__name__}"
