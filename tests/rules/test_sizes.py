"""Files and functions stay small enough to be read at once, and are named after what they are."""

import ast
import re
from collections.abc import Iterator

from tests.rules.sources import FOLDERS, Source, length, sources

FILE_LIMIT = 400
FUNCTION_LIMIT = 60
# Written once by the machine from the tables, and never changed again.
GENERATED = "src/galeria/adapters/db/migrations/versions/"
# A thing named like this is not yet understood.
VAGUE = {"util", "utils", "helper", "helpers", "common", "manager"}
BROAD_LIMIT = 4  # the edges: a worker's operations and its replications, reconcilers, checks of readiness
# The brackets keep this file out of its own rule.
UNFINISHED = re.compile(r"\bTO[D]O\b|\bFIX[M]E\b|#.*\bX[X]X\b|NotImplemented[E]rror")


def ours() -> list[Source]:
    return [source for source in sources(*FOLDERS) if not source.name.startswith(GENERATED)]


def test_no_file_is_longer_than_the_limit() -> None:
    long = {source.name: source.lines for source in ours() if source.lines > FILE_LIMIT}

    assert long == {}


def test_no_function_is_longer_than_the_limit() -> None:
    long = {
        f"{source.name}:{function.lineno} {function.name}": length(function)
        for source in ours()
        for function in source.functions
        if length(function) > FUNCTION_LIMIT
    }

    assert long == {}


# Where a command loads what only it needs: with the server's libraries every list would take seconds to start.
LAZY = {"src/galeria/bootstrap/__init__.py"}


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        f"{source.name}:{node.lineno}"
        for source in ours()
        if source.name not in LAZY
        for node in source.nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(each.lineno <= node.lineno <= (each.end_lineno or 0) for each in source.functions)
    ]

    assert not hidden, "\n".join(hidden)


def test_modules_and_classes_have_telling_names() -> None:
    vague = [source.name for source in ours() if VAGUE & set(source.path.stem.split("_"))]
    vague += [
        f"{source.name}:{node.lineno} class {node.name}"
        for source in ours()
        for node in source.classes
        if _last_word(node.name) in VAGUE
    ]

    assert not vague, "\n".join(vague)


def test_faults_are_caught_by_kind_except_at_the_edges() -> None:
    broad = [found for source in sources("src") for found in _broad_excepts(source)]

    assert len(broad) <= BROAD_LIMIT, broad


def test_nothing_is_left_for_later() -> None:
    left = [
        f"{source.name}:{number}"
        for source in sources(*FOLDERS)
        for number, line in enumerate(source.text.splitlines(), start=1)
        if UNFINISHED.search(line)
    ]

    assert not left, "\n".join(left)


def test_every_module_says_what_is_true_in_it() -> None:
    silent = [source.name for source in ours() if source.text.strip() and not ast.get_docstring(source.tree)]

    assert not silent, "\n".join(silent)


def _last_word(name: str) -> str:
    return re.split(r"(?<=[a-z0-9])(?=[A-Z])", name)[-1].lower()


def _broad_excepts(source: Source) -> Iterator[str]:
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not _goes_on(node):
            yield f"{source.name}:{node.lineno}"


def _goes_on(handler: ast.ExceptHandler) -> bool:
    """One that only tidies up and lets the fault go on catches nothing."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_is_broad(each) for each in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})
