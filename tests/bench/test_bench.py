"""Every measurement runs on little data, says something, and leaves nothing on the computer."""

import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bench import chains, classes, growth, peers
from bench import upgrade as upgrade_rows
from bench.__main__ import THEMES, Theme, main, measure
from bench.debian import Upgrade, differing, shrink
from bench.disks import CLUSTER, build_disk, changed
from bench.hosts import open_bench
from bench.regions import regions
from bench.rows import MIB, Row, Task
from bench.server import class_pages
from galeria.adapters.engine.daemons import Hypervisor
from galeria.adapters.store.manifests.manifest import CHUNK_SIZE
from galeria.programs import run

DATA = 64 * MIB


@pytest.fixture
def work() -> Iterator[Path]:
    """Unlike pytest's own, a folder that QEMU's user may pass, with a short name for the sockets in it."""
    with tempfile.TemporaryDirectory(prefix="gbt-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def rows_of(theme: Theme, folder: Path, *, is_quick: bool = False) -> dict[str, Row]:
    """The rows of a theme by their names. All of them are measured where a quick run measures them."""
    measured = measure([theme], folder, data=DATA, rounds=1, is_quick=is_quick)
    assert measured.failed == {}
    rows = measured.rows[theme]
    assert list(folder.iterdir()) == []
    return {row.name: row for row in rows}


def met(rows: dict[str, Row], beginning: str) -> list[bool | None]:
    return [row.met for name, row in rows.items() if name.startswith(beginning)]


def bench_machines() -> list[str]:
    hypervisor = Hypervisor()
    names = [domain.name() for domain in hypervisor.domains()]
    hypervisor.close()
    return [name for name in names if name.startswith("galeria-bench")]


@pytest.mark.slow
def test_each_peer_is_measured_or_its_package_named(work: Path) -> None:
    rows = rows_of(Theme.PEERS, work)
    for peer in peers.PEERS:
        row = rows[f"a raw disk, whole: speed beside {peer.program}"]
        is_absent = f"apt-get install {peer.package}" in row.peer
        assert (row.ratio is None) == is_absent
        assert row.limit.endswith("times as fast") != is_absent


@pytest.mark.slow
def test_memory_stays_within_the_promise(work: Path) -> None:
    rows = rows_of(Theme.STORE, work, is_quick=True)
    assert met(rows, "peak memory") == [True, True]
    assert rows["a base into a region's cache, every chunk checked: speed beside qemu-img"].ratio


@pytest.mark.slow
def test_every_format_is_imported(work: Path) -> None:
    assert len([row for row in rows_of(Theme.IMPORTS, work).values() if row.ratio]) == 3


@pytest.mark.system
def test_the_second_export_and_its_copy_keep_their_promises_and_no_machine_stays(work: Path) -> None:
    rows = rows_of(Theme.EXPORT, work, is_quick=True)
    assert met(rows, "second export") == [True, True]
    assert met(rows, "replication of the second export") == [True, True]
    assert bench_machines() == []


@pytest.mark.system
def test_a_machine_exported_often_has_few_files(work: Path) -> None:
    disk = work / "disk.raw"
    build_disk(disk, size=256 * MIB, data=DATA)
    task = Task(directory=work, disk=disk, data=DATA, rounds=1)
    with open_bench(work) as bench, regions(work) as (north, _):
        row = chains.compared(task, bench, north, 12)
    assert row.ratio
    assert 3 <= int(row.ours.split(" files")[0].split()[-1]) <= 9
    assert bench_machines() == []


@pytest.mark.system
def test_machines_of_both_sizes_keep_their_promise_and_do_not_stay(work: Path) -> None:
    rows = rows_of(Theme.MACHINES, work)
    assert met(rows, "a machine from a cached 1 GB image") == [True, True]
    assert met(rows, "50 machines at once from a base that is not cached") == [True]
    assert bench_machines() == []


def test_a_class_of_four_hundred_is_decided_within_a_round(tmp_path: Path) -> None:
    rows = classes.clock(Task(directory=tmp_path, disk=tmp_path / "disk", data=DATA, rounds=1))
    assert [row.limit for row in rows] == ["2 s", "2 s", "2 s", "60 s"]


@pytest.mark.system
def test_a_class_of_thirty_is_made_and_does_not_stay(work: Path) -> None:
    rows = rows_of(Theme.CLASSES, work, is_quick=True)
    assert met(rows, "Students' machines are made, 30") == [True]
    assert bench_machines() == []


@pytest.mark.slow
@pytest.mark.long
def test_pages_are_measured_while_a_class_starts(tmp_path: Path) -> None:
    rows = class_pages.measure(Task(directory=tmp_path, disk=tmp_path / "disk", data=DATA, rounds=1))
    assert len(rows) == 2 * len(class_pages.PAGES)
    assert all(row.ratio for row in rows)


def test_a_peer_that_is_absent_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    rows = peers.measure(Task(directory=tmp_path, disk=tmp_path / "disk", data=DATA, rounds=1))
    assert [row.peer for row in rows][1] == "borg is not installed: apt-get install borgbackup"
    assert list(tmp_path.iterdir()) == []


def test_a_changed_disk_is_as_before_afterwards(tmp_path: Path) -> None:
    disk = tmp_path / "disk.raw"
    build_disk(disk, size=64 * MIB, data=16 * MIB)
    before = disk.read_bytes()
    with changed(disk, share=0.1, data=16 * MIB) as clusters:
        during = disk.read_bytes()
        assert sum(length for _, length in clusters) >= 0.1 * 16 * MIB * 0.5
        rest, position = [], 0
        for offset, length in clusters:
            rest.append(before[position:offset] == during[position:offset])
            assert before[offset : offset + length] != during[offset : offset + length]
            position = offset + length
        assert all(rest)
    assert disk.read_bytes() == before


def test_growth_is_told_by_data_and_by_versions(work: Path) -> None:
    disk = work / "disk.raw"
    build_disk(disk, size=4 * DATA, data=DATA)
    task = Task(directory=work, disk=disk, data=DATA, rounds=1)
    pool = growth.pool_of(disk)
    assert len(set(pool)) > 30
    thinned = growth.thinned(pool)
    assert len({zlib.crc32(chunk) for chunk in thinned}) == len(pool) + growth.SPARSE - 1
    assert len(zlib.compress(thinned[1])) < CHUNK_SIZE // 20
    rows = [growth.by_data(task, thinned, (1 / 64, 1 / 32)), growth.by_versions(task, pool, 9, 3)]
    assert all(row.ratio and row.ratio >= 1 for row in rows)
    assert [row.ratio for row in growth.rows(replace(task, is_quick=True))] == [None, None]
    assert list(work.iterdir()) == [disk]


def test_requests_to_a_bucket_far_away_are_counted_and_waited_for(work: Path) -> None:
    rows = rows_of(Theme.DISTANCE, work)
    assert len(rows) == 5
    assert all(row.ratio for row in rows.values())
    (first,) = [row.ours for name, row in rows.items() if name.startswith("first export")]
    (joining,) = [row.ours for name, row in rows.items() if "joins" in name]
    assert " PUT" in first
    assert {"GET", "LIST"} < set(joining.replace(",", "").split())


def test_differing_clusters_of_two_disks_are_found(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for path in (before, after):
        with path.open("wb") as file:
            file.truncate(8 * MIB)
            file.seek(MIB)
            file.write(b"same" * 50_000)
    with after.open("r+b") as file:
        file.seek(MIB + CLUSTER + 5)
        file.write(b"other")
        file.seek(6 * MIB)
        file.write(b"new")
    assert differing(before, after) == [(MIB + CLUSTER, CLUSTER), (6 * MIB, CLUSTER)]


def test_an_upgrade_is_exported_from_a_disk_with_further_data(work: Path) -> None:
    before, after = work / "before", work / "after"
    for path in (before, after):
        build_disk(path, size=64 * MIB, data=32 * MIB)
    with after.open("r+b") as file:
        file.seek(2 * MIB)
        file.write(b"upgraded" * CLUSTER)
    upgrade = Upgrade(before=before, after=after, clusters=differing(before, after))
    assert upgrade.changed_bytes == 8 * CLUSTER
    row = upgrade_rows.with_further_data(Task(directory=work, disk=before, data=DATA, rounds=1), upgrade, 1 / 64)
    assert row.ratio
    assert row.limit.endswith("times as fast")
    assert sorted(work.iterdir()) == [after, before]


def test_a_disk_is_made_smaller_with_its_file_system(work: Path) -> None:
    disk = work / "disk.raw"
    with disk.open("wb") as file:
        file.truncate(64 * MIB)
    run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", Path(__file__).parent, disk])
    shrink(disk, 32 * MIB)
    assert disk.stat().st_size == 32 * MIB
    assert Path(__file__).name in run(["debugfs", "-R", "ls", disk])
    run(["e2fsck", "-f", "-n", disk])


def test_a_theme_that_fails_takes_no_other_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole run takes half an hour: what was measured is written, and the run says what was not."""
    row = Row(name="kept", ours="1 s", ratio=1.0)

    def failing(_: Task) -> list[Row]:
        raise OSError("the cable is pulled")

    monkeypatch.setitem(THEMES, Theme.EXPORT, ("Exports", failing))
    monkeypatch.setitem(THEMES, Theme.LOOKS, ("Looks", lambda _: [row]))
    words = ["--only", "export", "--only", "looks", "--quick", "--data-gib", "0.0625", "--directory", str(tmp_path)]
    app = typer.Typer()
    app.command()(main)
    done = CliRunner().invoke(app, [*words, "--write", str(tmp_path / "figures")])
    assert done.exit_code == 1
    assert "the cable is pulled" in done.output
    assert "kept" in (tmp_path / "figures" / "latest.md").read_text(encoding="utf-8")


@pytest.mark.system
@pytest.mark.long
def test_a_guest_gets_data_on_both_networks(work: Path) -> None:
    assert [row.ratio is not None for row in rows_of(Theme.NETWORK, work).values()] == [True]
