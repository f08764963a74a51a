"""The measurements of docs/scale.md, with little data: each figure is there, and what can be counted is right."""

from pathlib import Path

import pytest

from bench.rows import MIB
from bench.scale import index, operations, stores
from tests.adapters.postgresql import created_database, postgresql_server

pytestmark = pytest.mark.system


def test_the_index_is_filled_and_weighed() -> None:
    with postgresql_server() as url:
        figures = {each.name: each.value for each in index.measure(created_database(url, like="template1"), rows=1000)}
    rows = 1000 // index.PER_PACK * index.PER_PACK
    assert figures["bytes of a chunk in the index"].endswith(f"; {rows} chunks")
    assert float(figures["bytes of write-ahead log for a chunk"]) > 100
    assert len(figures) == 5


def test_what_a_store_asks_is_counted(tmp_path: Path) -> None:
    figures = {each.name: each.value for each in stores.measure(tmp_path, data=32 * MIB)}
    assert "PUT" in figures["export of a GiB"]
    assert "GET" in figures["scrub of a GiB"]
    assert 0 < float(figures["stored bytes of a byte of data"]) < 1
    assert 32 <= float(figures["bytes of a manifest for each of its chunks"]) < 34
    assert list(tmp_path.iterdir()) == []


def test_the_removal_of_old_operations_is_timed(tmp_path: Path) -> None:
    with postgresql_server() as url:
        url = created_database(url, like="template1")
        figures = {each.name: each.value for each in operations.measure(url, tmp_path, subjects=60)}
    kept = 60 * len(operations.KINDS)
    removed = kept * (operations.ROUNDS - 1)
    assert figures["removed operations, and those that stayed"] == f"{removed}, {kept}"
    assert len(figures) == 4
