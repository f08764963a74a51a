"""Measure every theme on the same disk in one run, and print a table for each. The machines need root."""

import os
import signal
import sys
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from bench import (
    classes,
    distance,
    export,
    family,
    imports,
    looks,
    machines,
    network,
    peers,
    relay,
    report,
    starts,
    store,
)
from bench.disks import build_disk
from bench.regions import fresh
from bench.rows import GIB, Row, Task
from bench.server import answers, pages
from galeria.domain.errors import GaleriaError

# Most of a system's disk is holes.
DISK_SIZE = 4  # times the bytes of its data


class Theme(Enum):
    EXPORT = "export"
    MACHINES = "machines"
    STARTS = "starts"
    STORE = "store"
    DISTANCE = "distance"
    FAMILY = "family"
    IMPORTS = "imports"
    PEERS = "peers"
    ANSWERS = "answers"
    PAGES = "pages"
    LOOKS = "looks"
    RELAY = "relay"
    NETWORK = "network"
    CLASSES = "classes"


LONG = (Theme.PAGES, Theme.NETWORK, Theme.STARTS)  # two to ten minutes each, so that a quick run leaves them out
QUICK_GIB, QUICK_ROUNDS = 0.5, 1

THEMES: dict[Theme, tuple[str, Callable[[Task], list[Row]]]] = {
    Theme.EXPORT: ("Exporting a machine's disk", export.measure),
    Theme.MACHINES: ("Making a machine", machines.measure),
    Theme.STARTS: ("Starting a machine whose image is not here", starts.measure),
    Theme.STORE: ("The image store", store.measure),
    Theme.DISTANCE: ("The image store in a bucket that is far away", distance.measure),
    Theme.FAMILY: ("Twenty images of one family", family.measure),
    Theme.IMPORTS: ("Importing disk files", imports.measure),
    Theme.PEERS: ("The same disk in other programs", peers.measure),
    Theme.ANSWERS: ("The server's answers", answers.measure),
    Theme.PAGES: (pages.TITLE, pages.measure),
    Theme.LOOKS: ("A look into a disk", looks.measure),
    Theme.RELAY: ("The relay of machines", relay.measure),
    Theme.NETWORK: ("A guest's network", network.measure),
    Theme.CLASSES: ("Classes", classes.measure),
}


class Measured(NamedTuple):
    """The rows of each theme, and why others could not be measured."""

    rows: dict[Theme, list[Row]]
    failed: dict[Theme, Exception]


def measure(themes: list[Theme], directory: Path, *, data: int, rounds: int, is_quick: bool) -> Measured:
    """Print each theme's table as soon as it is measured; nothing stays in `directory`."""
    console, measured = Console(), Measured(rows={}, failed={})
    with fresh(directory, prefix="galeria-bench-") as services, console.status("making a disk") as status:
        disk = services / "disk.raw"
        build_disk(disk, size=DISK_SIZE * data, data=data)
        for theme in themes:
            title, rows_of = THEMES[theme]
            status.update(f"measuring: {title.lower()}")
            with fresh(services) as own:
                try:
                    rows = rows_of(Task(directory=own, disk=disk, data=data, rounds=rounds, is_quick=is_quick))
                except (GaleriaError, OSError) as error:
                    measured.failed[theme] = error
                    continue
            measured.rows[theme] = rows
            console.print(table_of(title, rows))
    return measured


def table_of(title: str, rows: list[Row]) -> Table:
    table = Table(*report.HEADS, title=title, title_justify="left", show_lines=True)
    for row in rows:
        style = {None: "", True: "green", False: "bold red"}[row.met]
        *cells, met = report.cells(row)
        table.add_row(*cells, f"[{style}]{met}" if style else met)
    return table


def main(
    only: Annotated[list[Theme] | None, typer.Option(help="Measure this theme; may be given several times.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Little data, one pair of runs, no long themes.")] = False,
    data_gib: Annotated[float | None, typer.Option(min=1 / 16, help="Data on the disk, in GiB; 2 by default.")] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, help="Pairs of runs, of which the best count; 3 by default.")
    ] = None,
    directory: Annotated[
        Path, typer.Option(help="Where to work: some 12 GB, and QEMU's user must reach it.", exists=True)
    ] = Path("/var/tmp"),
    write: Annotated[
        Path | None, typer.Option(help="Write the results as JSON, table and plots to this folder.")
    ] = None,
) -> None:
    """Measure Galeria beside qemu-img, borg, restic and casync on this computer."""
    # A terminated run removes its machines and files like an interrupted one.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    data = int((data_gib or (QUICK_GIB if quick else 2)) * GIB)
    themes = only or [theme for theme in Theme if not (quick and theme in LONG)]
    console, begin = Console(), time.monotonic()
    rounds = rounds or (QUICK_ROUNDS if quick else 3)
    measured, failed = measure(themes, directory, data=data, rounds=rounds, is_quick=quick)
    titled = {THEMES[theme][0]: rows for theme, rows in measured.items()}
    if write is not None:
        report.write(write, titled, conditions=report.conditions(data=data))
    rows = [row for rows in measured.values() for row in rows if row.met is not None]
    met, unmeasured = sum(row.met is True for row in rows), sum(report.is_open(row) for row in report.flat(titled))
    load = " ".join(f"{number:.1f}" for number in os.getloadavg())
    console.print(
        f"{met} of {len(rows)} goals met, {unmeasured} not measured, in {time.monotonic() - begin:.0f} s on "
        f"{os.cpu_count()} processors with a load of {load}. 'cpu' is processor time: it suffers less from other users."
    )
    for theme, fault in failed.items():
        Console(stderr=True).print(f"[red]{theme.value} could not be measured:[/red] {fault}")
    if failed:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
