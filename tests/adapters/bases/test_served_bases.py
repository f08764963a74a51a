"""A base that is read while it arrives, over the real process and its socket: late bytes, but never wrong ones."""

import errno
import os
import shutil
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from galeria.adapters.bases.files import LOCK, LOG, MANIFEST, ORDER, SOCKET, find_order, find_state, partial_of
from galeria.adapters.bases.server_process import keep_running, stop_serving
from galeria.adapters.bases.trace import find_trace
from galeria.adapters.lasting_process import is_locked
from galeria.adapters.store.region_store import open_region
from galeria.ports.progress import unheard
from galeria.programs import run
from tests.adapters.bases.conftest import CHUNK, REGION, Served, some_disk
from tests.adapters.nbd_client import READ, WRITE
from tests.adapters.store.fixtures import Disk, flip, packs_in
from tests.waiting import until

NEVER = 1000.0  # seconds


def test_any_stretch_can_be_read_at_once_and_in_the_end_the_base_is_a_file(served: Served) -> None:
    served.ensure()

    content = served.content
    for offset, length in (
        (0, 512),
        (CHUNK - 512, 1024),
        (3 * CHUNK, CHUNK),
        (2 * CHUNK, 4 * CHUNK),
        (20 * CHUNK, 4096),
    ):
        assert served.read(offset, length) == (0, content[offset : offset + length])
    size = -(-len(content) // 512) * 512
    assert served.read(size - 4096, 4096) == (0, content.ljust(size, b"\0")[-4096:])
    assert served.read(size - 512, 1024)[0] == errno.EINVAL

    served.until_whole()
    assert served.base.read_bytes() == content
    assert served.base.stat().st_mode & 0o777 == 0o444
    assert not partial_of(served.base).exists()
    assert served.cache.find_arrival(REGION, served.digest) is None


def test_only_what_is_read_is_fetched_while_a_system_starts(served: Served) -> None:
    served.ensure(quiet=NEVER)

    assert served.read(5 * CHUNK, CHUNK) == (0, served.content[5 * CHUNK : 6 * CHUNK])
    until(lambda: served.fetched() > 0, "something is fetched")
    assert CHUNK * 0.9 < served.fetched() < CHUNK * 1.1  # noise does not compress
    arrival = served.cache.find_arrival(REGION, served.digest)
    assert arrival is not None
    assert (arrival.present, arrival.total, arrival.percent) == (1, 23, 4)


def test_many_machines_cost_one_fetch(served: Served) -> None:
    served.ensure(quiet=NEVER)
    ready = threading.Barrier(8)

    def read(_: int) -> bytes:
        with served.client() as client:
            ready.wait(timeout=30)
            return client.ask(READ, 6 * CHUNK, 4 * CHUNK)[1]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(8))) == {served.content[6 * CHUNK : 10 * CHUNK]}
    until(lambda: served.fetched() > 0, "something is fetched")
    assert served.fetched() < 4.4 * CHUNK


def test_a_damaged_chunk_is_an_error_and_never_bytes(served: Served) -> None:
    for pack in packs_in(served.bucket):
        flip(pack, 5000)  # in the first chunk of each
    served.ensure(quiet=NEVER)

    assert served.read(0, CHUNK) == (errno.EIO, b"")
    assert served.read(0, len(served.content) // 512 * 512)[0] == errno.EIO
    until(lambda: "damaged" in find_state(served.folder).problem, "it says what is damaged")
    assert not served.base.exists()


def test_a_read_waits_for_a_store_that_is_away(served: Served) -> None:
    served.ensure(quiet=NEVER, patience=NEVER)

    with ThreadPoolExecutor(1) as pool:
        with served.away():
            waiting = pool.submit(served.read, 8 * CHUNK, 512)
            until(lambda: find_state(served.folder).problem != "", "it says that the store is away")
            assert not waiting.done()
        assert waiting.result() == (0, served.content[8 * CHUNK : 8 * CHUNK + 512])


def test_a_read_fails_where_a_store_stays_away_and_works_when_it_is_back(served: Served) -> None:
    served.ensure(quiet=NEVER)

    with served.away():
        assert served.read(0, 512) == (errno.EIO, b"")
    assert served.read(0, 512) == (0, served.content[:512])
    until(lambda: find_state(served.folder).problem == "", "the store is back")


def test_the_rest_is_fetched_as_soon_as_the_store_is_back(served: Served) -> None:
    with served.away():
        served.ensure()
        until(lambda: find_state(served.folder).problem != "", "it says that the store is away")
        assert not served.base.exists()

    served.until_whole()
    assert served.base.read_bytes() == served.content


def test_a_killed_process_is_started_again_and_fetches_nothing_twice(served: Served) -> None:
    served.ensure(quiet=NEVER)
    served.read(0, 16 * CHUNK)
    until(lambda: served.fetched() > 0, "something is fetched")
    served.kill()

    assert keep_running(served.data) == [served.folder]
    with served.away():
        assert served.read(0, 16 * CHUNK) == (0, served.content[: 16 * CHUNK])
    assert keep_running(served.data) == []


def test_bytes_that_a_crash_left_half_written_are_not_believed(served: Served) -> None:
    served.ensure(quiet=NEVER)
    served.read(0, 4 * CHUNK)
    served.kill()
    flip(partial_of(served.base), CHUNK + 77)
    keep_running(served.data)

    assert served.read(0, 4 * CHUNK) == (0, served.content[: 4 * CHUNK])


def test_a_whole_base_is_served_again_to_machines_that_began_before_that(served: Served) -> None:
    served.ensure()
    served.until_whole()
    served.kill()

    keep_running(served.data)
    with served.away():
        assert served.read(7 * CHUNK, 512) == (0, served.content[7 * CHUNK : 7 * CHUNK + 512])
    assert served.base.read_bytes() == served.content


def test_the_process_ends_when_nobody_reads_and_leaves_only_the_base(served: Served) -> None:
    served.ensure(idle=0.1)
    with served.client() as client:
        served.until_whole()
        assert client.ask(READ, 0, 512) == (0, served.content[:512])
        assert (served.folder / ORDER).exists()

    until(lambda: not is_locked(served.folder / LOCK), "its process has ended")
    keep_running(served.data)
    assert not served.folder.exists()
    assert [path.name for path in served.base.parent.iterdir() if path.suffix == ".raw"] == [served.base.name]


def test_the_next_start_fetches_first_what_the_last_one_read(served: Served) -> None:
    served.ensure(quiet=0.5)
    with served.client(name="") as other:  # not a machine
        other.ask(READ, 20 * CHUNK, 512)
    with served.client() as client:
        for chunk in (9, 2, 3, 11):
            client.ask(READ, chunk * CHUNK, 512)
    until(lambda: find_trace(served.engine, [served.digest]) != [], "what was read is noted")
    assert find_trace(served.engine, [None, served.digest]) == [9, 2, 11]

    changed = some_disk()[:-CHUNK] + some_disk(2)[-CHUNK:]
    child = served.store.capture(Disk(changed), parent=served.digest, pin=lambda _: None, progress=unheard).digest
    other_disk = replace(served, digest=child, content=changed)
    other_disk.ensure(quiet=NEVER)
    try:
        until(lambda: find_state(other_disk.folder).present == 3, "what the last start read is there")
        with served.away():
            assert other_disk.read(9 * CHUNK, 512) == (0, changed[9 * CHUNK : 9 * CHUNK + 512])
    finally:
        stop_serving(other_disk.base)


def test_nothing_is_left_of_a_base_that_is_removed_while_it_arrives(served: Served) -> None:
    served.ensure(quiet=NEVER)
    process = served.process()
    assert served.cache.bases(REGION) == [served.digest]
    assert served.cache.has_base(REGION, served.digest)

    served.cache.remove_base(REGION, served.digest)

    assert not served.cache.has_base(REGION, served.digest)
    assert list(served.base.parent.iterdir()) == []
    assert not served.folder.exists()
    until(lambda: not Path("/proc", str(process)).exists(), "its process has ended")


def test_only_who_may_pass_the_folder_can_read_and_nobody_can_write(served: Served) -> None:
    served.ensure(quiet=NEVER)

    assert served.folder.stat().st_mode & 0o777 == 0o700
    assert (served.folder / SOCKET).stat().st_mode & 0o777 == 0o666
    with served.client() as client, pytest.raises(ConnectionError):
        client.ask(WRITE, 0, 512, b"x" * 512)


def test_a_base_comes_from_another_region_until_its_own_has_it(served: Served) -> None:
    key, work = Ed25519PrivateKey.generate(), served.data / "work"
    own = open_region("own", (served.data / "own").as_uri(), work=work, index=served.store.context.index, key=key)
    here = replace(served, own=own)
    here.ensure(quiet=NEVER)
    assert here.read(0, CHUNK) == (0, served.content[:CHUNK])

    own.capture(Disk(served.content), parent=None, pin=lambda _: None, progress=unheard)
    with here.away():  # the other region
        assert here.read(9 * CHUNK, CHUNK) == (0, served.content[9 * CHUNK : 10 * CHUNK])


def test_one_that_cannot_be_served_holds_up_no_other(served: Served) -> None:
    served.ensure(quiet=NEVER)
    served.kill()
    broken = served.data / "bases" / "0"
    broken.mkdir()
    shutil.copy(served.folder / ORDER, broken)
    (broken / MANIFEST).write_bytes(b"not what the digest names")

    assert keep_running(served.data) == [served.folder]
    assert "damaged" in (broken / LOG).read_text()
    assert keep_running(served.data) == []
    assert served.read(0, 512) == (0, served.content[:512])


def test_it_outlives_the_process_that_started_it(served: Served) -> None:
    served.ensure(quiet=NEVER)
    served.kill()
    start = "import pathlib, sys; from galeria.adapters.bases import server_process as it; it.ensure_running(pathlib.Path({}))"
    code = start.format("sys.argv[1]")
    run([sys.executable, "-c", code, served.folder], passing=["PYTHONPATH"])

    assert served.read(0, 512) == (0, served.content[:512])


def test_it_ends_by_itself_when_its_folder_was_removed(served: Served) -> None:
    served.ensure(quiet=NEVER)
    process = served.process()
    shutil.rmtree(served.folder)
    until(lambda: not Path("/proc", str(process)).exists(), "its process has ended")


def test_a_second_process_of_a_folder_ends_at_once(served: Served) -> None:
    served.ensure(quiet=NEVER)
    process = served.process()
    served.cache.ensure_base(REGION, served.digest, served.store, progress=unheard)

    assert served.process() == process
    assert find_order(served.folder) is not None
    os.kill(process, signal.SIGTERM)
    until(lambda: not is_locked(served.folder / LOCK), "its process has ended")
    assert (served.folder / ORDER).exists()  # so that it is started again
