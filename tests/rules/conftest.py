"""Where the project's files are, and how generated ones are kept current."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rules.sources import ROOT


@pytest.fixture
def require_current(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a generated file, named from the project's folder, with what the code says now, or rewrites it."""

    def check(name: str, now: str) -> None:
        path = ROOT / name
        if request.config.getoption("--regenerate"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(now, encoding="utf-8")
        again = f"run: .venv/bin/pytest tests/rules --regenerate, and look at the difference in {name}"
        assert path.is_file(), f"{name} is missing; {again}"
        assert path.read_text(encoding="utf-8") == now, f"{name} is not current; {again}"

    return check


@pytest.fixture
def root() -> Path:
    return ROOT
