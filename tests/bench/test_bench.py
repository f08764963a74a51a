"""Every measurement runs on little data, says something, and leaves nothing on the computer."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import peers
from bench.__main__ import Theme, measure, written
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


def rows_of(theme: Theme, folder: Path) -> list[Row]:
    measured = measure([theme], folder, data=DATA, rounds=1)
    assert list(folder.iterdir()) == []
    as_json = json.loads(written(measured, data=DATA))
    assert [row["what"] for row in as_json["themes"][theme.value]] == [row.what for row in measured[theme]]
    return measured[theme]


def bench_machines() -> list[str]:
    hypervisor = Hypervisor()
    names = [domain.name() for domain in hypervisor.domains()]
    hypervisor.close()
    return [name for name in names if name.startswith("galeria-bench")]


@pytest.mark.slow
def test_each_peer_is_measured_or_its_package_named(work: Path) -> None:
    rows = rows_of(Theme.PEERS, work)
    for peer in peers.PEERS:
        own = [row.peer for row in rows if row.peer.startswith(peer.name)]
        absent = [row.peer for row in rows if f"apt-get install {peer.package}" in row.peer]
        assert (len(own), len(absent)) in ((2, 0), (0, 1))


@pytest.mark.slow
def test_memory_stays_within_the_promise(work: Path) -> None:
    *others, memory = rows_of(Theme.STORE, work)
    assert len(others) == 2
    assert memory.kept


@pytest.mark.system
def test_the_second_export_and_its_copy_keep_their_promises_and_no_machine_stays(work: Path) -> None:
    _, second, copy = rows_of(Theme.EXPORT, work)
    assert second.kept
    assert copy.kept
    assert bench_machines() == []


@pytest.mark.system
def test_machines_of_both_sizes_keep_their_promise_and_do_not_stay(work: Path) -> None:
    assert [row.kept for row in rows_of(Theme.MACHINES, work)] == [True, True]
    assert bench_machines() == []


def test_a_class_of_four_hundred_is_decided_within_a_round(work: Path) -> None:
    rows = rows_of(Theme.CLASSES, work)
    assert [row.what.rpartition(", ")[2] for row in rows] == ["400 machines"] * 3


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
