"""The `$filter` of Lab Services: conditions on resources in their JSON form, in the part of OData that its clients send.

Comparisons (eq ne gt ge lt le), `and`, `or`, `not`, parentheses, paths such as properties/enabledState, texts, numbers,
true, false, null, and the functions of FUNCTIONS. Texts compare without regard to case, as ids and states do in ARM.
"""

import operator
import re
from collections.abc import Callable
from typing import Any

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

Value = str | float | bool | None
Read = Callable[[dict[str, Any]], Value]

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)(?![\w/])|([A-Za-z_][\w./]*)|([(),]))")
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_LONGEST = 2000
_DEEPEST = 30


def _text(value: Value) -> str:
    return "" if value is None else str(value).lower()


FUNCTIONS: dict[str, tuple[int, Callable[..., Value]]] = {
    "tolower": (1, _text),
    "toupper": (1, lambda text: _text(text).upper()),
    "trim": (1, lambda text: _text(text).strip()),
    "length": (1, lambda text: len(_text(text))),
    "indexof": (2, lambda text, part: _text(text).find(_text(part))),
    "contains": (2, lambda text, part: _text(part) in _text(text)),
    "substringof": (2, lambda part, text: _text(part) in _text(text)),
    "startswith": (2, lambda text, part: _text(text).startswith(_text(part))),
    "endswith": (2, lambda text, part: _text(text).endswith(_text(part))),
}


def read_filter(text: str) -> Callable[[dict[str, Any]], bool]:
    """Return a function that tests a resource in its JSON form. Raises Invalid for a filter that cannot be parsed."""
    if len(text) > _LONGEST:
        raise _unreadable(text[:40] + "…")
    reader = _Reader(text)
    condition = reader.either()
    reader.end()
    return lambda shown: condition(shown) is True


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._tokens, self._depth = text, self._split(text), 0

    def either(self) -> Read:
        left = self._both()
        while self._take("or"):
            left = _joined(left, self._both(), any)
        return left

    def end(self) -> None:
        if self._tokens:
            raise _unreadable(self._text)

    def _both(self) -> Read:
        left = self._negated()
        while self._take("and"):
            left = _joined(left, self._negated(), all)
        return left

    def _negated(self) -> Read:
        if self._take("not"):
            inner = self._negated()
            return lambda shown: inner(shown) is not True
        return self._compared()

    def _compared(self) -> Read:
        left = self._operand()
        word = self._tokens[0].lower() if self._tokens else ""
        if word not in _COMPARED:
            return left
        del self._tokens[0]
        return _comparison(word, left, self._operand())

    def _operand(self) -> Read:
        self._depth += 1
        if not self._tokens or self._depth > _DEEPEST:
            raise _unreadable(self._text)
        token = self._tokens.pop(0)
        if token == "(":
            found = self.either()
            self._expect(")")
        elif token.lower() in FUNCTIONS and self._tokens[:1] == ["("]:
            found = self._function(token.lower())
        else:
            found = _plain(token, self._text)
        self._depth -= 1
        return found

    def _function(self, name: str) -> Read:
        count, work = FUNCTIONS[name]
        self._expect("(")
        arguments = [self.either()]
        while self._take(","):
            arguments.append(self.either())
        self._expect(")")
        if len(arguments) != count:
            raise _unreadable(self._text)
        return lambda shown: work(*(argument(shown) for argument in arguments))

    def _take(self, word: str) -> bool:
        if self._tokens and self._tokens[0].lower() == word:
            del self._tokens[0]
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise _unreadable(self._text)

    def _split(self, text: str) -> list[str]:
        tokens, place = [], 0
        while place < len(text.rstrip()):
            found = _TOKEN.match(text, place)
            if found is None:
                raise _unreadable(text)
            tokens.append(found.group().strip())
            place = found.end()
        return tokens


def _plain(token: str, whole: str) -> Read:
    if token.startswith("'"):
        text = token[1:-1].replace("''", "'")
        return lambda _shown: text
    if token.lower() in ("true", "false", "null"):
        constant = {"true": True, "false": False, "null": None}[token.lower()]
        return lambda _shown: constant
    if token[0].isdigit() or token[0] == "-":
        number = float(token)
        return lambda _shown: number
    if token in "(),":
        raise _unreadable(whole)
    path = token.split("/")
    return lambda shown: _at(shown, path)


def _at(shown: Any, path: list[str]) -> Value:
    for name in path:
        spelled = {key.lower(): key for key in shown} if isinstance(shown, dict) else {}
        if name.lower() not in spelled:
            return None
        shown = shown[spelled[name.lower()]]
    return shown if isinstance(shown, str | int | float | bool) else None


def _comparison(word: str, left: Read, right: Read) -> Read:
    def compare(shown: dict[str, Any]) -> Value:
        one, other = left(shown), right(shown)
        if isinstance(one, str) and isinstance(other, str):
            one, other = one.lower(), other.lower()
        elif word not in ("eq", "ne") and (isinstance(one, str | None) or isinstance(other, str | None)):
            return False
        return _COMPARED[word](one, other)

    return compare


def _joined(left: Read, right: Read, how: Callable[[tuple[bool, bool]], bool]) -> Read:
    return lambda shown: how((left(shown) is True, right(shown) is True))


def _unreadable(text: str) -> Invalid:
    return Invalid(
        Message("The $filter '{text}' cannot be read.", text=text),
        hint=Message("Compare a property with a text: $filter=properties/title eq 'Algebra'."),
        code="InvalidFilterInQueryString",
        target="$filter",
    )
