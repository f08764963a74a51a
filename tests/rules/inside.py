"""Which English sentences of the inside a person can meet on the portal's pages, found in the code by rule.

* what a GaleriaError or one of its kinds is made with: its message and its hint;
* what anything is given as `reason`, `cure`, `message`, `hint`, `detail`, `description` or `why`: obstacles, audit, roles;
* what is assigned to a `message` or a `hint`;
* the names of the steps that workflows show (those that begin with a capital letter);
* the names of roles, and every state and kind: the members of the domain's enumerations (context "word").

Left out, by folder: what speaks at the terminal (`bootstrap`, `interfaces/cli`, `interfaces/client`, `interfaces/demo`,
`guests`), and what speaks to programs or has texts of its own
(`interfaces/arm`, `interfaces/graph`, `interfaces/blobs`, `interfaces/login`).
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from galeria.interfaces.web.kit.catalogues import WORD, Key
from tests.rules.code import Code, Site, last_word, nodes
from tests.rules.sources import Function, Source, sources
from tests.rules.templates import Reader, Scope, template

ROOMS = (
    "programs.py",
    "domain/",
    "ports/",
    "actions/",
    "workflows/",
    "reconcilers/",
    "adapters/",
    "interfaces/uploads/",
    "interfaces/web/",
)
SPOKEN = {"reason", "cure", "message", "hint", "detail", "description", "why"}
# Values that are the same in every language, or are never shown: sizes of disks, processors, generations.
MEMBER = re.compile(r"[A-Za-z]+(?:_[a-z]+)*")

Found = dict[Key, set[str]]
"""Context and template: the modules that say it."""


def inside_sentences(files: tuple[Source, ...] | None = None) -> Found:
    code = Code(tuple(each for each in files or sources("src") if _is_inside(each)))
    reader, found = Reader(code), defaultdict(set)
    for value, source, scope in _spoken(code):
        for parts in reader.read(value, scope):
            if text := template(parts):
                found["", text].add(source.name)
    for text in reader.words:
        found["", text].add("words within sentences")
    for word, source in _members(code):
        found[WORD, word].add(source.name)
    return dict(found)


def _spoken(code: Code) -> Iterator[tuple[ast.expr, Source, Scope]]:
    errors = _errors(code)
    for site in code.sites():
        for value in _of_call(site, errors):
            yield value, site.source, Scope(site.source, site.function)
    for module in code.modules.values():
        for functions in module.functions.values():
            for function in functions:
                for value in _assigned(function):
                    yield value, module.source, Scope(module.source, function)


def _of_call(site: Site, errors: set[str]) -> Iterator[ast.expr]:
    called, arguments = last_word(site.call.func), site.call.args
    if called in errors:
        yield from arguments[:1]
    yield from (each.value for each in site.call.keywords if each.arg in SPOKEN)
    if called == "Role":
        yield from (each.value for each in site.call.keywords if each.arg == "name")
    if called == "step" and "/workflows/" in site.source.name and arguments and _is_shown(arguments[0]):
        yield arguments[0]


def _is_shown(name: ast.expr) -> bool:
    return not (isinstance(name, ast.Constant) and str(name.value)[:1].islower())


def _assigned(function: Function) -> Iterator[ast.expr]:
    for node in nodes(function):
        if isinstance(node, ast.Assign) and any(
            isinstance(each, ast.Name) and each.id in {"message", "hint"} for each in node.targets
        ):
            yield node.value


def _errors(code: Code) -> set[str]:
    """GaleriaError and everything that inherits from it."""
    classes = [each for module in code.modules.values() for each in module.classes.values()]
    found, before = {"GaleriaError"}, set[str]()
    while found != before:
        before = set(found)
        found |= {each.name for each in classes if found & {last_word(base) for base in each.bases}}
    return found


def _members(code: Code) -> Iterator[tuple[str, Source]]:
    for module in code.modules.values():
        if "/domain/" not in module.source.name:
            continue
        for each in module.classes.values():
            if "StrEnum" in map(last_word, each.bases):
                yield from ((word, module.source) for word in _values(each.body))


def _values(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            value = str(node.value.value)
            if MEMBER.fullmatch(value):
                # As the portal's kind_in_words says it: export_template is "Export template".
                yield value.replace("_", " ").capitalize() if "_" in value else value


def _is_inside(source: Source) -> bool:
    return source.name.removeprefix("src/galeria/").startswith(ROOMS)
