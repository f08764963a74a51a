#!/usr/bin/env python3
"""Measures the structure of one or more trees of Python code and prints the figures side by side as a Markdown table.

Usage: scripts/structure.py FOLDER [FOLDER …], such as `scripts/structure.py src/galeria`. With `--revision REV` the folder is
read as it was in that commit of the checkout, beside today's. Needs nothing but Python and git.

Left out, in every tree: files of migrations, and `__init__` files without definitions.
"""

import argparse
import ast
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import mean, median, quantiles

Function = ast.FunctionDef | ast.AsyncFunctionDef
Argument = tuple[str, str, str]
"""A parameter: the dotted name of its module, its function, its own name."""


@dataclass(frozen=True, kw_only=True)
class Module:
    """One file. `dotted` is its name below the folder that is measured, with that folder's own name in front."""

    dotted: str
    folder: Path
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """The number of lines."""
        return len(self.text.splitlines())

    @cached_property
    def functions(self) -> list[Function]:
        """Every function and method, nested ones included."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @cached_property
    def classes(self) -> list[ast.ClassDef]:
        """Every class, nested ones included."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]

    @cached_property
    def top_level(self) -> dict[str, Function]:
        """The functions of the module itself, by name."""
        return {node.name: node for node in self.tree.body if isinstance(node, Function)}

    @cached_property
    def imported(self) -> dict[str, tuple[str, str]]:
        """Name in this module → (module, name there), for `from module import name`."""
        found: dict[str, tuple[str, str]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= {each.asname or each.name: (node.module, each.name) for each in node.names}
        return found


class Tree:
    """All measured modules below one folder."""

    def __init__(self, folder: Path) -> None:
        paths = sorted(path for path in folder.rglob("*.py") if "migrations" not in path.parts)
        read = [_module(folder, path) for path in paths]
        self.modules = [
            each for each in read if not each.dotted.endswith(".__init__") or each.functions or each.classes
        ]
        if not self.modules:
            raise SystemExit(f"There are no Python files under {folder}.")
        self.by_name = {each.dotted.removesuffix(".__init__"): each for each in self.modules}

    def figures(self) -> dict[str, str]:
        """Title → value, in the order of the table."""
        return self._sizes() | self._folders() | self._names() | self._documented() | self._imports() | self._walk()

    def _sizes(self) -> dict[str, str]:
        lines = [each.lines for each in self.modules]
        functions = [_length(function) for each in self.modules for function in each.functions]
        return {
            "files / lines": f"{len(lines)} / {sum(lines)}",
            "lines of a file: median / p99 / max": _spread(lines),
            "lines of a function: median / p99 / max": _spread(functions),
        }

    def _folders(self) -> dict[str, str]:
        counts = Counter(each.folder for each in self.modules if not each.dotted.endswith(".__init__")).values()
        return {"modules in a folder: mean / max": f"{mean(counts):.1f} / {max(counts)}"}

    def _names(self) -> dict[str, str]:
        names = Counter(each.dotted.rpartition(".")[2] for each in self.modules)
        once = sum(1 for count in names.values() if count == 1)  # so many modules share their name with no other
        classes = Counter(node.name for each in self.modules for node in each.classes)
        return {
            "modules whose name is used once": f"{once / len(self.modules):.0%}",
            "class names defined more than once": str(sum(1 for count in classes.values() if count > 1)),
        }

    def _documented(self) -> dict[str, str]:
        public = [node for each in self.modules for node in _public(each.tree)]
        documented = sum(1 for node in public if ast.get_docstring(node))
        return {"public functions and classes with a docstring": f"{documented / len(public):.0%}"}

    def _imports(self) -> dict[str, str]:
        counts = [len({module for module, _ in self._inner(each)}) for each in self.modules]
        return {"imported modules of the tree in a file: mean / max": f"{mean(counts):.1f} / {max(counts)}"}

    def _walk(self) -> dict[str, str]:
        """The most modules that one argument is handed through unchanged, from function to function."""
        steps = self._handed_on()
        longest: dict[Argument, tuple[str, ...]] = {}
        best: tuple[str, ...] = max((_longest(each, steps, longest, frozenset()) for each in list(steps)), key=len)
        return {"modules on the longest walk of an argument": str(len(best))}

    def _inner(self, module: Module) -> Iterator[tuple[str, str]]:
        """What `module` imports from this tree: the module and the name in it."""
        for source, name in module.imported.values():
            if f"{source}.{name}" in self.by_name:
                yield f"{source}.{name}", ""
            elif source in self.by_name:
                yield source, name

    def _handed_on(self) -> dict[Argument, set[Argument]]:
        """Parameter → the parameters of other functions that it is given to as it is."""
        steps: dict[Argument, set[Argument]] = defaultdict(set)
        for module in self.modules:
            for function in module.top_level.values():
                own = {each.arg for each in _parameters(function)}
                for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                    for name, target in self._given(module, call):
                        if name in own:
                            steps[module.dotted, function.name, name].add(target)
        return steps

    def _given(self, module: Module, call: ast.Call) -> Iterator[tuple[str, Argument]]:
        """Name of an argument → the parameter that receives it, where the called function is one of this tree."""
        if not isinstance(call.func, ast.Name):
            return
        source, name = module.imported.get(call.func.id, (module.dotted, call.func.id))
        target = self.by_name.get(source)
        function = target.top_level.get(name) if target else None
        if target is None or function is None:
            return
        parameters = [each.arg for each in _parameters(function)]
        for position, value in zip(parameters, call.args, strict=False):
            if isinstance(value, ast.Name):
                yield value.id, (target.dotted, name, position)
        for keyword in call.keywords:
            if keyword.arg in parameters and isinstance(keyword.value, ast.Name):
                yield keyword.value.id, (target.dotted, name, keyword.arg or "")


def _longest(
    start: Argument,
    steps: dict[Argument, set[Argument]],
    known: dict[Argument, tuple[str, ...]],
    seen: frozenset[Argument],
) -> tuple[str, ...]:
    """The distinct modules on the longest way from `start`; a way that comes back to itself ends there."""
    if start in known:
        return known[start]
    ways = [_longest(each, steps, known, seen | {start}) for each in steps.get(start, ()) if each not in seen]
    best = max(ways, key=len, default=())
    known[start] = best if start[0] in best else (start[0], *best)
    return known[start]


def _module(folder: Path, path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    dotted = ".".join((folder.name, *path.relative_to(folder).with_suffix("").parts))
    return Module(dotted=dotted, folder=path.parent, text=text, tree=ast.parse(text, filename=str(path)))


def _parameters(function: Function) -> list[ast.arg]:
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _public(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """Public functions and classes of a module, and public methods of public classes."""
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (each for each in node.body if isinstance(each, Function) and not each.name.startswith("_"))


def _length(function: Function) -> int:
    first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
    return (function.end_lineno or first) - first + 1


def _spread(values: list[int]) -> str:
    return f"{median(values):.0f} / {quantiles(values, n=100)[98]:.0f} / {max(values)}"


def _at_revision(folder: Path, revision: str, into: Path) -> Path:
    """The folder as it was in `revision`, unpacked under `into`."""
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    inner = folder.resolve().relative_to(top)
    archive = into / "tree.tar"
    archive.write_bytes(_git(top, "archive", revision, str(inner)))
    with tarfile.open(archive) as content:
        content.extractall(into, filter="data")
    return into / inner


def _git(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, timeout=60).stdout


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--revision", help="a commit: the first folder as it was there comes before the others")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        trees = {str(folder): Tree(folder) for folder in options.folders}
        if options.revision:
            earlier = Tree(_at_revision(options.folders[0], options.revision, Path(scratch)))
            trees = {options.revision: earlier} | trees
        columns = [tree.figures() for tree in trees.values()]
    rows = [["", *trees], ["---"] * (len(trees) + 1)]
    rows += [[title, *(figures[title] for figures in columns)] for title in columns[0]]
    sys.stdout.write("".join(f"| {' | '.join(row)} |\n" for row in rows))


if __name__ == "__main__":
    main()
