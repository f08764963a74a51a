"""What versions hold is added up by image and region, of one image or of all, and what is missing is counted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.images.galleries import OS_DISK, ImageDefinition, ImageVersion, Replica, VersionDisk
from galeria.domain.states import ReplicaState
from galeria.ports.database import UnitOfWork
from galeria.ports.storage_usage import ImageSum, RegionUsage

from . import samples

HERE, THERE = "brazilsouth", "westeurope"
DONE = ReplicaState.COMPLETED


class StoredImages:
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
        unit.storage_usage.keep([self.holding(self.old, HERE, 7), self.holding(self.old, THERE, 5)])
        unit.storage_usage.keep([self.holding(self.new, HERE, 2**40), self.holding(self.far, HERE, 11)])

    def holding(self, version: ImageVersion, region: str, own: int) -> RegionUsage:
        return RegionUsage(
            version_id=version.id,
            region=region,
            own_bytes=own,
            chain="c",
            measured_at=samples.NOW,
        )


@pytest.fixture
def stored_images(db: SqlDatabase) -> StoredImages:
    stored_images = StoredImages()
    with db() as unit:
        stored_images.fill(unit)
        unit.commit()
    return stored_images


@pytest.fixture
def unit(db: SqlDatabase, stored_images: StoredImages) -> Iterator[UnitOfWork]:
    with db(reading=True) as unit:
        yield unit


def test_sums_are_of_all_images_with_versions_or_of_one(unit: UnitOfWork, stored_images: StoredImages) -> None:
    own, waiting = {HERE: 2**40 + 7, THERE: 5}, {THERE: 1}
    of_a = ImageSum(versions=2, logical_bytes=4000, labs=3, own_bytes=own, unmeasured=waiting)
    of_b = ImageSum(versions=1, logical_bytes=2000, labs=0, own_bytes={}, unmeasured={HERE: 1, THERE: 1})
    assert unit.storage_usage.sums(stored_images.gallery.id) == {stored_images.a.id: of_a, stored_images.b.id: of_b}
    assert unit.storage_usage.sums(stored_images.gallery.id, definition_id=stored_images.a.id) == {
        stored_images.a.id: of_a
    }
    assert unit.storage_usage.sums(stored_images.gallery.id, definition_id=stored_images.c.id) == {}
    assert set(unit.storage_usage.sums(stored_images.other.id)) == {stored_images.d.id}


def test_the_last_measurement_is_the_gallerys_own(
    db: SqlDatabase, unit: UnitOfWork, stored_images: StoredImages
) -> None:
    assert unit.storage_usage.measured_at(stored_images.gallery.id) == samples.NOW
    assert unit.storage_usage.measured_at("none") is None
    later = samples.NOW + timedelta(minutes=1)
    with db() as writing:
        writing.storage_usage.keep([replace(stored_images.holding(stored_images.only, HERE, 1), measured_at=later)])
        writing.commit()
    with db(reading=True) as after:
        assert after.storage_usage.measured_at(stored_images.gallery.id) == later
        assert after.storage_usage.measured_at(stored_images.other.id) == samples.NOW


def test_a_copy_that_is_not_whole_is_not_waited_for(db: SqlDatabase, stored_images: StoredImages) -> None:
    with db() as unit:
        for each in unit.versions.replicas(stored_images.only.id):
            each.state = ReplicaState.REPLICATING
        unit.commit()
    with db(reading=True) as unit:
        assert unit.storage_usage.sums(stored_images.gallery.id)[stored_images.b.id].unmeasured == {}


def test_what_was_measured_is_replaced_forgotten_and_goes_with_the_copy(
    db: SqlDatabase, stored_images: StoredImages
) -> None:
    with db() as unit:
        unit.storage_usage.keep([replace(stored_images.holding(stored_images.old, HERE, 9), chain="d")])
        unit.storage_usage.forget(HERE, [stored_images.new.id, "gone"])
        there = unit.versions.find_replica(stored_images.old.id, THERE)
        assert there
        unit.versions.remove_replica(there)
        unit.storage_usage.keep([stored_images.holding(stored_images.old, THERE, 5)])
        unit.commit()
    with db(reading=True) as unit:
        of_a = unit.storage_usage.sums(stored_images.gallery.id)[stored_images.a.id]
        assert (of_a.own_bytes, of_a.unmeasured) == ({HERE: 9}, {HERE: 1, THERE: 1})
        assert unit.storage_usage.chains(HERE) == {stored_images.old.id: "d", stored_images.far.id: "c"}
        assert unit.storage_usage.chains(THERE) == {}


def test_disks_are_summed_however_they_come_and_go(db: SqlDatabase, stored_images: StoredImages) -> None:
    def size(image: ImageDefinition) -> int:
        with db(reading=True) as unit:
            return unit.storage_usage.sums(stored_images.gallery.id)[image.id].logical_bytes

    with db() as unit:
        unit.versions.remove_disks(stored_images.only.id)
        unit.commit()
    assert size(stored_images.b) == 0
    with db() as unit:
        unit.versions.disks(stored_images.old.id)[0].size = 1
        unit.commit()
    assert size(stored_images.a) == 3001
    early = samples.version(stored_images.c)
    with db() as unit:
        unit.versions.add_disk(VersionDisk(version_id=early.id, lun=OS_DISK, size=5))
        unit.versions.add_replica(Replica(version_id=early.id, region=HERE, state=DONE))
        unit.flush()
        unit.versions.add(early)
        unit.commit()
    assert size(stored_images.c) == 5
    with db(reading=True) as unit:
        assert unit.storage_usage.sums(stored_images.gallery.id)[stored_images.c.id].unmeasured == {HERE: 1}


def test_versions_come_by_number_with_their_labs_and_figures(unit: UnitOfWork, stored_images: StoredImages) -> None:
    found = unit.storage_usage.versions(stored_images.a.id, offset=0, limit=9)
    new, old = found
    assert (new.name, new.own_bytes, new.unmeasured, new.logical_bytes) == ("1.0.10", {HERE: 2**40}, {THERE: 1}, 2000)
    assert (old.name, old.own_bytes, old.unmeasured, old.retention) == ("1.0.2", {HERE: 7, THERE: 5}, {}, "Active")
    assert [each.name for each in unit.storage_usage.versions(stored_images.a.id, offset=1, limit=9)] == ["1.0.2"]
    assert {(each.version_id, each.title) for each in unit.storage_usage.uses([each.id for each in found])} == {
        (stored_images.old.id, "lab-0"),
        (stored_images.old.id, "lab-1"),
        (stored_images.new.id, "lab-2"),
    }
