"""Every measurement runs on little data, says something, and leaves nothing on the computer."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import peers
from bench.__main__ import Theme, measure
from bench.disks import build_disk, changed
from bench.rows import MIB, Row, Task
from galeria.adapters.engine.daemons import Hypervisor

DATA = 64 * MIB


@pytest.fixture
def work() -> Iterator[Path]:
    """Unlike pytest's own, a folder that QEMU's user may pass, with a short name for the sockets in it."""
    with tempfile.TemporaryDirectory(prefix="gbt-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def rows_of(theme: Theme, folder: Path, *, is_quick: bool = False) -> dict[str, Row]:
    """The rows of a theme by their names. All of them are measured where a quick run measures them."""
    rows = measure([theme], folder, data=DATA, rounds=1, is_quick=is_quick)[theme]
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
    rows = rows_of(Theme.PEERS, work, is_quick=True)
    for peer in peers.PEERS:
        row = rows[f"a raw disk, whole: speed beside {peer.program}"]
        is_absent = f"apt-get install {peer.package}" in row.peer
        is_left_out = peer.is_slow and row.ours == "not measured in a quick run"
        assert (row.ratio is None) == (is_absent or is_left_out)


@pytest.mark.slow
def test_memory_stays_within_the_promise(work: Path) -> None:
    rows = rows_of(Theme.STORE, work)
    assert met(rows, "peak memory") == [True, True]
    assert rows["a base into a region's cache, every chunk checked, synced: speed beside qemu-img"].ratio


@pytest.mark.slow
def test_every_format_is_imported(work: Path) -> None:
    assert len([row for row in rows_of(Theme.IMPORTS, work).values() if row.ratio]) == 3


@pytest.mark.system
def test_the_second_export_and_its_copy_keep_their_promises_and_no_machine_stays(work: Path) -> None:
    rows = rows_of(Theme.EXPORT, work)
    assert met(rows, "second export") == [True, True]
    assert met(rows, "replication of the second export") == [True, True]
    assert bench_machines() == []


@pytest.mark.system
def test_machines_of_both_sizes_keep_their_promise_and_do_not_stay(work: Path) -> None:
    rows = rows_of(Theme.MACHINES, work)
    assert met(rows, "a machine from a cached 1 GB image") == [True, True]
    assert met(rows, "50 machines at once from a base that is not cached") == [True]
    assert bench_machines() == []


def test_a_class_of_four_hundred_is_decided_within_a_round(work: Path) -> None:
    rows = rows_of(Theme.CLASSES, work)
    assert [row.limit for row in rows.values()] == ["2 s", "2 s", "2 s", "60 s"]


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
