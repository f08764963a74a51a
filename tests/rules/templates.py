"""From an expression to the texts that it may become: templates with a hole for every value."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product as combinations

from tests.rules.code import Code, Site, argument, assignments, default, looped, nodes, own_attribute, parameters
from tests.rules.sources import Function, Source

DEPTH = 8  # calls and names followed from one expression
INLINE = 4  # a value with so many written alternatives is written out; more stay a hole and are words of their own
ALL = 40  # the same where nothing else is written: such a template would fit everything


@dataclass(frozen=True)
class Hole:
    """A value; `shown` is its expression, for whoever translates."""

    shown: str


# What people call their own things is no word of ours, but for the things that one module names by itself.
NAMES = {"name", "title", "id", "display_name", "description", "location", "region", "message", "hint"}
NAMES |= {"type", "format", "kind", "value"}
QUOTED = re.compile(r"'.'")
# A path, an address, a name with a dot, a hyphen or capitals within.
CODE = re.compile(r"[/_{}<>=\[\]@]|[a-z][A-Z]|\b[\w]+\.\w|\w-[a-z]+$|[a-z]\d|^[A-Z]+\d?$")

Parts = tuple[str | Hole, ...]


@dataclass(frozen=True)
class Scope:
    source: Source
    function: Function | None
    bound: Mapping[str, tuple[ast.expr, "Scope"]] = field(default_factory=dict)
    depth: int = 0


class Reader:
    """Reads expressions. What may stand in a hole, and is written in the code too, gathers in `words`."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self.words: set[str] = set()
        self._known: dict[ast.expr, list[Parts]] = {}

    def read(self, node: ast.expr | None, scope: Scope) -> list[Parts]:
        if node is None or scope.depth > DEPTH:
            return []
        reads = {
            ast.Constant: self._constant,
            ast.JoinedStr: self._joined,
            ast.BinOp: self._added,
            ast.BoolOp: self._either,
            ast.IfExp: self._either,
            ast.NamedExpr: self._named,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
            ast.Subscript: self._subscript,
            ast.ListComp: self._many,
            ast.GeneratorExp: self._many,
            ast.Tuple: self._several,
            ast.List: self._several,
        }
        read = reads.get(type(node))
        return _distinct(read(node, scope)) if read else [(Hole(ast.unparse(node)),)]  # type: ignore[operator]

    def _constant(self, node: ast.Constant, scope: Scope) -> list[Parts]:
        return [(node.value,)] if isinstance(node.value, str) else [(Hole(ast.unparse(node)),)]

    def _joined(self, node: ast.JoinedStr, scope: Scope) -> list[Parts]:
        says_more = any(has_words((str(each.value),)) for each in node.values if isinstance(each, ast.Constant))
        return self._glued([self._part(each, scope, INLINE if says_more else ALL) for each in node.values])

    def _part(self, node: ast.expr, scope: Scope, most: int) -> list[Parts]:
        if not isinstance(node, ast.FormattedValue):
            return self.read(node, scope)
        hole: list[Parts] = [(Hole(ast.unparse(node.value)),)]
        if node.format_spec or node.conversion != -1:
            return hole
        said = self.read(node.value, scope)
        if said and len(said) <= most and all(each == ("",) or reads_as_language(each) for each in said):
            return said
        self.words |= {template(each) for each in said if reads_as_language(each)}
        return hole

    def _added(self, node: ast.BinOp, scope: Scope) -> list[Parts]:
        if not isinstance(node.op, ast.Add):
            return [(Hole(ast.unparse(node)),)]
        return self._glued([self.read(node.left, scope), self.read(node.right, scope)])

    def _either(self, node: ast.BoolOp | ast.IfExp, scope: Scope) -> list[Parts]:
        values = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values
        return [parts for each in values for parts in self.read(each, scope)]

    def _named(self, node: ast.NamedExpr, scope: Scope) -> list[Parts]:
        return self.read(node.value, scope)

    def _name(self, node: ast.Name, scope: Scope) -> list[Parts]:
        hole: list[Parts] = [(Hole(node.id),)]
        deeper = Scope(scope.source, scope.function, scope.bound, scope.depth + 1)
        if node.id in scope.bound:
            value, place = scope.bound[node.id]
            return self.read(value, Scope(place.source, place.function, place.bound, scope.depth + 1)) or hole
        local = self._local(node.id, scope)
        if local:
            return [parts for each in local for parts in self.read(each, deeper)] or hole
        if scope.function and node.id in parameters(scope.function):
            return self._given(node.id, scope.source, scope.function) or hole
        constant = self._code.find_constant(scope.source, node.id)
        return self.read(constant[1], Scope(constant[0], None, {}, scope.depth + 1)) if constant else hole

    def _local(self, name: str, scope: Scope) -> list[ast.expr]:
        if scope.function is None:
            return []
        found = list(assignments(scope.function, name))
        for node in nodes(scope.function):
            if isinstance(node, ast.For) and isinstance(node.iter, ast.Name):
                written = self._code.find_constant(scope.source, node.iter.id)
                found += looped(node.target, written[1], name) if written else []
        return found

    def _attribute(self, node: ast.Attribute, scope: Scope) -> list[Parts]:
        """What an object is given for an attribute: in its own methods, or where such things are made with written words."""
        hole: list[Parts] = [(Hole(ast.unparse(node)),)]
        if ast.unparse(node.value) == "self":
            given = own_attribute(self._code.module(scope.source), node.attr)
            return self._at([(value, scope.source, function) for function, value in given]) or hole
        places = self._code.keywords(node.attr)
        return self._at([each for each in places if node.attr not in NAMES or each[1] is scope.source]) + hole

    def _at(self, places: list[tuple[ast.expr, Source, Function | None]]) -> list[Parts]:
        """What is written in other places; each is read once, and is no news while it is being read."""
        found = []
        for value, source, function in places:
            if value not in self._known:
                self._known[value] = []
                self._known[value] = self.read(value, Scope(source, function))
            found += self._known[value]
        return found

    def _given(self, name: str, source: Source, function: Function) -> list[Parts]:
        """What the callers of a function give for one of its parameters."""
        places: list[tuple[ast.expr | None, Source, Function | None]] = [(default(function, name), source, None)]
        for site in self._code.callers(source, function):
            places.append((argument(site.call, function, name), site.source, site.function))
        return self._at([(value, place, caller) for value, place, caller in places if value])

    def _call(self, node: ast.Call, scope: Scope) -> list[Parts]:
        hole: list[Parts] = [(Hole(ast.unparse(node)),)]
        inner_node = _inside(node)
        if inner_node is not None:
            return self.read(inner_node, Scope(scope.source, scope.function, scope.bound, scope.depth + 1))
        if isinstance(node.func, ast.Attribute) and node.func.attr == "join":
            self.words |= {template(each) for each in self.read(node.args[0], scope) if reads_as_language(each)}
            return hole
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            return self._dictionary(node, scope) or hole
        known = self._code.find_function(scope.source, node.func)
        if known is None:
            return hole
        source, function = known
        bound = {name: (value, scope) for name in parameters(function) if (value := argument(node, function, name))}
        inner = Scope(source, function, bound, scope.depth + 1)
        found = [parts for value in returned(function) for parts in self.read(value, inner)]
        return found or hole

    def _dictionary(self, node: ast.Call, scope: Scope) -> list[Parts]:
        """The values of a written dictionary that is asked with `get`."""
        assert isinstance(node.func, ast.Attribute)
        found = self._values(node.func.value, scope)
        return found + [parts for each in node.args[1:] for parts in self.read(each, scope)] if found else []

    def _many(self, node: ast.ListComp | ast.GeneratorExp, scope: Scope) -> list[Parts]:
        return self.read(node.elt, scope)

    def _several(self, node: ast.Tuple | ast.List, scope: Scope) -> list[Parts]:
        return [parts for each in node.elts for parts in self.read(each, scope)]

    def _subscript(self, node: ast.Subscript, scope: Scope) -> list[Parts]:
        return self._values(node.value, scope) or [(Hole(ast.unparse(node)),)]

    def _values(self, node: ast.expr, scope: Scope) -> list[Parts]:
        constant = self._code.find_constant(scope.source, node.id) if isinstance(node, ast.Name) else None
        if constant is None or not isinstance(constant[1], ast.Dict):
            return []
        place = Scope(constant[0], None, {}, scope.depth + 1)
        return [parts for each in constant[1].values for parts in self.read(each, place)]

    @staticmethod
    def _glued(pieces: list[list[Parts]]) -> list[Parts]:
        return [tuple(part for parts in way for part in parts) for way in combinations(*pieces)]


def _inside(node: ast.Call) -> ast.expr | None:
    """What only changes its cover: `tuple(x)`, `sorted(x)`, `str(x)`, `x.strip()`."""
    if isinstance(node.func, ast.Name) and node.func.id in {"tuple", "list", "sorted", "set", "str"} and node.args:
        return node.args[0]
    if isinstance(node.func, ast.Attribute) and node.func.attr in {"strip", "rstrip", "removesuffix"}:
        return node.func.value
    return None


def returned(function: Function) -> Iterator[ast.expr]:
    for node in nodes(function):
        if isinstance(node, ast.Return) and node.value:
            yield node.value


def has_words(parts: Parts) -> bool:
    return any(isinstance(each, str) and any(map(str.isalpha, each)) for each in parts)


def reads_as_language(parts: Parts) -> bool:
    """No path, property, header or option: those are the same in every language."""
    return has_words(parts) and not any(isinstance(each, str) and CODE.search(QUOTED.sub("", each)) for each in parts)


def template(parts: Parts) -> str:
    """`The lab '{0}' is gone.`; "" where nothing is written but values."""
    text, count, last = "", 0, ""
    if not has_words(parts):
        return ""
    for each in parts:
        if isinstance(each, str):
            text, last = text + each.replace("{", "{{").replace("}", "}}"), (each and "text") or last
        else:
            text, count = f"{text}{{{count}}}", count + 1
    return text.strip()


def _distinct(found: Iterable[Parts]) -> list[Parts]:
    return list(dict.fromkeys(found))


__all__ = ["Hole", "Parts", "Reader", "Scope", "Site", "has_words", "template"]
