"""Imports point down: bootstrap, faces and adapters, reconcilers, workflows, actions, ports, domain."""

import ast
import sys

from tests.rules.sources import run_tool, sources


def test_the_contracts_of_pyproject_are_kept() -> None:
    status, said = run_tool("lint-imports", "--no-logo", "--no-cache")

    assert status == 0, said
    assert "Contracts: 3 kept, 0 broken." in said, said


def test_the_domain_needs_nothing_but_the_standard_library() -> None:
    foreign = [
        f"{source.name}: {name}"
        for source in sources("src/galeria/domain")
        for name in _imported(source.tree)
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith("galeria.domain")
    ]

    assert not foreign, "\n".join(foreign)


def test_only_the_durable_adapter_knows_the_engine_of_long_work() -> None:
    knowing = [source.name for source in sources("src") if "dbos" in _imported(source.tree)]

    assert knowing == ["src/galeria/adapters/durable.py"]


def _imported(tree: ast.Module) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole module"
            names.append(node.module or "")
    return names
