"""The project's own source files, parsed once."""

import ast
import subprocess
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "tests", "bench")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Source:
    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        return tuple(node for node in self.nodes if isinstance(node, Function))

    @cached_property
    def classes(self) -> tuple[ast.ClassDef, ...]:
        return tuple(node for node in self.nodes if isinstance(node, ast.ClassDef))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Everything in it, walked once. Names and constants are most of it, and no rule asks for them here."""
        return tuple(
            node for node in ast.walk(self.tree) if not isinstance(node, ast.Name | ast.Constant | ast.expr_context)
        )


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file under `folders`, by name. There must be some: a rule about nothing is always kept."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    assert paths, f"no Python files under {folders}"
    return tuple(_source(path) for path in paths)


def length(function: Function) -> int:
    """Lines from the first decorator to the end."""
    first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
    return (function.end_lineno or first) - first + 1


def run_tool(name: str, *arguments: str) -> tuple[int, str]:
    """Exit status and everything printed by a program of the environment that runs the tests."""
    program = Path(sys.executable).with_name(name)
    assert program.is_file(), f"{program} is missing: run make setup"
    done = subprocess.run(
        [program, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
        check=False,
    )
    return done.returncode, done.stdout


@cache
def _source(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path=path, text=text, tree=ast.parse(text, filename=str(path)))
