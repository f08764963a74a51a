"""Hostile values: what could be taken for a path, a statement, a markup, a command, a number, or the end of a text."""

import json
from collections.abc import Iterator
from typing import Any, TypeVar

V = TypeVar("V")

MARK = "galeria-was-here"
TEXTS: dict[str, str] = {
    "empty": "",
    "space": " ",
    "path up": "../../../../../../etc/passwd",
    "path up, encoded": "..%2f..%2f..%2fetc%2fpasswd",
    "path up, encoded twice": "%252e%252e%252fetc%252fpasswd",
    "path, Windows": "..\\..\\windows\\system32\\config\\sam",
    "path, absolute": "/proc/self/environ",
    "dots": "..",
    "address": "file:///etc/passwd",
    "address, internal": "http://169.254.169.254/latest/meta-data",
    "device, Windows": "CON",
    "device, Windows with ending": "nul.txt",
    "SQL": "' OR '1'='1",
    "SQL, statement": "x'); DROP TABLE people; --",
    "SQL, pattern": "%_%\\",
    "XML": "</title></domain><devices><disk type='file'/></devices>",
    "CDATA": "]]>&xxe;<![CDATA[",
    "XML, entity": '<!DOCTYPE a [<!ENTITY xxe SYSTEM "file:///etc/passwd">]><a>&xxe;</a>',
    "shell": "$(touch /tmp/galeria-was-here)`id`;|&&",
    "shell, option": "--help -rf",
    "shell, lines": "a\nrm -rf /\n",
    "YAML": "null",
    "YAML, structure": "{a: !!python/object/apply:os.system ['id']}",
    "template": "{{ 7*7 }}{% raw %}${7*7}%(x)s{0}{0.__class__}",
    "format": "%s%n%x{self}",
    "HTML": f'"><script>{MARK}</script><img src=x onerror={MARK}()>',
    "HTML, attribute": f"' onfocus='{MARK}()' x='",
    "HTML, link": f"javascript:{MARK}()",
    "HTML, element": f"<{MARK}>",
    "headers": f"a\r\nSet-Cookie: {MARK}=1\r\n\r\n<html>",
    "right to left": "\u202egnp.exe\u2066\u2069",
    "zero width": "a\u200bd\u200dm\ufeffi\u2060n",
    "lines of Unicode": "a\u2028b\u2029c\x85d",
    "NUL": "a\x00b",
    "control": "\x01\x07\x1b[31m\x7f\x9b",
    "surrogate": "\ud800",
    "surrogates, reversed": "\udc00\ud83d",
    "no character": "\ufffe\uffff\U0010ffff",
    "emoji": "👩‍🚀🏳️‍🌈",
    "composed apart": "A\u0301lgebra",
    "composed": "Álgebra ﬁ Å ſ",
    "large in small": "İıẞß",
    "combining": "e" + "\u0301" * 500,
    "digits of others": "١٢٣",
    "digits, raised": "²",
    "number": "1e309",
    "number, long": "9" * 400,
    "number, negative": "-1",
    "long": "a" * 5000,
    "whole id": "/subscriptions/x/resourceGroups/../providers/a/b/c",
    "date, late": "9999-12-31T23:59:59-14:00",
    "date, early": "0001-01-01T00:00:00+14:00",
    "duration": "P99999999999Y",
    "pattern": "(a+)+$" + "a" * 40,
}
HUGE = "x" * (1 << 20)


class Literal:
    """A piece of JSON as it is written, which no serializer would write."""

    def __init__(self, text: str) -> None:
        self.text = text


def _nested(depth: int, opening: str, closing: str) -> Literal:
    return Literal(opening * depth + "1" + closing * depth)


WRONG_TYPES: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "negative": -1,
    "fraction": 0.5,
    "large": 2**63,
    "larger": Literal("1" + "0" * 400),
    "too long": Literal("1" * 5000),
    "infinite": Literal("1e309"),
    "no number": Literal("NaN"),
    "minus infinite": Literal("-Infinity"),
    "minus zero": Literal("-0.0"),
    "list": [],
    "list of nothing": [None],
    "list of texts": ["a", "a"],
    "list in a list": [[[]]],
    "object": {},
    "object of anything": {"": {"": ""}, "__proto__": {"x": 1}, "__class__": 1},
    "keys": Literal('{"a": 1, "a": 2, "A": 3, "\\u0000": 4, "\\ud800": 5}'),
    "deep list": _nested(5000, "[", "]"),
    "deep object": _nested(2000, '{"a":', "}"),
    "many": list(range(2000)),
    "huge": HUGE,
}
VALUES: dict[str, Any] = {**TEXTS, **WRONG_TYPES}


def written(value: Any) -> bytes:
    """The JSON of a value. Lone surrogates stay escapes, as JSON allows; pieces of `Literal` stay as they are written."""
    pieces: list[str] = []

    def name(each: Any) -> Any:
        if isinstance(each, Literal):
            pieces.append(each.text)
            return f"literal {len(pieces) - 1} {MARK}"
        if isinstance(each, dict):
            return {key: name(inner) for key, inner in each.items()}
        return [name(inner) for inner in each] if isinstance(each, list) else each

    text = json.dumps(name(value))
    for number, piece in enumerate(pieces):
        text = text.replace(f'"literal {number} {MARK}"', piece)
    return text.encode()


class Shares:
    """Gives each place some of the values: the next one gets those that follow, so that all come to every kind of place."""

    def __init__(self, *, all: bool = False) -> None:
        self._all = all
        self._next = 0

    def __call__(self, values: dict[str, V], each: int) -> Iterator[tuple[str, V]]:
        """`each` of the values with their names, or all where the run is a thorough one."""
        names = list(values)
        count = len(names) if self._all else min(each, len(names))
        first, self._next = self._next, self._next + count
        for number in range(first, first + count):
            name = names[number % len(names)]
            yield name, values[name]
