"""The linter, the formatter and the type checker have nothing to say."""

import pytest

from tests.rules.sources import run_tool


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["ruff", "check"], id="ruff check"),
        pytest.param(["ruff", "format", "--check"], id="ruff format"),
        pytest.param(["mypy", "--no-color-output"], id="mypy"),
    ],
)
def test_the_tool_finds_nothing(command: list[str]) -> None:
    status, said = run_tool(*command)

    assert status == 0, said
