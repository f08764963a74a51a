"""Writers share the lease, a collector has it alone, and a dead holder keeps nothing."""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Event

import pytest

from galeria.adapters.store.objects import lease
from galeria.domain.errors import Conflict
from tests.adapters.store.fixtures import CHUNK, Disk, StoreFixture, noise, seal
from tests.waiting import until


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "region" / "lease"


def test_writers_share_it(lock: Path) -> None:
    with lease.hold(lock, region="north", exclusive=False), lease.hold(lock, region="north", exclusive=False):
        pass


def test_a_collector_is_refused_while_a_writer_of_the_same_process_writes(lock: Path) -> None:
    with (
        lease.hold(lock, region="north", exclusive=False),
        pytest.raises(Conflict, match="north is in use"),
        lease.hold(lock, region="north", exclusive=True),
    ):
        pass
    with lease.hold(lock, region="north", exclusive=True):
        pass


def test_two_collectors_exclude_each_other(lock: Path) -> None:
    with (
        lease.hold(lock, region="north", exclusive=True),
        pytest.raises(Conflict),
        lease.hold(lock, region="north", exclusive=True),
    ):
        pass


def test_a_writer_waits_for_the_collector(lock: Path) -> None:
    begun, had = Event(), Event()

    def write() -> None:
        begun.set()
        with lease.hold(lock, region="north", exclusive=False):
            had.set()

    with ThreadPoolExecutor(1) as pool:
        with lease.hold(lock, region="north", exclusive=True):
            writing = pool.submit(write)
            assert begun.wait(10)
            assert not had.is_set()
        writing.result(timeout=10)
    assert had.is_set()


def test_a_writer_does_not_wait_for_ever(lock: Path) -> None:
    with (
        lease.hold(lock, region="north", exclusive=True),
        pytest.raises(Conflict, match="did not end"),
        lease.hold(lock, region="north", exclusive=False, patience=0.1),
    ):
        pass


def test_the_kernel_gives_back_what_a_killed_process_held(lock: Path) -> None:
    program = (
        "import sys, pathlib; from galeria.adapters.store.objects import lease\n"
        "with lease.hold(pathlib.Path(sys.argv[1]), region='north', exclusive=True):\n"
        "    sys.stdout.write('held\\n'); sys.stdout.flush(); sys.stdin.read()\n"
    )
    with Popen([sys.executable, "-c", program, str(lock)], stdin=PIPE, stdout=PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Conflict), lease.hold(lock, region="north", exclusive=True):
            pass
        os.kill(holder.pid, signal.SIGKILL)
    with lease.hold(lock, region="north", exclusive=True):
        pass


def test_a_collection_is_refused_during_a_capture_and_runs_after_it(shop: StoreFixture) -> None:
    store = shop.store("north")
    reading, go_on = Event(), Event()

    class Slow(Disk):
        def extents(self):  # type: ignore[no-untyped-def]
            reading.set()
            assert go_on.wait(10)
            return super().extents()

    with ThreadPoolExecutor(1) as pool:
        capturing = pool.submit(seal, store, Slow(noise(1, 4 * CHUNK)))
        until(reading.is_set, "the reader reads", seconds=10)
        with pytest.raises(Conflict):
            store.collect(list)
        go_on.set()
        digest = capturing.result(timeout=10).digest
    assert store.collect(lambda: [digest]).removed_manifests == 0
