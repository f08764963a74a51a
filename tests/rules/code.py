"""What a name in the product's code stands for: its functions, who calls them, and its constants."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property

from tests.rules.sources import Function, Source

# What the bare `ast` does not say: the function that a node stands in.
Place = tuple[Source, Function | None]


@dataclass(frozen=True, kw_only=True)
class Site:
    """One call and where it stands."""

    call: ast.Call
    source: Source
    function: Function | None


@dataclass(kw_only=True)
class Module:
    source: Source
    functions: dict[str, list[Function]] = field(default_factory=lambda: defaultdict(list))
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)  # name: module and its name there
    calls: dict[str, list[Site]] = field(default_factory=lambda: defaultdict(list))  # by the last word called


class Code:
    def __init__(self, files: tuple[Source, ...]) -> None:
        self.modules = {_dotted(source): _module(source) for source in files}
        self._definitions = Counter(
            function.name for module in self.modules.values() for each in module.functions.values() for function in each
        )

    def module(self, source: Source) -> Module:
        return self.modules[_dotted(source)]

    def sites(self) -> Iterator[Site]:
        for module in self.modules.values():
            for calls in module.calls.values():
                yield from calls

    def find_function(self, source: Source, called: ast.expr) -> tuple[Source, Function] | None:
        """The project's own function that is called so; None for others, and where several have the name."""
        name = last_word(called)
        here = self.module(source)
        found = here.functions.get(name, [])
        if not found and isinstance(called, ast.Name) and name in here.imported:
            other = self.modules.get(here.imported[name][0])
            return self._only(other, here.imported[name][1]) if other else None
        return (source, found[0]) if len(found) == 1 else None

    def find_constant(self, source: Source, name: str) -> tuple[Source, ast.expr] | None:
        here = self.module(source)
        if name in here.constants:
            return source, here.constants[name]
        other = self.modules.get(here.imported[name][0]) if name in here.imported else None
        return self.find_constant(other.source, here.imported[name][1]) if other else None

    def callers(self, source: Source, function: Function) -> list[Site]:
        """Calls that mean this function, by name and import; of a method, calls of that name if only one class has it."""
        name, own = function.name, _dotted(source)
        if name == "__init__":
            return [site for each in self._family(source, function) for site in self._made(each)]
        found = list(self.modules[own].calls.get(name, []))
        if name.startswith("_"):
            return found
        is_method = bool(function.args.args) and function.args.args[0].arg in {"self", "cls"}
        if is_method and self._definitions[name] > 1:
            return []
        for dotted, module in self.modules.items():
            if dotted != own and (is_method or module.imported.get(name, ("", ""))[0] == own):
                found += module.calls.get(name, [])
        return found

    def _family(self, source: Source, method: Function) -> list[ast.ClassDef]:
        """The class that a method stands in, and all that inherit from it."""
        family = [each for each in self.module(source).classes.values() if method in each.body]
        names = {each.name for each in family}
        for _ in range(3):  # generations
            for module in self.modules.values():
                for name, each in module.classes.items():
                    if name not in names and names & {_base(base) for base in each.bases}:
                        names.add(name)
                        family.append(each)
        return family

    def _made(self, made: ast.ClassDef) -> list[Site]:
        """Where a class is called, and where its `__init__` calls that of the class above."""
        inits = [each for each in made.body if isinstance(each, Function) and each.name == "__init__"]
        return [
            site
            for module in self.modules.values()
            for name in (made.name, "__init__")
            for site in module.calls.get(name, [])
            if name == made.name or site.function in inits
        ]

    @cached_property
    def _keywords(self) -> dict[str, list[tuple[ast.expr, Source, Function | None]]]:
        found = defaultdict(list)
        for site in self.sites():
            if last_word(site.call.func)[:1].isupper():
                for each in site.call.keywords:
                    found[each.arg or ""].append((each.value, site.source, site.function))
        return found

    def keywords(self, name: str) -> list[tuple[ast.expr, Source, Function | None]]:
        """What classes are called with for a keyword, all over the product."""
        return self._keywords[name]

    @staticmethod
    def _only(module: Module, name: str) -> tuple[Source, Function] | None:
        found = module.functions.get(name, [])
        return (module.source, found[0]) if len(found) == 1 else None


def _base(base: ast.expr) -> str:
    """`Rows` of `Rows[Lab]`."""
    return last_word(base.value if isinstance(base, ast.Subscript) else base)


def last_word(called: ast.expr) -> str:
    """`store` of `self.files.store`."""
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def argument(call: ast.Call, function: Function, name: str) -> ast.expr | None:
    """What `call` gives to the parameter `name` of `function`; its default where it gives nothing."""
    given = {each.arg: each.value for each in call.keywords}
    if name in given:
        return given[name]
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if names and names[0] in {"self", "cls"}:
        names = names[1:]
    if name in names and names.index(name) < len(call.args):
        return call.args[names.index(name)]
    return default(function, name)


def default(function: Function, name: str) -> ast.expr | None:
    named = [*function.args.posonlyargs, *function.args.args]
    defaults = dict(zip(reversed([each.arg for each in named]), reversed(function.args.defaults), strict=False))
    only = zip((each.arg for each in function.args.kwonlyargs), function.args.kw_defaults, strict=True)
    return {**defaults, **{key: value for key, value in only if value}}.get(name)


def parameters(function: Function) -> set[str]:
    every = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return {each.arg for each in every}


def _dotted(source: Source) -> str:
    return source.name.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _module(source: Source) -> Module:
    module = Module(source=source)
    _walk(module, source.tree, None)
    for node in source.tree.body:
        for name, value in _assigned(node):
            module.constants[name] = value
    return module


def _walk(module: Module, node: ast.AST, function: Function | None) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom) and child.module:
            for each in child.names:
                module.imported[each.asname or each.name] = (child.module, each.name)
        if isinstance(child, ast.ClassDef):
            module.classes[child.name] = child
        if isinstance(child, ast.Call) and last_word(child.func):
            module.calls[last_word(child.func)].append(Site(call=child, source=module.source, function=function))
        if isinstance(child, Function):
            module.functions[child.name].append(child)
        _walk(module, child, child if isinstance(child, Function) else function)


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                for name, value in zip(target.elts, node.value.elts, strict=False):
                    if isinstance(name, ast.Name):
                        yield name.id, value
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        yield node.target.id, node.value


@cache
def nodes(function: Function) -> tuple[ast.AST, ...]:
    """Everything in a function, walked once."""
    return tuple(ast.walk(function))


def own_attribute(found: Module, name: str) -> list[tuple[Function, ast.expr]]:
    """What the methods of a module assign to `self.<name>`."""
    return [
        (function, node.value)
        for functions in found.functions.values()
        for function in functions
        for node in nodes(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute) and target.attr == name and ast.unparse(target.value) == "self"
    ]


@cache
def assignments(function: Function, name: str) -> list[ast.expr]:
    """Everything that is assigned to a local name, as far as it can be read off."""
    found: list[ast.expr] = []
    for node in nodes(function):
        if isinstance(node, ast.stmt):
            found += [value for target, value in _assigned(node) if target == name]
        if isinstance(node, ast.NamedExpr) and node.target.id == name:
            found.append(node.value)
        if isinstance(node, ast.For | ast.comprehension):
            found += looped(node.target, _rows(function, node.iter), name)
    return found


def _rows(function: Function, over: ast.expr) -> ast.expr:
    """Of `found.items()`, where `found` is a dictionary written in the function, its pairs; anything else is itself."""
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr == "items":
        for node in nodes(function):
            for target, value in _assigned(node) if isinstance(node, ast.stmt) else ():
                if target == ast.unparse(over.func.value) and isinstance(value, ast.Dict):
                    pairs = [(key, each) for key, each in zip(value.keys, value.values, strict=True) if key]
                    return ast.Tuple(
                        elts=[ast.Tuple(elts=list(pair), ctx=ast.Load()) for pair in pairs], ctx=ast.Load()
                    )
    return over


def looped(target: ast.expr, over: ast.expr, name: str) -> list[ast.expr]:
    """What a loop over a written tuple or list gives to the name."""
    if not isinstance(over, ast.Tuple | ast.List):
        return []
    if isinstance(target, ast.Name):
        return list(over.elts) if target.id == name else []
    if not isinstance(target, ast.Tuple):
        return []
    places = [n for n, each in enumerate(target.elts) if isinstance(each, ast.Name) and each.id == name]
    rows = [each for each in over.elts if isinstance(each, ast.Tuple)]
    return [row.elts[n] for n in places for row in rows if n < len(row.elts)]
