"""Docstrings are sentences that stand alone in an editor's hover, and everything public has one."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.rules.sources import ROOT, Function, Source, sources

# Packages whose docstrings are checked for their form.
CHECKED = ("src/galeria/domain", "src/galeria/ports", "src/galeria/actions")
# Packages in which every public function, class and method has a docstring.
DOCUMENTED = ("src/galeria/domain", "src/galeria/ports", "src/galeria/actions")
LEAST_WORDS = 3
# A sentence that begins so leans on the name above it: "By region.", "The same, for disks."
FRAGMENT = re.compile(
    r"(The same|As|By|For|From|In|Of|On|To|With|Without|And|Or|But|Also|Even|Likewise|Those|That|Then|It|They)\b"
)
START = re.compile(r"[A-Z0-9\"'`(/]")
END = re.compile(r"[.?:](\s*\([^()]*\))?$")
# A rule that was taken from outside, cited by its section.
CITED = re.compile(r'docs/rules\.md,[\s#]+"([^"]+)"')
Documented = ast.Module | ast.ClassDef | Function


@dataclass(frozen=True, kw_only=True)
class Docstring:
    where: str
    text: str

    @property
    def first_sentence(self) -> str:
        """The first sentence of the first paragraph, on one line."""
        paragraph = " ".join(self.text.split("\n\n")[0].split())
        return re.split(r"(?<=[.?!]) (?=[A-Z`\"'])", paragraph)[0]


def test_everything_public_has_a_docstring() -> None:
    silent = [
        f"{source.name}:{node.lineno} {name}"
        for source in sources(*DOCUMENTED)
        for name, node in public(source.tree)
        if ast.get_docstring(node) is None
    ]

    assert not silent, "\n".join(silent)


def test_docstrings_are_whole_sentences() -> None:
    faults = [f"{each.where}: {fault}" for each in docstrings(sources(*CHECKED)) if (fault := fault_of(each))]

    assert not faults, "\n".join(faults)


def test_rules_that_are_cited_are_written_down() -> None:
    headings = set(re.findall(r"^## (.+)$", (ROOT / "docs/rules.md").read_text(encoding="utf-8"), re.MULTILINE))
    cited = {" ".join(name.split()): source.name for source in sources("src") for name in CITED.findall(source.text)}

    assert cited
    assert not {name: where for name, where in cited.items() if name not in headings}


@pytest.mark.parametrize(
    "text",
    [
        "By region.",
        "The same, for a whole gallery.",
        "With the operation that lets it grow.",
        "bytes of the disk.",
        "Returns the bytes of the disk",
        "Raises Invalid.",
        "In any case. Returns the principal of that name.",
    ],
)
def test_the_rule_finds_fragments(text: str) -> None:
    assert fault_of(Docstring(where="", text=text))


@pytest.mark.parametrize(
    "text",
    [
        "Returns the bytes of the disk. Raises Invalid.",
        "`pairs` maps a property to (current value, wanted value).",
        "Writes seconds as a duration.\n\n>>> show_duration(0)\n'PT0S'",
        "The tree of resources:\n\n    subscription ▸ resource group",
        '"Offered" means that a version may be the latest.',
    ],
)
def test_the_rule_lets_sentences_pass(text: str) -> None:
    assert fault_of(Docstring(where="", text=text)) == ""


def test_the_rule_sees_methods_properties_and_classes() -> None:
    code = """
class Disk:
    def __init__(self): ...
    @property
    def size(self): ...
    def _private(self): ...
class _Hidden:
    def size(self): ...
async def read():
    def inner(): ...
"""

    assert [name for name, _ in public(ast.parse(code))] == ["Disk", "Disk.size", "read"]


def public(node: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, ast.ClassDef | Function]]:
    """Yields public classes and functions of a module, and public methods of those classes, with their names."""
    for each in node.body:
        if isinstance(each, ast.ClassDef | Function) and not each.name.startswith("_"):
            yield prefix + each.name, each
            if isinstance(each, ast.ClassDef):
                yield from public(each, f"{prefix}{each.name}.")


def docstrings(files: tuple[Source, ...]) -> Iterator[Docstring]:
    """Yields every docstring of these files, those of private functions included."""
    for source in files:
        for node in source.nodes:
            text = ast.get_docstring(node) if isinstance(node, Documented) else None
            if text is not None:
                line = getattr(node, "lineno", 1)
                name = getattr(node, "name", "")
                yield Docstring(where=f"{source.name}:{line} {name}", text=text)


def fault_of(docstring: Docstring) -> str:
    """Returns what is wrong with a docstring; empty where nothing is."""
    first = docstring.first_sentence
    if not START.match(docstring.text):
        return f"begin with a capital letter: {first!r}"
    if not ends_well(docstring.text):
        return f"end with a full stop: {docstring.text[-60:]!r}"
    if FRAGMENT.match(first):
        return f"say what it is or does before how or for what: {first!r}"
    if len(first.split()) < LEAST_WORDS:
        return f"{first!r} says too little by itself"
    return ""


def ends_well(text: str) -> bool:
    """Tells whether the text ends with a sentence, a colon, or an example in code."""
    paragraph = text.rstrip().split("\n\n")[-1]
    is_code = paragraph.lstrip().startswith(">>>") or paragraph.split("\n")[-1].startswith("    ")
    return is_code or END.search(paragraph) is not None or paragraph.endswith("```")
