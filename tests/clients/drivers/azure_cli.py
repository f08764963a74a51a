"""The Azure CLI's own entry point, as its program `az` runs it, with what the usual commands import loaded before."""

import json
import os
import runpy
import sys
from typing import Any

from azure.cli.core import get_default_cli

from tests.clients.drivers.forking import forked
from tests.clients.drivers.lines import converse

# Loading one command of each brings in what its siblings need.
_LOADED = (
    ["sig", "list"],
    ["sig", "image-version", "list"],
    ["group", "list"],
    ["account", "list"],
    ["role", "assignment", "list"],
    ["monitor", "activity-log", "list"],
)


def main() -> None:
    sys.argv[0] = "az"  # The CLI asks itself how it was started.
    for words in _LOADED:
        _load(words)
    converse(_answer)


def _load(words: list[str]) -> list[str]:
    """The names of the commands that are known after looking for one."""
    loader = get_default_cli().commands_loader_cls(get_default_cli())
    return sorted(loader.load_command_table(words))


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    """{"words": […]} runs a command; {"below": "sig"} gives the commands that there are below one word."""
    if "below" in order:
        return {"commands": json.loads(forked(lambda: _print_all(order["below"]))["out"])}
    return forked(lambda: _run(order["words"], order.get("environment", {})))


def _print_all(word: str) -> None:
    """Without this setting only the commands that are near to what was typed are loaded."""
    os.environ["AZURE_AAZ_FULL_LOAD"] = "True"
    sys.stdout.write(json.dumps([name for name in _load([word]) if name.startswith(word + " ")]))


def _run(words: list[str], environment: dict[str, str]) -> None:
    os.environ.update(environment)
    sys.argv = ["az", *words]
    runpy.run_module("azure.cli", run_name="__main__")


if __name__ == "__main__":
    main()
