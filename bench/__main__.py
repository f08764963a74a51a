"""Measure every theme on the same disk in one run, and print a table for each. The machines need root."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench import answers, classes, export, looks, machines, network, pages, peers, relay, store
from bench.disks import build_disk
from bench.regions import fresh
from bench.rows import GIB, Row, Task
from galeria.domain.errors import GaleriaError

RESULTS = Path(__file__).with_name("latest.json")
# Most of a system's disk is holes.
DISK_SIZE = 4  # times the bytes of its data


class Theme(Enum):
    EXPORT = "export"
    MACHINES = "machines"
    STORE = "store"
    PEERS = "peers"
    ANSWERS = "answers"
    PAGES = "pages"
    LOOKS = "looks"
    RELAY = "relay"
    NETWORK = "network"
    CLASSES = "classes"


THEMES: dict[Theme, tuple[str, Callable[[Task], list[Row]]]] = {
    Theme.EXPORT: ("Exporting a machine's disk", export.measure),
    Theme.MACHINES: ("Making a machine", machines.measure),
    Theme.STORE: ("The image store", store.measure),
    Theme.PEERS: ("The same disk in other programs", peers.measure),
    Theme.ANSWERS: ("The server's answers", answers.measure),
    Theme.PAGES: (pages.TITLE, pages.measure),
    Theme.LOOKS: ("A look into a disk", looks.measure),
    Theme.RELAY: ("The relay of machines", relay.measure),
    Theme.NETWORK: ("A guest's network", network.measure),
    Theme.CLASSES: ("The clock of classes", classes.measure),
}


def measure(themes: list[Theme], directory: Path, *, data: int, rounds: int) -> dict[Theme, list[Row]]:
    """Print each theme's table as soon as it is measured. Raises GaleriaError; nothing stays in `directory`."""
    console, measured = Console(), dict[Theme, list[Row]]()
    with fresh(directory, prefix="galeria-bench-") as services, console.status("making a disk") as status:
        disk = services / "disk.raw"
        build_disk(disk, size=DISK_SIZE * data, data=data)
        for theme in themes:
            title, rows_of = THEMES[theme]
            status.update(f"measuring: {title.lower()}")
            with fresh(services) as own:
                rows = rows_of(Task(directory=own, disk=disk, data=data, rounds=rounds))
            measured[theme] = rows
            console.print(table_of(title, rows))
    return measured


def table_of(title: str, rows: list[Row]) -> Table:
    table = Table("what", "Galeria", "beside", "ratio", "promise", title=title, title_justify="left", show_lines=True)
    for row in rows:
        kept = {None: "", True: "[green]kept", False: "[bold red]NOT KEPT"}[row.kept]
        table.add_row(row.what, row.ours, row.peer, row.ratio, kept)
    return table


def written(measured: dict[Theme, list[Row]], *, data: int) -> str:
    """Return the results as JSON, with what they depend on."""
    return json.dumps(
        {
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "processors": os.cpu_count(),
            "dataBytes": data,
            "themes": {theme.value: [asdict(row) for row in rows] for theme, rows in measured.items()},
        },
        indent=2,
    )


def main(
    only: Annotated[list[Theme] | None, typer.Option(help="Measure this theme; may be given several times.")] = None,
    data_gib: Annotated[float, typer.Option(min=1 / 16, help="Data on the disk, in GiB.")] = 2.0,
    rounds: Annotated[int, typer.Option(min=1, help="Pairs of runs, of which the best count.")] = 3,
    directory: Annotated[
        Path, typer.Option(help="Where to work: some 12 GB, and QEMU's user must reach it.", exists=True)
    ] = Path("/var/tmp"),
    write: Annotated[bool, typer.Option(help="Write the results to bench/latest.json.")] = False,
) -> None:
    """Measure Galeria beside qemu-img, borg and casync on this computer."""
    # A terminated run removes its machines and files like an interrupted one.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    data, console, begin = int(data_gib * GIB), Console(), time.monotonic()
    try:
        measured = measure(only or list(Theme), directory, data=data, rounds=rounds)
    except GaleriaError as error:
        Console(stderr=True).print(f"[red]{error.message}[/red] {error.hint}")
        raise typer.Exit(1) from error
    if write:
        RESULTS.write_text(written(measured, data=data) + "\n", encoding="utf-8")
    rows = [row for rows in measured.values() for row in rows if row.kept is not None]
    kept = sum(row.kept is True for row in rows)
    load = " ".join(f"{number:.1f}" for number in os.getloadavg())
    console.print(
        f"{kept} of {len(rows)} promises kept, measured in {time.monotonic() - begin:.0f} s on {os.cpu_count()} "
        f"processors with a load of {load}. 'cpu' is processor time: it suffers less from other users of the computer."
    )


if __name__ == "__main__":
    typer.run(main)
