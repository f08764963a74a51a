"""Every document, decision, module and file that a comment, a docstring or a page of documentation names exists here."""

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.rules.sources import ROOT

SOURCE = ROOT / "src" / "galeria"
TOP = tuple(sorted(path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()))
# `domain.labs.sizes`, `galeria.tools`, `tests.waiting`: from a package of ours on. Configuration keys look alike only in TOML.
DOTTED = re.compile(
    rf"(?<![\w./@-])((?:galeria|tests|bench)\.\w+(?:\.\w+)*|(?:{'|'.join(TOP)})\.[a-z_]+(?:\.\w+)*)(?![\w(/-])"
)
NAMED_FILE = re.compile(
    r"(?<![\w./<>{}*-])((?:[\w-]+/)+[\w.-]+\.(?:py|md|po|svg|xml|toml|css|js|html)|[\w-]+\.(?:md|po))(?![\w/])"
)
NAMED_FOLDER = re.compile(r"`((?:src|tests|docs|scripts|bench|assets)/[\w/-]*)`")
DECISION = re.compile(r"\b[Dd]ecisions? (\d+)|docs/decisions/(\d{4})")
# Documents that exist elsewhere only: a rule that was taken from one stands in docs/ in our own words.
ELSEWHERE = re.compile(r"\bmission\b|\bthe reference\b|\bcheck-list\b|\bsource table\b", re.IGNORECASE)
# Files that a machine, a guest or an installation has, not this repository.
FOREIGN = ("node_modules/", "from/", "core/", "vendor/", "data/", "private/", "static/", "doc/proto.md", "NNNN")
# Made up by tests.
EXAMPLES = ("domain/a.py", "domain/b.py")
NO_MODULE = (".toml", ".json", ".db")


@cache
def texts() -> tuple[tuple[str, int, str], ...]:
    """File, line and text of every comment, docstring and line of documentation."""
    return tuple(_texts())


def _texts() -> Iterator[tuple[str, int, str]]:
    for name in _tracked():
        path = ROOT / name
        if path.suffix == ".py":
            yield from ((name, line, text) for line, text in _prose(path))
        elif path.suffix == ".md" or name == "Makefile" or path.parent.name == "scripts":
            yield from ((name, *each) for each in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1))
        elif path.suffix == ".html" and "vendor" not in path.parts:
            found = re.findall(r"\{#.*?#\}", path.read_text(encoding="utf-8"), re.DOTALL)
            yield from ((name, 1, each) for each in found)


def test_modules_that_are_named_exist() -> None:
    missing = [
        f"{name}:{line}: {dotted}"
        for name, line, text in texts()
        for dotted in DOTTED.findall(text)
        if not dotted.endswith(NO_MODULE) and not _is_module_or_member(dotted)
    ]

    assert not missing, "\n".join(missing)


def test_files_and_folders_that_are_named_exist() -> None:
    missing = [
        f"{name}:{line}: {named}"
        for name, line, text in texts()
        for named in NAMED_FILE.findall(text) + NAMED_FOLDER.findall(text)
        if not named.startswith(FOREIGN) and named not in EXAMPLES and not _is_there(ROOT / name, named)
    ]

    assert not missing, "\n".join(missing)


def test_decisions_that_are_named_exist() -> None:
    numbers = {int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md")}
    missing = [
        f"{name}:{line}: decision {named}"
        for name, line, text in texts()
        for pair in DECISION.findall(text)
        for named in pair
        if named and int(named) not in numbers
    ]

    assert not missing, "\n".join(missing)


def test_nothing_is_cited_that_readers_do_not_have() -> None:
    cited = [f"{name}:{line}: {text.strip()[:120]}" for name, line, text in texts() if ELSEWHERE.search(text)]

    assert not cited, "\n".join(cited)


def test_a_reference_that_leads_nowhere_is_noticed() -> None:
    assert not _is_module_or_member("domain.labs.nothing_of_this_name")
    assert not _is_module_or_member("galeria.actions.core.request.Nothing")
    assert _is_module_or_member("domain.errors.Conflict")
    assert DOTTED.findall("see `domain.labs.sizes`, and tests.waiting") == ["domain.labs.sizes", "tests.waiting"]
    assert NAMED_FILE.findall("in docs/nowhere.md or `kit/urls.py`") == ["docs/nowhere.md", "kit/urls.py"]
    assert not _is_there(ROOT / "README.md", "docs/nowhere.md")


@cache
def _tracked() -> tuple[str, ...]:
    """Every file of the project, those included that are not committed yet, but the changelog: it tells of former times."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    return tuple(name for name in listing.split("\0") if name and (ROOT / name).is_file() and name != "CHANGELOG.md")


def _prose(path: Path) -> Iterator[tuple[int, str]]:
    """Comments, and strings that stand alone: docstrings."""
    if path == Path(__file__):
        return
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT or (
            token.type == tokenize.STRING
            and token.string.startswith(('"""', 'r"""'))
            and before in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.NL)
        ):
            yield token.start[0], token.string
        if token.type != tokenize.COMMENT:
            before = token.type


def _is_module_or_member(dotted: str) -> bool:
    whole = dotted if dotted.startswith(("galeria.", "tests.", "bench.")) else f"galeria.{dotted}"
    parts = whole.split(".")
    for end in range(len(parts), 0, -1):
        file = _file_of(parts[:end])
        if file is not None:
            rest = parts[end:]
            return not rest or re.search(rf"\b{re.escape(rest[0])}\b", file.read_text(encoding="utf-8")) is not None
    return False


def _file_of(parts: list[str]) -> Path | None:
    base = ROOT / "src" if parts[0] == "galeria" else ROOT
    path = base.joinpath(*parts)
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


def _is_there(origin: Path, named: str) -> bool:
    """From the folder of the text that names it, the repository's, the package's, or as the end of a longer path."""
    if any((base / named).exists() for base in (origin.parent, ROOT, SOURCE, ROOT / "docs")):
        return True
    return any(name.endswith(f"/{named}") for name in _tracked())
