"""Patterns of sentences: `The lab '{0}' is {1}.` recognises sentences made from it, and returns the values of its holes."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from string import Formatter

# A value between quotation marks is a name that somebody chose.
_OPEN_QUOTE = re.compile(r"(?:^|[\s(\[])'[^']*$")
# Characters of a beginning or an end that patterns are indexed by.
_LENGTHS = (24, 16, 12, 8, 4, 2, 1, 0)

Piece = str | int
"""What is written, or the number of a hole."""


def pieces(template: str) -> tuple[Piece, ...]:
    """Split a template. Holes are numbered, such as {0} and {1}; a literal brace is written twice."""
    found: list[Piece] = []
    for text, hole, _, _ in Formatter().parse(template):
        found += [text] if text else []
        found += [int(hole)] if hole is not None else []
    return tuple(found)


@dataclass(frozen=True)
class Pattern:
    """A template with at least one hole, and its translation."""

    template: str
    translated: tuple[Piece, ...]

    @classmethod
    def of(cls, template: str, translation: str) -> "Pattern":
        return cls(template, pieces(translation))

    @cached_property
    def parts(self) -> tuple[Piece, ...]:
        return pieces(self.template)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        return tuple(each for each in self.parts if isinstance(each, str))

    @cached_property
    def written(self) -> int:
        """The number of literal characters: of two templates that match, the one with more is better."""
        return sum(map(len, self.texts))

    @cached_property
    def head(self) -> str:
        return self.parts[0] if isinstance(self.parts[0], str) else ""

    @cached_property
    def tail(self) -> str:
        return self.parts[-1] if isinstance(self.parts[-1], str) else ""

    @cached_property
    def names(self) -> frozenset[int]:
        """The holes whose values are names and are never translated."""
        found, before = set(), ""
        for each in self.parts:
            if isinstance(each, int) and _OPEN_QUOTE.search(before):
                found.add(each)
            before += each if isinstance(each, str) else "x"
        return frozenset(found)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile("".join(map(self._expression, self.parts)), re.DOTALL)

    def _expression(self, piece: Piece) -> str:
        if isinstance(piece, str):
            return re.escape(piece)
        # A name may be empty, as it was typed.
        return f"(?P<v{piece}>.{'*' if piece in self.names else '+'}?)"

    def values(self, text: str) -> dict[int, str] | None:
        """Return the values of the holes where the whole of `text` matches; else None."""
        if not (text.startswith(self.head) and text.endswith(self.tail) and all(each in text for each in self.texts)):
            return None
        match = self._regex.fullmatch(text)
        return {int(name[1:]): value for name, value in match.groupdict().items()} if match else None

    def say(self, values: dict[int, str]) -> str:
        return "".join(each if isinstance(each, str) else values[each] for each in self.translated)


class Patterns:
    """Patterns by how they begin or, where a value comes first, by how they end, so that only few are tried for a text."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._by_head: dict[str, list[Pattern]] = defaultdict(list)
        self._by_tail: dict[str, list[Pattern]] = defaultdict(list)
        for each in patterns:
            if each.head:
                self._by_head[each.head[: _longest(each.head)]].append(each)
            else:
                self._by_tail[each.tail[len(each.tail) - _longest(each.tail) :]].append(each)

    def candidates(self, text: str) -> Iterator[Pattern]:
        for length in _LENGTHS:
            if length <= len(text):
                yield from self._by_head.get(text[:length], ()) if length else ()
                yield from self._by_tail.get(text[len(text) - length :], ())


def _longest(text: str) -> int:
    return next(each for each in _LENGTHS if each <= len(text))
