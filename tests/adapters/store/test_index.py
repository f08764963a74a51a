"""The chunk index keeps its promises on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.domain.errors import StoreUnavailable
from galeria.ports.images import ChunkPlace, PackFacts


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def index(request: pytest.FixtureRequest) -> DatabaseChunkIndex:
    engine: sa.Engine = request.getfixturevalue(request.param)
    return DatabaseChunkIndex(engine)


def chunk(number: int) -> bytes:
    return number.to_bytes(32, "big")


def places(pack: str, numbers: range) -> dict[bytes, ChunkPlace]:
    return {chunk(number): ChunkPlace(pack=pack, offset=number * 10, length=10) for number in numbers}


def test_what_is_added_is_found_in_its_region_only(index: DatabaseChunkIndex) -> None:
    index.add_pack("north", "p1", 100, places("p1", range(5)))
    assert index.known("north", [chunk(1), chunk(9)]) == {chunk(1)}
    assert index.locate("north", [chunk(1), chunk(9)]) == places("p1", range(1, 2))
    assert index.known("south", [chunk(1)]) == set()
    assert index.packs("north") == [PackFacts(name="p1", size=100, chunks=5)]


def test_packs_are_known_with_the_sum_that_their_writer_told(index: DatabaseChunkIndex) -> None:
    index.add_pack("north", "p1", 100, places("p1", range(5)), sum=b"s" * 32)
    index.add_pack("north", "p2", 200, places("p2", range(5, 7)))
    index.add_pack("south", "p3", 100, places("p3", range(5)))
    first = PackFacts(name="p1", size=100, chunks=5, sum=b"s" * 32)
    second = PackFacts(name="p2", size=200, chunks=2)
    assert index.facts_of("north", ["p1", "p2", "p3", "p4"]) == {"p1": first, "p2": second}
    assert index.packs("north") == [first, second]


def test_thousands_are_asked_for_at_once(index: DatabaseChunkIndex) -> None:
    index.add_pack("north", "p1", 100, places("p1", range(3000)))
    assert len(index.known("north", map(chunk, range(4000)))) == 3000
    assert index.locate("north", map(chunk, range(4000))) == places("p1", range(3000))
    assert index.stored_bytes("north", map(chunk, range(4000))) == 3000 * 10


def test_bytes_of_a_chunk_that_is_named_twice_count_once(index: DatabaseChunkIndex) -> None:
    index.add_pack("north", "p1", 100, places("p1", range(5)))
    assert index.stored_bytes("north", [chunk(1), chunk(3), chunk(1), chunk(9)]) == 2 * 10
    assert index.stored_bytes("south", [chunk(1)]) == index.stored_bytes("north", []) == 0


def test_a_chunk_keeps_its_first_place(index: DatabaseChunkIndex) -> None:
    index.add_pack("north", "p1", 100, places("p1", range(5)))
    index.add_pack("north", "p2", 100, places("p2", range(3, 8)))
    assert index.chunks_of("north", "p1") == places("p1", range(5))
    assert index.chunks_of("north", "p2") == places("p2", range(5, 8))


def test_a_pack_that_takes_over_moves_the_chunks(index: DatabaseChunkIndex) -> None:
    index.add_pack("north", "p1", 100, places("p1", range(5)))
    index.add_pack("north", "p2", 100, places("p2", range(3)), takes_over=True)
    assert index.chunks_of("north", "p2") == places("p2", range(3))
    index.remove_pack("north", "p1")
    assert index.known("north", map(chunk, range(5))) == {chunk(0), chunk(1), chunk(2)}


def test_everything_may_be_repeated(index: DatabaseChunkIndex) -> None:
    for _ in range(2):
        index.add_pack("north", "p1", 100, places("p1", range(5)))
    assert len(index.packs("north")) == 1
    for _ in range(2):
        index.remove_pack("north", "p1")
    assert index.packs("north") == []
    assert index.known("north", [chunk(1)]) == set()


def test_clearing_leaves_other_regions_alone(index: DatabaseChunkIndex) -> None:
    for region in ("north", "south"):
        index.add_pack(region, "p1", 100, places("p1", range(5)))
    index.clear("north")
    assert index.packs("north") == []
    assert index.known("south", [chunk(1)]) == {chunk(1)}


def test_writers_of_the_same_chunks_do_not_block_each_other(index: DatabaseChunkIndex) -> None:
    def add(number: int) -> None:
        numbers = range(200) if number % 2 else range(199, -1, -1)
        index.add_pack("north", f"p{number}", 100, places(f"p{number}", numbers), takes_over=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))
    found = index.locate("north", map(chunk, range(200)))
    assert len({place.pack for place in found.values()}) == 1


def test_a_database_that_does_not_answer_is_reported() -> None:
    engine = sa.create_engine("sqlite:////nowhere/at/all.sqlite")
    with pytest.raises(StoreUnavailable, match="indexes region north"):
        DatabaseChunkIndex(engine).packs("north")
    engine.dispose()


def test_a_pack_is_verified_until_damage_is_found(index: DatabaseChunkIndex) -> None:
    index.add_pack("north", "p1", 100, places("p1", range(2)), verified=True)
    index.add_pack("north", "p2", 100, places("p2", range(2, 4)))
    index.add_pack("south", "p1", 100, places("p1", range(2)))
    everything = [f"p{number}" for number in range(2000)]
    assert index.verified("north", everything) == {"p1"}
    assert index.verified("south", everything) == set()
    index.note_verified("north", ["p2", "unknown"], verified=True)
    assert index.verified("north", everything) == {"p1", "p2"}
    index.note_verified("north", everything, verified=False)
    assert index.verified("north", ["p1", "p2"]) == set()
