"""Measure the index of chunks in PostgreSQL: bytes of a chunk's row, and what it takes to add, find and list them."""

import os
import time
from random import Random

import sqlalchemy as sa

from bench.scale.figures import Figure
from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.tables.chunk_tables import chunks, packs
from galeria.adapters.store.packs.chunk_index import QUESTION, DatabaseChunkIndex
from galeria.ports.images import ChunkPlace

CHUNKS = 250_000
PER_PACK = 127  # 16 MiB of chunks that were compressed to half of their bytes, as those of a real system are
QUESTIONS = 200  # of 500 chunks each
REGION = "brazilsouth"
_SIZES = sa.text(
    "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE oid = 'chunks'::regclass"
    " OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'chunks'::regclass) ORDER BY oid"
)


def measure(url: str, *, rows: int = CHUNKS) -> list[Figure]:
    """Fill a region's index in an empty database."""
    engine = make_engine(url)
    try:
        packs.create(engine)
        chunks.create(engine)
        index = DatabaseChunkIndex(engine)
        with engine.begin() as connection:
            before = connection.scalar(sa.text("SELECT pg_current_wal_insert_lsn()"))
        began = time.perf_counter()
        names = _fill(index, rows)
        added = time.perf_counter() - began
        with engine.connect() as connection:
            log = connection.scalar(
                sa.text("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), :lsn)"), {"lsn": before}
            )
            sizes = {str(name): int(size) for name, size in connection.execute(_SIZES).all()}
        each = {name: size / len(names) for name, size in sizes.items()}
        parts = ", ".join(f"{name} {size:.0f}" for name, size in each.items())
        found = _seconds_to_find(index, names)
        listed = _seconds_to_list(index)
        return [
            Figure("bytes of a chunk in the index", f"{sum(each.values()):.0f} ({parts}); {len(names)} chunks"),
            Figure("bytes of write-ahead log for a chunk", f"{float(log or 0) / len(names):.0f}"),
            Figure("chunks added in a second, one writer", f"{len(names) / added:.0f}"),
            Figure("chunks found in a second, one reader that asks for 500 at random", f"{QUESTION / found:.0f}"),
            Figure("the list of a pack's chunks", f"{listed * 1000:.1f} ms"),
        ]
    finally:
        engine.dispose()


def _fill(index: DatabaseChunkIndex, rows: int) -> list[bytes]:
    names: list[bytes] = []
    for number in range(rows // PER_PACK):
        pack = f"{number:016x}{os.urandom(24).hex()}"
        own = [os.urandom(32) for _ in range(PER_PACK)]
        places = {name: ChunkPlace(pack=pack, offset=at * 132_000, length=132_000) for at, name in enumerate(own)}
        index.add_pack(REGION, pack, PER_PACK * 132_000, places)
        names += own
    return names


def _seconds_to_find(index: DatabaseChunkIndex, names: list[bytes]) -> float:
    random = Random(20261201)
    asked = [random.sample(names, QUESTION) for _ in range(QUESTIONS)]
    began = time.perf_counter()
    for each in asked:
        index.locate(REGION, each)
    return (time.perf_counter() - began) / QUESTIONS


def _seconds_to_list(index: DatabaseChunkIndex) -> float:
    some = index.packs(REGION, most=QUESTIONS)
    began = time.perf_counter()
    for pack in some:
        index.chunks_of(REGION, pack.name)
    return (time.perf_counter() - began) / len(some)
