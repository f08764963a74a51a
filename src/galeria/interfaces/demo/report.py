"""The output of the demonstration while it runs, and the table at its end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from galeria.interfaces.cli.kit.progress import ProgressBars, ProgressFollower, ProgressLines
from galeria.interfaces.cli.kit.wording import size


@dataclass
class ReportEntry:
    """One step of the demonstration. Bytes are 0 where none were moved."""

    who: str
    what: str
    seconds: float = 0.0
    logical: int = 0
    read: int = 0
    stored: int = 0
    sent: int = 0
    note: str = ""


@dataclass
class DemoReport:
    console: Console
    entries: list[ReportEntry] = field(default_factory=list)

    def act(self, title: str) -> None:
        self.console.print()
        self.console.rule(Text(title, style="bold"), align="left")

    def say(self, text: str) -> None:
        self.console.print(Text(f"  {text}"))

    def show(self, table: Table) -> None:
        self.console.print(table)

    @contextmanager
    def step(self, who: str, what: str) -> Iterator[ReportEntry]:
        """Print one line when the step begins, and one when it has ended."""
        entry = ReportEntry(who=who, what=what)
        self.console.print(Text(f"{who}: {what} …", style="cyan"))
        began = time.monotonic()
        yield entry
        entry.seconds = time.monotonic() - began
        self.entries.append(entry)
        self.console.print(Text(f"  done in {entry.seconds:.1f} s" + (f" — {entry.note}" if entry.note else "")))

    @contextmanager
    def following(self) -> Iterator[ProgressFollower]:
        """Show progress: bars in a terminal, lines elsewhere."""
        if not self.console.is_terminal:
            yield ProgressFollower(ProgressLines(lambda line: self.console.print(Text(f"    {line}"), soft_wrap=True)))
            return
        columns = (
            TextColumn("    {task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[figures]}", markup=False),
        )
        with Progress(*columns, console=self.console) as progress:
            yield ProgressFollower(ProgressBars(progress))

    def summary(self) -> Table:
        """Return a table for 80 columns; the results of each step were printed when it ended."""
        table = Table(title="What happened", title_justify="left", show_footer=True, expand=True)
        total = sum(entry.seconds for entry in self.entries)
        table.add_column("Step", footer="in all", ratio=1)
        for name, footer in (("Time", f"{total:.0f} s"), ("Logical", ""), ("Read", ""), ("Stored", ""), ("Sent", "")):
            table.add_column(name, footer=footer, justify="right", no_wrap=True)
        for each in self.entries:
            counts = (each.logical, each.read, each.stored, each.sent)
            moved = [size(count) if count or each.logical else "" for count in counts]
            table.add_row(f"{each.who} {each.what}", f"{each.seconds:.1f} s", *moved)
        return table
