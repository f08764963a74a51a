"""Packages are small and say what belongs there, a class name stands for one thing, and no test needs another test module."""

import ast
import re
from collections import Counter, defaultdict

from tests.rules.sources import sources

MODULES_IN_A_FOLDER = 20
# Alembic adds one for each release.
UNBOUNDED = {"src/galeria/adapters/db/migrations/versions"}
SENTENCE_END = re.compile(r"[.!?](?=\s|$)")


def test_no_folder_holds_more_modules_than_the_limit() -> None:
    modules = [source for source in sources("src", "tests") if source.path.name != "__init__.py"]
    folders = Counter(source.name.rpartition("/")[0] for source in modules)

    assert {
        name: count for name, count in folders.items() if count > MODULES_IN_A_FOLDER and name not in UNBOUNDED
    } == {}


def test_every_package_says_what_belongs_there() -> None:
    packages = [source for source in sources("src") if source.path.name == "__init__.py"]
    silent = [source.name for source in packages if len(SENTENCE_END.findall(ast.get_docstring(source.tree) or "")) < 2]

    assert not silent, "the docstring needs two sentences:\n" + "\n".join(silent)


def test_no_class_name_is_defined_twice() -> None:
    places = defaultdict(list)
    for source in sources("src"):
        for node in source.classes:
            places[node.name].append(f"{source.name}:{node.lineno}")

    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_test_module_is_imported() -> None:
    """What several tests need stands in a module beside them or in a conftest: a test can then be moved or removed alone."""
    imported = [
        f"{source.name}:{node.lineno}"
        for source in sources("tests")
        for node in source.nodes
        if isinstance(node, ast.Import | ast.ImportFrom) and any(_is_test_module(name) for name in _modules(node))
    ]

    assert not imported, "\n".join(imported)


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    names = [each.name for each in node.names]
    return names if isinstance(node, ast.Import) else [f"{node.module}.{name}" for name in names]


def _is_test_module(name: str) -> bool:
    parts = name.split(".")
    return parts[0] == "tests" and any(part.startswith("test_") for part in parts)
