"""Measure what a lab, a version and a request cost a server and its PostgreSQL database. There are no machines."""

import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path

import sqlalchemy as sa

from bench.scale.figures import Figure
from bench.server.answers import token_of
from bench.server.browser import Browser
from bench.server.pages import sign_in
from bench.server.walk import PAGE
from galeria.bootstrap.demo_host import running_server
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import ClientSecret
from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.labs import NewLab
from tests.system.many.computers import random_disk
from tests.system.many.soak_load import spent_by
from tests.system.server_process import SOUTH, SOUTHEAST, begin_disks, open_gallery

LABS = 40
REQUESTS = 300
IDLE = 20.0  # seconds
UNLIMITED = "[requests]\nreads_per_minute = 0\nwrites_per_minute = 0\nstrangers_per_minute = 0\n"
"""Settings: a measurement asks more often than people."""
_TABLES = sa.text(
    "SELECT n.nspname || '.' || c.relname, pg_table_size(c.oid) + pg_indexes_size(c.oid) FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%'"
    " AND n.nspname <> 'information_schema'"
)
_CHANGES = sa.text("SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'processes'")
"""Each transaction that changes something asks once whether its process has been given up."""
Usage = dict[str, tuple[int, int]]  # rows and bytes of each table


@dataclass(frozen=True)
class _Spent:
    """Until now: processor seconds of the server with its worker and of PostgreSQL, and transactions that changed something."""

    server: float
    database: float
    changes: float
    clock: float  # seconds

    def since(self, other: "_Spent") -> "_Spent":
        return _Spent(*(now - then for now, then in zip(astuple(self), astuple(other), strict=True)))


class _Watch:
    """Compares before and after something, without what is done anyway while nobody asks."""

    def __init__(self, engine: sa.Engine, postmaster: int) -> None:
        self._engine, self._postmaster = engine, postmaster
        with engine.connect() as connection:
            asked = sa.text("SELECT pid FROM processes WHERE ended_at IS NULL")
            self._server = int(connection.scalar(asked) or 0)
        self._idle = _Spent(0, 0, 0, 1)

    def spent(self) -> _Spent:
        with self._engine.connect() as connection:
            changes = float(connection.scalar(_CHANGES) or 0)
        database = spent_by(self._postmaster, with_children=True)
        return _Spent(spent_by(self._server), database, changes, time.monotonic())

    def idle(self) -> Figure:
        """Return what is done while nobody asks, which does not count from now on."""
        time.sleep(IDLE)  # the start goes on for some time
        before = self.spent()
        time.sleep(IDLE)
        self._idle = each = self.spent().since(before)
        server, database, changes = (value / each.clock for value in (each.server, each.database, each.changes))
        told = (
            f"{server:.1%} of a processor, {database:.1%} for PostgreSQL, {changes:.1f} changing transactions a second"
        )
        return Figure("a server with its worker that nobody asks", told)

    def cost(self, what: str, ask: Callable[[], object], times: int) -> Figure:
        """Return what it costs each time, after a first one that is not counted."""
        ask()
        before = self.spent()
        for _ in range(times):
            ask()
        return self.figure(what, before, times)

    def figure(self, what: str, before: _Spent, times: int) -> Figure:
        spent = self.spent().since(before)
        share = spent.clock / self._idle.clock
        server = (spent.server - share * self._idle.server) / times * 1000
        database = (spent.database - share * self._idle.database) / times * 1000
        changes = (spent.changes - share * self._idle.changes) / times
        told = f"{server:.1f} ms of the server and its worker, {database:.1f} ms of PostgreSQL"
        return Figure(what, f"{told}, {changes:.1f} changing transactions")


def measure(url: str, postmaster: int, folder: Path, *, labs: int = LABS) -> list[Figure]:
    """Fill an empty database by a server with its worker, whose data directory is made in `folder`."""
    data = folder / "data"
    data.mkdir(parents=True)
    (data / "galeria.toml").write_text(f'[database]\nurl = "{url}"\n{UNLIMITED}', encoding="utf-8")
    engine = sa.create_engine(url)
    try:
        with running_server(data, fake=True) as connect:
            watch = _Watch(engine, postmaster)
            credentials = ClientSecret(client_id=connect["client_id"], client_secret=connect["client_secret"])
            connection = ServerConnection(connect["endpoint"], credentials, ca_file=Path(connect["ca_file"]))
            figures = [watch.idle(), *_requests(watch, connect, data)]
            with Galeria.open(connection, memory=folder / "memory") as galeria:
                return figures + _contents(engine, watch, galeria, folder, labs)
    finally:
        engine.dispose()


def _requests(watch: _Watch, connect: dict[str, str], data: Path) -> list[Figure]:
    """What one of each kind costs, one after the other."""
    group = f"/subscriptions/{connect['subscription_id']}/resourceGroups/galeria"
    gallery = f"{group}/providers/Microsoft.Compute/galleries/counted?api-version=2024-03-03"
    body = {"location": SOUTH, "tags": {"counted": "yes"}}
    with Browser(connect) as program, Browser(connect) as person:
        program.headers["Authorization"] = f"Bearer {token_of(connect)}"
        sign_in(person, data)
        return [
            watch.cost("a change", lambda: program.put(gallery, json=body).raise_for_status(), REQUESTS),
            watch.cost("a reading request", lambda: program.get(gallery).raise_for_status(), REQUESTS),
            watch.cost(
                "a page, the list of labs", lambda: person.get("/labs", headers=PAGE).raise_for_status(), REQUESTS
            ),
            watch.cost("a sign-in of a program", lambda: token_of(connect), REQUESTS // 10),
        ]


def _contents(engine: sa.Engine, watch: _Watch, galeria: Galeria, folder: Path, labs: int) -> list[Figure]:
    open_gallery(galeria)
    galeria.wait(begin_disks(galeria, "linux", random_disk(folder / "disk.raw", 1)).begun, seconds=60)
    image = str(galeria.images.get("linux")["properties"]["sharedGalleryId"])
    lab = NewLab(image=image, user="ana", password="Course-Work-2026", region=SOUTH, size="Tiny")
    names = [f"lab{number}" for number in range(labs)]
    empty, spent = _usage(engine), watch.spent()
    for begun in [galeria.labs.create(name, lab) for name in names]:
        galeria.wait(begun, seconds=300)
    made = watch.figure("making a lab", spent, labs)
    filled, spent = _usage(engine), watch.spent()
    regions = (SOUTH, SOUTHEAST)
    for begun in [galeria.exports.begin(name, name=f"of-{name}", version="1.0.0", regions=regions) for name in names]:
        galeria.wait(begun, seconds=300)
    exported = watch.figure("exporting an unchanged lab into two regions", spent, labs)
    complete, spent = _usage(engine), watch.spent()
    for begun in [galeria.machines.start(name) for name in names]:
        galeria.wait(begun, seconds=300)
    return [
        _growth("a lab", empty, filled, labs),
        made,
        _growth("a version in two regions", filled, complete, labs),
        exported,
        watch.figure("starting a machine", spent, labs),
    ]


def _growth(what: str, before: Usage, after: Usage, count: int) -> Figure:
    grown = {
        name: ((rows - before.get(name, (0, 0))[0]) / count, (size - before.get(name, (0, 0))[1]) / count)
        for name, (rows, size) in after.items()
    }
    rows, size = (sum(each[at] for each in grown.values()) for at in (0, 1))
    durable = sum(size for name, (_, size) in grown.items() if not name.startswith("public."))
    most = sorted(grown.items(), key=lambda each: -each[1][1])[:6]
    told = ", ".join(f"{name} {rows:.1f} rows {size:.0f} bytes" for name, (rows, size) in most)
    return Figure(what, f"{rows:.1f} rows, {size:.0f} bytes, {durable:.0f} of them finished steps ({told})")


def _usage(engine: sa.Engine) -> Usage:
    """Rows and bytes, after the space of rows that went was given back."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        sizes = {name: size for name, size in connection.execute(_TABLES).all()}
        for name in sizes:
            schema, _, table = name.partition(".")
            connection.exec_driver_sql(f'VACUUM FULL "{schema}"."{table}"')
        sizes = {name: size for name, size in connection.execute(_TABLES).all()}
        return {name: (_rows(connection, name), int(size)) for name, size in sizes.items()}


def _rows(connection: sa.Connection, name: str) -> int:
    schema, _, table = name.partition(".")
    return int(connection.exec_driver_sql(f'SELECT count(*) FROM "{schema}"."{table}"').scalar() or 0)
