"""galeria database move: from a file of one computer to a database that several share, and back."""

from typing import Annotated

import typer
from rich.table import Table

from galeria.interfaces.cli.kit.command import local, noun
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.host_commands import HostCommandsLoader
from galeria.interfaces.cli.kit.table import columns


def add_database_commands(app: typer.Typer, host_commands: HostCommandsLoader) -> None:
    database = noun(app, "database", "The database of this host's installation.")

    @local(database, "move")
    def move(
        context: CliContext,
        back: Annotated[bool, typer.Option("--back", help="From that database to a file of this host.")] = False,
    ) -> None:
        """Move the state from its file to the database that galeria.toml names. Nothing may be running."""
        moved = host_commands().move_database(context.data, back=back)
        context.show([{"table": name, "rows": rows} for name, rows in moved], lambda: _table(moved))


def _table(moved: list[tuple[str, int]]) -> Table:
    return columns(["Table", "Rows"], [(name, rows) for name, rows in moved if rows], right=frozenset({1}))
