"""Show progress: bars in a terminal, lines elsewhere, nothing for programs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.wording import duration, plain, size
from galeria.interfaces.client.operations import OperationSnapshot, StepSnapshot
from galeria.interfaces.client.uploads import Heard

# Seconds after which a line is written even without another tenth of progress.
_TENTH = 10
_SILENCE = 10.0


@dataclass(frozen=True, kw_only=True)
class ProgressRow:
    """One line of progress: an upload, or a step in one region."""

    label: str
    status: str  # Running, Succeeded, Failed
    done: int = 0  # bytes
    total: int = 0  # bytes; 0 where no bytes move
    rate: float | None = None  # bytes per second
    left: float | None = None  # seconds

    @property
    def percent(self) -> int:
        if self.status == "Succeeded":
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0

    @property
    def figures(self) -> str:
        """Return figures such as 1.2 GiB of 3.0 GiB, 85.0 MiB/s, 20 s left."""
        if self.status != "Running":
            return (size(self.total) if self.total else "") if self.status == "Succeeded" else self.status.lower()
        if not self.total:
            return ""
        parts = [f"{size(self.done)} of {size(self.total)}"]
        parts += [f"{size(self.rate)}/s"] if self.rate else []
        parts += [f"{duration(self.left)} left"] if self.left is not None else []
        return ", ".join(parts)


class Display(Protocol):
    def show(self, row: ProgressRow) -> None: ...


class NoProgress:
    def show(self, row: ProgressRow) -> None:
        """Do nothing: programs read only the result."""


class ProgressBars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, row: ProgressRow) -> None:
        if row.label not in self._tasks:
            self._tasks[row.label] = self._progress.add_task(row.label, total=100, figures="")
        # A step without bytes has no known end: its bar only shows activity.
        total = 100 if row.total or row.status != "Running" else None
        self._progress.update(self._tasks[row.label], completed=row.percent, total=total, figures=row.figures)


class ProgressLines:
    """Writes a line when something begins, advances by a tenth, or ends."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._last: dict[str, tuple[str, int, float]] = {}

    def show(self, row: ProgressRow) -> None:
        status, percent, at = self._last.get(row.label, ("", -1, 0.0))
        now = time.monotonic()
        moved = row.percent // _TENTH > percent // _TENTH or (row.percent > percent and now - at > _SILENCE)
        if row.status == status and not moved:
            return
        self._last[row.label] = (row.status, row.percent, now)
        self._write(_line(row))


class ProgressFollower:
    """Turns the client's reports into rows."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._began: dict[str, tuple[float, int]] = {}  # by label, the time of the first report and its bytes

    def watch(self, snapshot: OperationSnapshot) -> None:
        """Show an operation; for `Galeria.wait`."""
        for step in snapshot.steps:
            self._display.show(_row(step))

    def file(self, file: Path) -> Heard:
        """Return a function that shows the upload of a file."""
        return lambda done, total: self.bytes(f"sending {file.name}", done, total)

    def bytes(self, label: str, done: int, total: int) -> None:
        """Show bytes that are counted here. The rate is that since the first call with this label."""
        now = time.monotonic()
        began, already = self._began.setdefault(label, (now, done))
        rate = (done - already) / (now - began) if now > began else None
        left = (total - done) / rate if rate else None
        status = "Succeeded" if done >= total else "Running"
        self._display.show(ProgressRow(label=plain(label), status=status, done=done, total=total, rate=rate, left=left))


@contextmanager
def following(context: CliContext) -> Iterator[ProgressFollower]:
    """Show progress while the block runs, on standard error: standard output has the results only."""
    if context.is_json:
        yield ProgressFollower(NoProgress())
    elif context.err.is_terminal:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[figures]}", markup=False),
        )
        with Progress(*columns, console=context.err) as progress:
            yield ProgressFollower(ProgressBars(progress))
    else:
        yield ProgressFollower(ProgressLines(lambda line: context.err.print(Text(line), soft_wrap=True)))


def _row(step: StepSnapshot) -> ProgressRow:
    name = step.name.replace("_", " ").replace("-", " ")
    again = f" (run {step.runs})" if step.runs > 1 else ""
    return ProgressRow(
        label=plain(f"{name} {step.region}".strip() + again),
        status=step.status or "Running",
        done=step.bytes_done,
        total=step.bytes_total,
        rate=step.bytes_per_second,
        left=step.seconds_left,
    )


def _line(row: ProgressRow) -> str:
    if row.status == "Succeeded":
        return f"{row.label}: done" + (f" ({row.figures})" if row.figures else "")
    if row.status == "Failed":
        return f"{row.label}: failed"
    return f"{row.label}: {row.percent}% ({row.figures})" if row.total else f"{row.label} …"
