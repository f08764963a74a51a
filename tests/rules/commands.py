"""The command line as a page of Markdown, written from the commands themselves."""

from collections import Counter
from collections.abc import Iterator
from enum import Enum

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from galeria.bootstrap.host_commands import LocalHostCommands
from galeria.interfaces.cli.app import make_cli

# An option that so many commands have is described once, below.
SHARED = 10
HEAD = """\
# The command `galeria`

Written by `pytest tests/rules --regenerate` from the commands themselves; a test keeps it current.
`galeria COMMAND --help` says the same.
"""
SHARED_HEAD = "\n## Options of nearly every command\n\n"

Leaf = tuple[str, str, list[str], list[str]]
"""How it is called, what it does, its arguments and its options."""


def command_groups() -> list[str]:
    """The first words after `galeria`, in the order of `galeria --help`."""
    return list(_root().commands)


def cli_page() -> str:
    leaves = list(_leaves(_root(), "galeria"))
    seen = Counter(option for leaf in leaves for option in leaf[3])
    shared = [option for option, times in seen.items() if times >= SHARED]
    page, group = [HEAD], ""
    for call, does, arguments, options in leaves:
        if call.split()[1] != group:
            group = call.split()[1]
            page.append(f"\n## {group}\n")
        lines = [*arguments, *(option for option in options if option not in shared)]
        page.append(f"\n### `{call}`\n\n{does}\n" + ("\n" + "".join(lines) if lines else ""))
    return "".join([*page, SHARED_HEAD, *shared])


def _root() -> TyperGroup:
    root = typer.main.get_command(make_cli(LocalHostCommands))
    assert isinstance(root, TyperGroup)
    return root


def _leaves(group: TyperGroup, call: str) -> Iterator[Leaf]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _leaves(command, f"{call} {name}")
            continue
        arguments = [each for each in command.params if isinstance(each, TyperArgument)]
        options = [each for each in command.params if isinstance(each, TyperOption)]
        words = [f"{call} {name}", *(_word(each) for each in arguments)]
        yield (
            " ".join(words),
            command.help or "",
            [_argument(each) for each in arguments],
            [_option(o) for o in options],
        )


def _word(argument: TyperArgument) -> str:
    word = argument.metavar or (argument.name or "").upper()
    return word if argument.required else f"[{word}]"


def _argument(argument: TyperArgument) -> str:
    return f"* `{argument.metavar or (argument.name or '').upper()}` {argument.help or ''}\n"


def _option(option: TyperOption) -> str:
    spelled = ", ".join(f"`{each}`" for each in (*option.opts, *option.secondary_opts))
    default = option.default.value if isinstance(option.default, Enum) else option.default
    has_default = isinstance(default, str | int) and not isinstance(default, bool) and default != ""
    facts = " (required)" if option.required else f" (default `{default}`)" if has_default else ""
    return f"* {spelled}{facts} {option.help or ''}\n"
