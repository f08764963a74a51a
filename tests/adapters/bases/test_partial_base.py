"""A base that several threads fill and read at the same time, in this process."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from galeria.adapters.bases.filling import FEWEST, MOST, Filling
from galeria.adapters.bases.partial_base import PartialBase
from galeria.adapters.store.manifests.manifest import Manifest, ManifestBuilder
from galeria.adapters.store.packs.chunks import chunk_name
from tests.waiting import until

CHUNK = 4096
Arrived = Callable[[bytes, bytes], None]


class Source:
    """Hands over each chunk that it is asked for, in the order of the disk, once `let` says that it may."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.by_name = {chunk_name(chunk): chunk for chunk in chunks}
        self.asked: list[int] = []  # the numbers of chunks of each request
        self.let: Callable[[bytes], object] = lambda name: None

    def fetch(self, wanted: dict[bytes, list[int]], arrived: Arrived) -> None:
        self.asked.append(len(wanted))
        for name in wanted:
            self.let(name)
            arrived(name, self.by_name[name])


def _chunks(count: int) -> list[bytes]:
    return [number.to_bytes(2, "big") * (CHUNK // 2) for number in range(count)]


def _manifest(chunks: list[bytes]) -> Manifest:
    builder = ManifestBuilder(size=len(chunks) * CHUNK, chunk_size=CHUNK, parent=None)
    for slot, chunk in enumerate(chunks):
        builder.put(slot, chunk_name(chunk))
    return builder.finish()


def test_a_chunk_can_be_read_while_others_that_were_asked_for_with_it_are_on_their_way(tmp_path: Path) -> None:
    chunks, goes_on = _chunks(3), threading.Event()
    source = Source(chunks)
    source.let = lambda name: None if name == chunk_name(chunks[0]) else goes_on.wait(60)
    base = PartialBase(tmp_path / "base", _manifest(chunks), source.fetch)
    with ThreadPoolExecutor(3) as pool:
        whole = pool.submit(base.ensure, [0, 1, 2])
        until(lambda: bool(source.asked), "all of them are asked for")
        pool.submit(base.ensure, [0]).result(timeout=60)
        waiting = pool.submit(base.ensure, [2])
        assert (base.present, whole.done(), waiting.done()) == (1, False, False)
        goes_on.set()
        waiting.result(timeout=60)
        whole.result(timeout=60)
    assert (base.present, source.asked) == (3, [3])
    base.close()


def test_a_chunk_that_somebody_waits_for_is_asked_for_again_where_the_first_request_fails(tmp_path: Path) -> None:
    chunks, goes_on = _chunks(2), threading.Event()
    source = Source(chunks)

    def fail_first(name: bytes) -> None:
        if len(source.asked) == 1 and name == chunk_name(chunks[1]):
            goes_on.wait(60)
            raise OSError("the store is gone")

    source.let = fail_first
    base = PartialBase(tmp_path / "base", _manifest(chunks), source.fetch)
    with ThreadPoolExecutor(2) as pool:
        failing = pool.submit(base.ensure, [0, 1])
        until(lambda: base.present == 1, "the first one is there")
        waiting = pool.submit(base.ensure, [0, 1])
        goes_on.set()
        waiting.result(timeout=60)
        with pytest.raises(OSError, match="the store is gone"):
            failing.result(timeout=60)
    assert (base.present, source.asked) == (2, [2, 1])
    base.close()


@pytest.mark.parametrize(
    ("chunks", "readers", "expected"), [(40, 16, FEWEST), (320, 4, 20), (2000, 2, MOST), (2000, 16, 31)]
)
def test_every_reader_has_some_and_none_asks_for_a_few(
    tmp_path: Path, chunks: int, readers: int, expected: int
) -> None:
    source = Source(_chunks(chunks))
    base = PartialBase(tmp_path / "base", _manifest(_chunks(chunks)), source.fetch)
    Filling(base, trace=[], is_start_over=lambda: True, is_read=lambda: False, readers=readers).run()
    assert base.is_whole
    assert max(source.asked) == expected
    assert (tmp_path / "base").read_bytes() == b"".join(_chunks(chunks))
    base.close()


def test_what_an_earlier_process_left_is_not_fetched_and_what_it_spoiled_is(tmp_path: Path) -> None:
    chunks = _chunks(4)
    (tmp_path / "base").write_bytes(chunks[0] + b"?" * CHUNK + chunks[2] + bytes(CHUNK))
    source = Source(chunks)
    base = PartialBase(tmp_path / "base", _manifest(chunks), source.fetch)
    base.ensure(range(4))
    assert source.asked == [2]
    assert (tmp_path / "base").read_bytes() == b"".join(chunks)
    base.close()
