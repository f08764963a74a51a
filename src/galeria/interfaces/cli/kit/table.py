"""Tables and lists of facts, wrapped to fit in a terminal, and never in a file or pipe."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from galeria.interfaces.cli.kit.wording import plain

# No line is wrapped in a pipe, so that programs find a row on one line.
PIPE_WIDTH = 2000


def columns(headings: Sequence[str], rows: Iterable[Sequence[Any]], *, right: frozenset[int] = frozenset()) -> Table:
    """Return a table. `right` has the indexes of the columns with figures."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, heading in enumerate(headings):
        table.add_column(heading.upper(), justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    return table


def facts(pairs: Iterable[tuple[str, Any]]) -> Table:
    """Return a list of names and values, one pair a line."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(Text(name), Text(plain(value)))
    return table


def console(*, stderr: bool = False) -> Console:
    """Return a console for the current standard output or standard error."""
    found = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if found.is_terminal:
        return found
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=PIPE_WIDTH, color_system=None)
