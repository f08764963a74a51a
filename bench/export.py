"""Measure an export as the product does it: a machine's disk is sealed, read in place and stored in a region."""

from pathlib import Path

from bench import chains, limits, qemu_img, upgrade
from bench.disks import changes
from bench.hosts import Bench, new_spec, open_bench
from bench.regions import capture, regions
from bench.rows import Row, Spent, Task, at_least, at_most, beside, best_of, mebibytes, timed
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.images import Captured
from galeria.ports.machines import Machine
from galeria.ports.progress import unheard
from galeria.programs import run

EXPORT_SPEED, EXPORT_SHARE = 2.4, 1.3  # beside qemu-img, and of the limit's time
SHARE = 0.01  # share of the data that is changed between the two exports
PROMISED = 0.05  # share of the first export's time and bytes
FIXED_SECONDS = 1.0
COPY_SHARE = 1.5  # of the export's time, for sending its changes to another region
FIRST, SECOND = "first", "second"  # names of the layers


def measure(task: Task) -> list[Row]:
    with open_bench(task.directory) as bench, regions(task.directory) as (north, south):
        machine = _machine(task, bench, north)
        sealing = timed(lambda: bench.engine.seal_disk(machine, FIRST))
        first_rows, reading = _first(task, bench, machine, sealing)
        first = _export(bench, machine, north, FIRST, since=None, parent=_blank(task, north))
        south.replicate(first.digest, source=north, pin=lambda digest: None, progress=unheard)
        _write(task, bench.layout.disk_after(machine, FIRST))
        made: list[Captured] = []

        def second() -> None:
            bench.engine.seal_disk(machine, SECOND)
            made.append(_export(bench, machine, north, SECOND, since=FIRST, parent=first.digest))

        spent = timed(second)
        whole = Spent(seconds=sealing.seconds + reading.seconds, cpu_seconds=sealing.cpu_seconds + reading.cpu_seconds)
        return [
            *first_rows,
            *second_rows(first, made[0], whole, spent),
            *copy_rows(north, south, made[0], spent),
            *upgrade.rows(task),
            *chains.rows(task, bench, north),
        ]


def _machine(task: Task, bench: Bench, store: RegionStore) -> Machine:
    """Return a machine whose template was a blank disk, so that the guest has written everything on it."""
    blank = task.directory / "blank.raw"
    with blank.open("wb") as file:
        file.truncate(task.disk.stat().st_size)
    spec = new_spec(store.region, bench.cached(store, blank))
    bench.engine.ensure_machine(spec, None)
    top = bench.layout.first_disk(spec.machine)
    run(["qemu-img", "convert", "-n", "-f", "raw", "-O", "qcow2", "-W", task.disk, top])
    return spec.machine


def _blank(task: Task, store: RegionStore) -> str:
    """Return the image that the machine was made from, in this region."""
    with open_raw_file(task.directory / "blank.raw") as source:
        return capture(store, source).digest


def _export(
    bench: Bench, machine: Machine, store: RegionStore, layer: str, *, since: str | None, parent: str
) -> Captured:
    with bench.engine.open_changes(machine, layer, since=since) as disk:
        return capture(store, disk, parent)


def _first(task: Task, bench: Bench, machine: Machine, sealing: Spent) -> tuple[list[Row], Spent]:
    """Measure the first export. Each run uses an empty region. Also returns our run without the sealing."""
    packed, stored = task.directory / "exported.qcow2", dict[str, int]()

    def ours() -> Spent:
        with regions(task.directory) as (store, _):
            parent = _blank(task, store)
            done: list[Captured] = []
            spent = timed(lambda: done.append(_export(bench, machine, store, FIRST, since=None, parent=parent)))
        stored["ours"] = done[0].stored_bytes
        return spent

    def peer() -> Spent:
        packed.unlink(missing_ok=True)
        spent = timed(lambda: qemu_img.compress(bench.layout.first_disk(machine), packed, format="qcow2"))
        stored["peer"] = packed.stat().st_size
        return spent

    def limit() -> Spent:
        with bench.engine.open_changes(machine, FIRST, since=None) as disk:
            return limits.store_all(disk, task.directory / "limit")

    mine, theirs, least = best_of(ours, peer, limit, rounds=task.rounds)
    name = f"first export of {mebibytes(task.data)}"
    rows = [
        Row(
            name=f"{name}: speed beside qemu-img, which does not sync",
            ours=f"{mine}; sealing took {sealing.seconds:.2f} s more",
            peer=f"{qemu_img.COMPRESSING}: {theirs}",
            limit=beside(least, theirs, what=limits.STORING),
            ratio=theirs.seconds / mine.seconds,
            goal=at_least(EXPORT_SPEED),
        ),
        Row(
            name=f"{name}: time of the limit, which writes and syncs as well",
            ours=str(mine),
            limit=str(least),
            ratio=mine.seconds / least.seconds,
            goal=at_most(EXPORT_SHARE),
        ),
        Row(
            name=f"{name}: stored bytes beside qemu-img",
            ours=mebibytes(stored["ours"]),
            peer=mebibytes(stored["peer"]),
            ratio=stored["ours"] / stored["peer"],
            goal=at_most(1),
        ),
    ]
    return rows, mine


def _write(task: Task, top: Path) -> None:
    """Write the changes to the new top of the disk, as the guest would."""
    pieces, size = task.directory / "pieces", task.disk.stat().st_size
    pieces.mkdir()
    commands: list[str | Path] = []
    for number, (offset, content) in enumerate(changes(size=size, share=SHARE, data=task.data)):
        piece = pieces / str(number)
        piece.write_bytes(content)
        commands += ["-c", f"write -q -s {piece} {offset} {len(content)}"]
    run(["qemu-io", "-f", "qcow2", *commands, top])


def second_rows(first: Captured, second: Captured, whole: Spent, spent: Spent) -> list[Row]:
    name = f"second export, {SHARE:.0%} changed since"
    promised = PROMISED * whole.seconds + FIXED_SECONDS
    return [
        Row(
            name=f"{name}: time, with the sealing",
            ours=f"{spent}, read {mebibytes(second.read_bytes)}",
            peer=f"first: {whole}",
            limit=f"{promised:.2f} s",
            ratio=spent.seconds / promised,
            goal=at_most(1),
        ),
        Row(
            name=f"{name}: stored bytes beside the first",
            ours=mebibytes(second.stored_bytes),
            peer=f"first: {mebibytes(first.stored_bytes)}",
            ratio=second.stored_bytes / first.stored_bytes,
            goal=at_most(PROMISED),
        ),
    ]


def copy_rows(north: RegionStore, south: RegionStore, captured: Captured, exported: Spent) -> list[Row]:
    sent: list[int] = []

    def copy() -> None:
        copied = south.replicate(captured.digest, source=north, pin=lambda digest: None, progress=unheard)
        sent.append(copied.sent_bytes)

    spent = timed(copy)
    name = "replication of the second export where the first one is"
    return [
        Row(
            name=f"{name}: time of the export",
            ours=str(spent),
            peer=f"the export: {exported}",
            ratio=spent.seconds / exported.seconds,
            goal=at_most(COPY_SHARE),
        ),
        Row(
            name=f"{name}: sent bytes of those that the export stored",
            ours=mebibytes(sent[0]),
            peer=mebibytes(captured.stored_bytes),
            ratio=sent[0] / captured.stored_bytes,
            goal=at_most(1),
        ),
    ]
