"""Whatever a command is given, it ends with one of its exit codes and a sentence: never with a traceback."""

from collections import Counter
from typing import Any

import pytest
import typer
from typer.testing import Result

from tests.interfaces.cli.command_walk import commands
from tests.interfaces.cli.conftest import Run
from tests.interfaces.fuzz.values import TEXTS, Shares

pytestmark = pytest.mark.slow

EACH = 2  # values for one parameter
OFTEN = 3  # commands with which a parameter that many have is tried
# What waits for a person or runs until it is stopped.
ENDLESS = ("serve", "worker", "demo")


def words(command: Any, hostile: Any, value: str) -> list[str]:
    """Everything that is required, and the hostile value in its place."""
    options: list[str] = []
    arguments: list[str] = []
    for each in command.params:
        text = value if each is hostile else "x"
        if each.param_type_name == "argument" and (each.required or each is hostile):
            arguments.append(text)
        elif each.param_type_name == "option" and (each.required or each is hostile):
            options += [each.opts[0]] if each.is_flag else [f"{each.opts[-1]}={text}"]
    return [*options, "--", *arguments]


def test_no_argument_ends_in_a_traceback(app: typer.Typer, run: Run, shares: Shares) -> None:
    every = list(commands(typer.main.get_command(app)))
    assert len(every) > 40
    wrong: list[str] = []
    tried: Counter[str] = Counter()
    for names, command in every:
        if names[-1] in ENDLESS:
            continue
        for parameter in command.params:
            tried[parameter.name] += 1
            for kind, value in shares(TEXTS, EACH if tried[parameter.name] <= OFTEN else 0):
                # A shell hands over no NUL, and the bytes of half a character as Python decodes them.
                given = (
                    value.replace("\x00", "")
                    .encode("utf-8", errors="surrogatepass")
                    .decode("utf-8", errors="surrogateescape")
                )
                ended = run(*names, *words(command, parameter, given))
                if what := fault(ended):
                    wrong.append(f"galeria {' '.join(names)} {parameter.name} {kind}: {what}")
    assert not wrong, "\n".join(wrong)


def fault(ended: Result) -> str:
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        return repr(ended.exception)
    return ended.output[:500] if "Traceback" in ended.output or not 0 <= ended.exit_code < 16 else ""
