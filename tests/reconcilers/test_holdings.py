"""What images occupy is measured in the background, says what asking the stores would say, and follows what comes and goes."""

from collections.abc import Collection, Iterable, Sequence

import pytest

from galeria.actions.versions.costs import gallery_costs
from galeria.actions.versions.versions import delete_version
from galeria.domain.errors import StoreUnavailable
from galeria.ports.images import Digest
from galeria.reconcilers.storage_usage import measure_holdings
from tests.failing import FailingStore, with_stores
from tests.scene import GALLERY, MIB, Scene, disk_bytes, version_id
from tests.shelves import BRAZIL, fill_shelf
from tests.stages import MakeScene

Figures = dict[tuple[str, str], int]


@pytest.fixture
def shelf(new_scene: MakeScene) -> Scene:
    """Three versions that share most of their bytes, two of one image."""
    return new_scene(fill_shelf)


def asked(scene: Scene) -> Figures:
    """Of the stores themselves."""
    with scene.request() as request:
        costs = gallery_costs(request, GALLERY, scene.world.stores)
    return {(cost.version.id, line.region): line.stored_bytes for cost in costs for line in cost.regions}


def measured(scene: Scene) -> Figures:
    with scene.world.database(reading=True) as uow:
        images = [each.id for each in uow.definitions.below(GALLERY.key)]
        versions = [each for image in images for each in uow.holdings.versions(image, offset=0, limit=9)]
    return {(each.id, region): own for each in versions for region, own in each.own_bytes.items()}


def delete(scene: Scene, image: str, number: str = "1.0.0") -> None:
    with scene.request() as request:
        operation = delete_version(request, version_id(image, number))
    scene.run(operation)


def test_the_figures_are_those_of_the_stores(shelf: Scene) -> None:
    assert measured(shelf) == {}
    measure_holdings(shelf.world)
    assert measured(shelf) == asked(shelf)
    assert len(measured(shelf)) == 6


def test_when_an_older_version_goes_the_younger_ones_hold_what_they_shared(shelf: Scene) -> None:
    measure_holdings(shelf.world)
    before = measured(shelf)
    delete(shelf, "linux")
    measure_holdings(shelf.world)
    assert measured(shelf) == asked(shelf) != before
    assert sum(measured(shelf).values()) <= sum(before.values())


def test_a_new_version_is_measured_against_the_older_ones_only(shelf: Scene) -> None:
    measure_holdings(shelf.world)
    with shelf.world.database(reading=True) as uow:
        before = uow.holdings.chains(BRAZIL[0])
    shelf.engine.write(shelf.guest_of("algebra"), 0, b"lesson three")
    shelf.run(shelf.begin_export("algebra", "Algebra"))
    measure_holdings(shelf.world)
    with shelf.world.database(reading=True) as uow:
        after = uow.holdings.chains(BRAZIL[0])
    assert (len(after), after | before == after) == (4, True), "what was measured stays as it was"
    assert measured(shelf) == asked(shelf)


class AwayStore(FailingStore):
    """It cannot say what it holds."""

    def growth(self, sets: Sequence[Collection[Digest]], *, before: Iterable[Digest]) -> list[int]:
        self.calls += 1
        raise self.error


class SmallStore(FailingStore):
    """It has room for one set at a time."""

    def growth(self, sets: Sequence[Collection[Digest]], *, before: Iterable[Digest]) -> list[int]:
        return self.real.growth(sets, before=before)[:1]


def seen_through(scene: Scene, kind: type[FailingStore], *regions: str) -> Scene:
    error = StoreUnavailable("The store is away.", hint="Wait.")
    stores = {each: kind(real=scene.world.stores[each], verb="growth", error=error) for each in regions}
    return with_stores(scene, **stores)


def test_where_nothing_changed_no_store_is_asked(shelf: Scene) -> None:
    measure_holdings(shelf.world)
    away = seen_through(shelf, AwayStore, *BRAZIL)
    measure_holdings(away.world)
    assert [store.calls for store in away.world.stores.values() if isinstance(store, AwayStore)] == [0, 0]


def news(scene: Scene) -> list[bool]:
    with scene.world.database(reading=True) as uow:
        return [uow.holdings.has_news(region) for region in BRAZIL]


def test_versions_that_came_or_went_are_news_until_all_are_measured(shelf: Scene) -> None:
    assert news(shelf) == [True, True]
    measure_holdings(shelf.world)
    assert news(shelf) == [False, False]
    delete(shelf, "Algebra", "1.0.1")  # the youngest: what is older stays as it was measured
    measure_holdings(shelf.world)
    assert (news(shelf), measured(shelf)) == ([False, False], asked(shelf))
    delete(shelf, "linux")
    assert news(shelf) == [True, True]
    shelf.run(shelf.begin_import("linux", disk_bytes(MIB), version="2.0.0", regions=BRAZIL[:1]))
    measure_holdings(seen_through(shelf, AwayStore, BRAZIL[0]).world)
    assert news(shelf) == [True, False]
    measure_holdings(shelf.world)
    assert (news(shelf), measured(shelf)) == ([False, False], asked(shelf))


def test_one_that_came_while_another_went_is_news(shelf: Scene) -> None:
    measure_holdings(shelf.world)
    delete(shelf, "linux")
    shelf.run(shelf.begin_import("linux", disk_bytes(MIB), version="2.0.0", regions=BRAZIL))
    assert news(shelf) == [True, True]
    measure_holdings(shelf.world)
    assert measured(shelf) == asked(shelf)


def test_a_thorough_look_lists_all_versions_anyway(shelf: Scene) -> None:
    measure_holdings(shelf.world)
    with shelf.world.database() as uow:
        (first, *_) = uow.holdings.held(BRAZIL[0])
        (disk,) = uow.versions.disks(first.version_id)
        other = next(each for each in uow.holdings.held(BRAZIL[0]) if each.digests != first.digests)
        (disk.digest,) = other.digests
        uow.commit()
    away = seen_through(shelf, AwayStore, *BRAZIL)
    measure_holdings(away.world)
    assert [store.calls for store in away.world.stores.values() if isinstance(store, AwayStore)] == [0, 0]
    measure_holdings(shelf.world, thorough=True)
    assert measured(shelf) == asked(shelf)


def test_a_store_that_is_away_holds_up_no_other(shelf: Scene) -> None:
    measure_holdings(seen_through(shelf, AwayStore, BRAZIL[0]).world)
    assert {region for _, region in measured(shelf)} == {BRAZIL[1]}


def test_a_round_that_has_no_room_for_all_goes_on_in_the_next(shelf: Scene) -> None:
    small = seen_through(shelf, SmallStore, *BRAZIL)
    for count in (2, 4, 6):
        measure_holdings(small.world)
        assert len(measured(shelf)) == count
    assert measured(shelf) == asked(shelf)
