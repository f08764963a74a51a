"""The database chooses the latest version of an image by the domain's rule, whatever versions and replicas there are."""

from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.images.galleries import ImageDefinition, ImageVersion, Replica, VersionNumber, latest_version
from galeria.domain.images.soft_delete import Retention
from galeria.domain.states import ProvisioningState, ReplicaState
from galeria.ports.database import UnitOfWork

from . import samples

REGIONS = ("east", "south", "west")
Versions = list[tuple[ImageVersion, list[Replica]]]

# Close together, so that they are told apart by their last part, and far apart, where text and numbers differ in order.
part = st.sampled_from((0, 1, 2, 9, 10, 11, 99, 100, 2**31 - 1))
number = st.builds(VersionNumber, part, part, part)


@dataclass
class Image:
    definition: ImageDefinition
    versions: Versions


@st.composite
def versions_of(draw: st.DrawFn, definition: ImageDefinition) -> Versions:
    found: Versions = []
    for name in draw(st.lists(number.map(str), unique=True, max_size=6)):
        version = samples.version(
            definition,
            name,
            published_at=draw(st.sampled_from((samples.NOW, samples.NOW, None))),
            state=draw(st.sampled_from((ProvisioningState.SUCCEEDED, *ProvisioningState))),
            retention=draw(st.sampled_from((Retention.ACTIVE, *Retention))),
            exclude_from_latest=draw(st.booleans()),
            deleted_at=draw(st.sampled_from((None, None, None, samples.NOW))),
        )
        replicas = [
            Replica(
                version_id=version.id,
                region=region,
                state=draw(st.sampled_from((ReplicaState.COMPLETED, *ReplicaState))),
                exclude_from_latest=draw(st.none() | st.booleans()),
                verified_at=draw(st.sampled_from((None, samples.NOW))),
            )
            for region in draw(st.sets(st.sampled_from(REGIONS)))
        ]
        found.append((version, replicas))
    return found


def add(unit: UnitOfWork, image: Image) -> None:
    unit.definitions.add(image.definition)
    for version, replicas in image.versions:
        unit.versions.add(version)
        for each in replicas:
            unit.versions.add_replica(each)
    unit.flush()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_database_chooses_the_latest_by_the_domains_rule(db: SqlDatabase, data: st.DataObject) -> None:
    gallery = samples.gallery()
    images = []
    with db() as unit:  # rolled back
        unit.galleries.add(gallery)
        for name in ("one", "two"):
            definition = samples.definition(gallery, name)
            images.append(Image(definition, data.draw(versions_of(definition))))
            add(unit, images[-1])
        for region in REGIONS:
            expected = {each.definition.id: latest_version(each.versions, region) for each in images}
            ids = {image: version.id for image, version in expected.items() if version}
            assert {image: each.id for image, each in unit.image_queries.latest(gallery.id, region).items()} == ids
            for image in images:
                alone = unit.image_queries.latest(gallery.id, region, definition_id=image.definition.id)
                of_image = unit.version_queries.latest(image.definition.id)
                assert {id: each.id for id, each in alone.items()} == {
                    id: version for id, version in ids.items() if id == image.definition.id
                }
                assert of_image.get(region) == ids.get(image.definition.id)
                assert list(of_image) == sorted(of_image)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_highest_is_the_highest_that_is_offered_at_all(db: SqlDatabase, data: st.DataObject) -> None:
    gallery = samples.gallery()
    with db() as unit:
        unit.galleries.add(gallery)
        image = Image(definition := samples.definition(gallery), data.draw(versions_of(definition)))
        add(unit, image)
        offered = [version for version, _ in image.versions if version.is_offered]
        highest = max(offered, key=lambda version: version.number, default=None)
        assert unit.image_queries.highest([definition.id]) == ({definition.id: highest.id} if highest else {})
        assert unit.version_queries.newest([definition.id]) == ({definition.id: highest.number} if highest else {})


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_pages_of_versions_are_chosen_by_the_domains_rules(db: SqlDatabase, data: st.DataObject) -> None:
    gallery = samples.gallery()
    after, limit = data.draw(st.none() | number), data.draw(st.integers(1, 7))
    with db() as unit:
        unit.galleries.add(gallery)
        images = []
        for name in ("one", "two"):
            definition = samples.definition(gallery, name)
            images.append(Image(definition, data.draw(versions_of(definition))))
            add(unit, images[-1])
        definition, versions = images[0].definition, images[0].versions
        later = sorted(
            (each for each in versions if each[0].deleted_at is None and (after is None or after < each[0].number)),
            key=lambda each: each[0].number,
        )
        active = [version for version, _ in later if version.retention is Retention.ACTIVE]
        queries = unit.version_queries
        assert queries.following(definition.id, after=after, limit=limit) == active[:limit]
        retained = [version for version, _ in later if version.retention is not Retention.ACTIVE]
        assert queries.following(definition.id, after=after, retained=True, limit=limit) == retained[:limit]
        for region in REGIONS:
            offered = [version for version, replicas in later if version.is_offered and is_whole_in(region, replicas)]
            assert queries.following(definition.id, after=after, offered_in=region, limit=limit) == offered[:limit]
        ready = [each for image in images for version, each in image.versions if version.is_ready]
        verified = {each.region for replicas in ready for each in replicas if each.verified_at}
        assert queries.regions_of(gallery.id) == sorted(verified)


def is_whole_in(region: str, replicas: list[Replica]) -> bool:
    return any(each.region == region and each.state is ReplicaState.COMPLETED for each in replicas)
