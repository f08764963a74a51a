"""Measure pages while a class of 30 starts and stops without a pause, beside the same pages while nothing happens.

There are no virtual machines: what remains is the server's own work for each start, as fast as it can go. A class that
really starts asks for less of it at a time.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench.class_lab import LAB, make_class
from bench.rows import Row, Task, at_most, not_measured, p99
from bench.server.browser import Browser
from bench.server.pages import LIMIT, sign_in, times_of
from bench.server.service import galeria_of, running_service, wait_for_machines
from galeria.bootstrap.container import open_container
from galeria.bootstrap.first_start import ensure_first_start
from galeria.interfaces.client.galeria import Galeria

STUDENTS = 30
PAGES = ("/labs", f"/labs/galeria/{LAB}", f"/labs/galeria/{LAB}/class", f"/labs/galeria/{LAB}/class-wall")
BESIDE = 2.0  # times what the same page takes while nothing happens: the whole class starts again and again


def measure(task: Task) -> list[Row]:
    if task.is_quick:
        return [not_measured(_name(page), at_most(1), "not measured in a quick run") for page in PAGES]
    data = task.directory / "class-pages"
    _fill(data)
    with running_service(data) as connect, Browser(connect) as client, galeria_of(connect, data) as galeria:
        sign_in(client, data)
        quiet: dict[str, list[float]] = {page: [] for page in PAGES}
        busy: dict[str, list[float]] = {page: [] for page in PAGES}
        for _ in range(task.rounds):
            for page in PAGES:
                quiet[page] += times_of(client, page)
            with _starting(galeria):
                for page in PAGES:
                    busy[page] += times_of(client, page)
    return [row for page in PAGES for row in _rows(page, quiet[page], busy[page])]


def _fill(data: Path) -> None:
    """Add a lab with 30 machines that are off, which the fake engine keeps as files."""
    container = open_container(data, fake=True)
    try:
        ensure_first_start(container)
        make_class(container, STUDENTS)
    finally:
        container.close()


@contextmanager
def _starting(galeria: Galeria) -> Iterator[None]:
    """Let all machines start, then stop, then start again, until the block ends. Raises what went wrong meanwhile."""
    ended = threading.Event()

    def run() -> None:
        names = [each["name"] for each in galeria.machines.list(LAB)]
        while not ended.is_set():
            for do, state in ((galeria.machines.start, "Running"), (galeria.machines.stop, "Stopped")):
                for name in names:
                    do(LAB, name)
                wait_for_machines(galeria, LAB, names, state)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        try:
            yield
        finally:
            ended.set()
        running.result()


def _rows(page: str, quiet: list[float], busy: list[float]) -> list[Row]:
    before, meanwhile = p99(quiet), p99(busy)
    return [
        Row(
            name=_name(page),
            ours=f"{meanwhile * 1000:.1f} ms",
            limit=f"{LIMIT * 1000:.0f} ms",
            ratio=meanwhile / LIMIT,
            goal=at_most(1),
        ),
        Row(
            name=f"{_name(page)}, beside the same page while nothing happens",
            ours=f"{meanwhile * 1000:.1f} ms",
            peer=f"{before * 1000:.1f} ms",
            ratio=meanwhile / before,
            goal=at_most(BESIDE),
        ),
    ]


def _name(page: str) -> str:
    return f"GET {page}: p99 while a class of {STUDENTS} starts and stops"
