"""What versions hold is added up by image and region, of one image or of all, and what is missing is counted."""

from collections.abc import Iterator

import pytest

from galeria.adapters.db.uow import SqlDatabase
from galeria.domain.galleries import OS_DISK, ImageVersion, Replica, VersionDisk
from galeria.domain.states import ReplicaState
from galeria.ports.database import UnitOfWork
from galeria.ports.holdings import ImageSum, RegionHolding

from . import samples

HERE, THERE = "brazilsouth", "westeurope"
DONE = ReplicaState.COMPLETED


class Shelf:
    """Image `a` with two versions and a third that is deleted, `b` with one, `c` without any, and `d` in another gallery."""

    def __init__(self) -> None:
        self.gallery, self.other = samples.gallery("Images"), samples.gallery("Other")
        self.a, self.b, self.c = (samples.definition(self.gallery, name) for name in "abc")
        self.d = samples.definition(self.other, "d")
        self.old, self.new = samples.version(self.a, "1.0.2"), samples.version(self.a, "1.0.10")
        self.gone = samples.version(self.a, "1.0.3", deleted_at=samples.NOW, key="deleted/1.0.3")
        self.only, self.far = samples.version(self.b), samples.version(self.d)
        self.versions = (self.old, self.new, self.gone, self.only, self.far)

    def fill(self, unit: UnitOfWork) -> None:
        for gallery in (self.gallery, self.other):
            unit.galleries.add(gallery)
        for definition in (self.a, self.b, self.c, self.d):
            unit.definitions.add(definition)
        account = samples.account()
        unit.accounts.add(account)
        for version in self.versions:
            unit.versions.add(version)
            for lun in (OS_DISK, 0):
                unit.versions.add_disk(VersionDisk(version_id=version.id, lun=lun, size=1000, digest="ab" * 32))
            for region in (HERE, THERE):
                unit.versions.add_replica(Replica(version_id=version.id, region=region, state=DONE))
        unit.flush()
        for number, version in enumerate((self.old, self.old, self.new, self.far)):
            unit.labs.add(samples.lab(account, version, f"lab-{number}"))
        unit.holdings.keep([self.holding(self.old, HERE, 7), self.holding(self.old, THERE, 5)])
        unit.holdings.keep([self.holding(self.new, HERE, 2**40), self.holding(self.far, HERE, 11)])

    def holding(self, version: ImageVersion, region: str, own: int) -> RegionHolding:
        definition = next(each for each in (self.a, self.b, self.d) if each.id == version.definition_id)
        return RegionHolding(
            gallery_id=definition.gallery_id,
            definition_id=definition.id,
            version_id=version.id,
            region=region,
            own_bytes=own,
            chain="c",
            measured_at=samples.NOW,
        )


@pytest.fixture
def shelf(db: SqlDatabase) -> Shelf:
    shelf = Shelf()
    with db() as unit:
        shelf.fill(unit)
        unit.commit()
    return shelf


@pytest.fixture
def unit(db: SqlDatabase, shelf: Shelf) -> Iterator[UnitOfWork]:
    with db(reading=True) as unit:
        yield unit


def test_sums_are_of_all_images_with_versions_or_of_one(unit: UnitOfWork, shelf: Shelf) -> None:
    of_a = ImageSum(versions=2, logical_bytes=4000, labs=3, own_bytes={HERE: 2**40 + 7, THERE: 5})
    of_b = ImageSum(versions=1, logical_bytes=2000, labs=0, own_bytes={})
    assert unit.holdings.sums(shelf.gallery.id) == {shelf.a.id: of_a, shelf.b.id: of_b}
    assert unit.holdings.sums(shelf.gallery.id, definition_id=shelf.a.id) == {shelf.a.id: of_a}
    assert unit.holdings.sums(shelf.gallery.id, definition_id=shelf.c.id) == {}
    assert set(unit.holdings.sums(shelf.other.id)) == {shelf.d.id}


def test_copies_that_are_not_measured_are_counted_by_region(unit: UnitOfWork, shelf: Shelf) -> None:
    of_a, of_b = {THERE: 1}, {HERE: 1, THERE: 1}
    assert unit.holdings.unmeasured(shelf.gallery.id) == {shelf.a.id: of_a, shelf.b.id: of_b}
    assert unit.holdings.unmeasured(shelf.gallery.id, definition_id=shelf.b.id) == {shelf.b.id: of_b}
    assert unit.holdings.unmeasured(shelf.gallery.id, definition_id=shelf.c.id) == {}
    assert unit.holdings.state(shelf.gallery.id) == (3, samples.NOW)
    assert unit.holdings.state("none") == (0, None)


def test_a_copy_that_is_not_whole_is_not_waited_for(db: SqlDatabase, shelf: Shelf) -> None:
    with db() as unit:
        for each in unit.versions.replicas(shelf.only.id):
            each.state = ReplicaState.REPLICATING
        unit.commit()
    with db(reading=True) as unit:
        assert shelf.b.id not in unit.holdings.unmeasured(shelf.gallery.id)


def test_versions_come_by_number_with_their_labs_and_figures(unit: UnitOfWork, shelf: Shelf) -> None:
    found, count = unit.holdings.versions(shelf.a.id, offset=0, limit=9)
    assert ([each.name for each in found], count) == (["1.0.10", "1.0.2"], 2)
    assert [each.name for each in unit.holdings.versions(shelf.a.id, offset=1, limit=9)[0]] == ["1.0.2"]
    ids = [each.id for each in found]
    assert {(each.version_id, each.title) for each in unit.holdings.uses(ids)} == {
        (shelf.old.id, "lab-0"),
        (shelf.old.id, "lab-1"),
        (shelf.new.id, "lab-2"),
    }
    assert [(each.region, each.own_bytes) for each in unit.holdings.of_versions([shelf.old.id])] == [
        (HERE, 7),
        (THERE, 5),
    ]
