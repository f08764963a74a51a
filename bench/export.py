"""Measure an export as the product does it: a machine's disk is sealed, read in place and stored in a region."""

from pathlib import Path

from bench import qemu_img
from bench.disks import changes
from bench.hosts import Bench, new_spec, open_bench
from bench.regions import capture, regions
from bench.rows import Row, Spent, Task, best_of_pairs, mebibytes, speed, timed
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.images import Captured
from galeria.ports.machines import Machine
from galeria.ports.progress import unheard
from galeria.programs import run

SHARE = 0.01  # share of the data that is changed between the two exports
PROMISED = 0.05  # share of the first export's time and bytes
FIXED_SECONDS = 1.0
COPY_SHARE = 1.5  # of the export's time, for sending its changes to another region
FIRST, SECOND = "first", "second"  # names of the layers


def measure(task: Task) -> list[Row]:
    with open_bench(task.directory) as bench, regions(task.directory) as (north, south):
        machine = _machine(task, bench, north)
        sealing = timed(lambda: bench.engine.seal_disk(machine, FIRST))
        first_row, reading = _first(task, bench, machine, sealing)
        first = _export(bench, machine, north, FIRST, since=None, parent=_blank(task, north))
        south.replicate(first.digest, source=north, pin=lambda digest: None, progress=unheard)
        _write(task, bench.layout.disk_after(machine, FIRST))
        made: list[Captured] = []

        def second() -> None:
            bench.engine.seal_disk(machine, SECOND)
            made.append(_export(bench, machine, north, SECOND, since=FIRST, parent=first.digest))

        spent = timed(second)
        whole = Spent(seconds=sealing.seconds + reading.seconds, cpu_seconds=sealing.cpu_seconds + reading.cpu_seconds)
        return [first_row, second_row(first, made[0], whole, spent), copy_row(north, south, made[0], spent)]


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


def _first(task: Task, bench: Bench, machine: Machine, sealing: Spent) -> tuple[Row, Spent]:
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

    mine, theirs = best_of_pairs(ours, peer, rounds=task.rounds)
    row = Row(
        what=f"first export of {mebibytes(task.data)}; sealing took {sealing.seconds:.2f} s more",
        ours=f"{mine}, {mebibytes(stored['ours'])}",
        peer=f"{qemu_img.COMPRESSING}: {theirs}, {mebibytes(stored['peer'])}",
        ratio=f"{speed(mine, theirs)}, {stored['ours'] / stored['peer']:.0%} of the bytes",
        kept=mine.seconds <= theirs.seconds,
    )
    return row, mine


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


def second_row(first: Captured, second: Captured, whole: Spent, spent: Spent) -> Row:
    time_share, byte_share = spent.seconds / whole.seconds, second.stored_bytes / first.stored_bytes
    return Row(
        what=f"second export, {SHARE:.0%} changed since; both with the sealing",
        ours=f"{spent}, read {mebibytes(second.read_bytes)}, stored {mebibytes(second.stored_bytes)}",
        peer=f"first: {whole}, stored {mebibytes(first.stored_bytes)}",
        ratio=f"{time_share:.1%} of the time, {byte_share:.1%} of the bytes",
        kept=spent.seconds <= PROMISED * whole.seconds + FIXED_SECONDS and byte_share <= PROMISED,
    )


def copy_row(north: RegionStore, south: RegionStore, captured: Captured, exported: Spent) -> Row:
    sent: list[int] = []

    def copy() -> None:
        copied = south.replicate(captured.digest, source=north, pin=lambda digest: None, progress=unheard)
        sent.append(copied.sent_bytes)

    spent = timed(copy)
    return Row(
        what="replication of the second export where the first one is; what was verified there is not read again",
        ours=f"{spent}, sent {mebibytes(sent[0])}",
        peer=f"the export: {exported}, stored {mebibytes(captured.stored_bytes)}",
        ratio=f"{spent.seconds / exported.seconds:.2f} of the time, {sent[0] / captured.stored_bytes:.1%} of the bytes",
        kept=sent[0] <= captured.stored_bytes and spent.seconds <= COPY_SHARE * exported.seconds,
    )
