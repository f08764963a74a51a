"""Measure the next export of a machine that was exported a hundred times, beside one that was exported twice."""

from bench.disks import CLUSTER
from bench.hosts import Bench, new_spec
from bench.regions import capture, regions
from bench.rows import MIB, Row, Spent, Task, at_most, best_of, not_measured, timed
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.machines import Machine
from galeria.programs import run
from galeria.reconcilers.long_chains import LONGEST_CHAIN

NAME = "the next export of a machine that was exported 100 times: time of one that was exported twice"
FLAT = at_most(1.15)
OFTEN, SELDOM, ROUNDS = 100, 2, 9
NEXT = "next"  # the name of the layer that is read


def rows(task: Task, bench: Bench, store: RegionStore) -> list[Row]:
    if task.is_quick:
        return [not_measured(NAME, FLAT, "not measured in a quick run")]
    return [compared(task, bench, store, OFTEN)]


def compared(task: Task, bench: Bench, store: RegionStore, often: int) -> Row:
    """Export both again and again in turns, into a region of its own each time: the same bytes of the same layer."""
    blank = task.directory / "chain.raw"
    with blank.open("wb") as file:
        file.truncate(task.disk.stat().st_size)
    base = bench.cached(store, blank)
    blank.unlink()
    machines = [_exported(bench, store, base, times) for times in (often, SELDOM)]
    spent = best_of(*(lambda each=each: _export(task, bench, *each) for each in machines), rounds=ROUNDS)
    files = [sum(1 for _ in bench.layout.machine(machine).glob("*.qcow2")) for machine, _ in machines]
    return Row(
        name=NAME,
        ours=f"{spent[0]}, {files[0]} files after their layers were joined",
        peer=f"exported twice: {spent[1]}, {files[1]} files",
        ratio=spent[0].seconds / spent[1].seconds,
        goal=FLAT,
    )


def _exported(bench: Bench, store: RegionStore, base: str, times: int) -> tuple[Machine, str]:
    """Return a machine that wrote and was sealed so many times, its layers joined as the server does, and its last layer."""
    spec = new_spec(store.region, base)
    bench.engine.ensure_machine(spec, None)
    top, last = bench.layout.first_disk(spec.machine), ""
    for number in range(times):
        run(["qemu-io", "-f", "qcow2", "-c", f"write -P {number % 255 + 1} {number * CLUSTER} {MIB}", top])
        last = f"layer{number}"
        bench.engine.seal_disk(spec.machine, last)
        top = bench.layout.disk_after(spec.machine, last)
        bench.engine.shorten_chain(spec.machine, longest=LONGEST_CHAIN, needed=lambda name=last: {name}, rate=0)  # type: ignore[misc]
    run(["qemu-io", "-f", "qcow2", "-c", f"write -P 7 {64 * MIB} {4 * MIB}", top])
    bench.engine.seal_disk(spec.machine, NEXT)
    return spec.machine, last


def _export(task: Task, bench: Bench, machine: Machine, since: str) -> Spent:
    with regions(task.directory) as (store, _):

        def export() -> None:
            with bench.engine.open_changes(machine, NEXT, since=since) as disk:
                capture(store, disk)

        return timed(export)
