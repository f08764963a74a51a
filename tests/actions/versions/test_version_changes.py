"""One thing of a version changes, everything else stays: regions, latest, end of life, another try, coming back."""

from datetime import timedelta
from functools import partial

import pytest

from galeria.actions.versions.region_prices import region_prices
from galeria.actions.versions.replication_size import copy_bytes
from galeria.actions.versions.version_changes import (
    restore_version,
    retry_version,
    set_end_of_life,
    set_latest,
    set_regions,
)
from galeria.actions.versions.versions import VersionRequest, put_version, remove_version
from galeria.domain.errors import Conflict, Invalid, NotFound, OutOfSpace
from galeria.domain.images.galleries import ImageVersion, Replica
from galeria.domain.images.publishing import ReplicationTarget
from galeria.domain.messages import Message
from galeria.domain.states import OperationStatus, ReplicaState
from tests.failing import FailingStore, with_stores
from tests.local_installation import GALLERY, MIB, LocalInstallation, disk_bytes, version_id
from tests.prepared_installations import MakeInstallation, with_linux

LINUX = version_id("linux")
HOME, NEAR, FAR = "brazilsouth", "brazilsoutheast", "westeurope"


@pytest.fixture
def imported(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_linux)


def state(installation: LocalInstallation) -> tuple[ImageVersion, dict[str, Replica]]:
    with installation.context.database(reading=True) as uow:
        version = uow.versions.get_by_key(LINUX.key)
        return version, {each.region: each for each in uow.versions.replicas(version.id)}


def test_regions_come_and_go_and_everything_else_stays(imported: LocalInstallation) -> None:
    with imported.request() as request:
        targets = (
            ReplicationTarget(region="Brazil South", exclude_from_latest=True),
            ReplicationTarget(region=NEAR, replica_count=3),
        )
        wanted = VersionRequest(location=HOME, tags={"a": "b"}, targets=targets, exclude_from_latest=True)
        operation = put_version(request, LINUX, wanted)[2]
    imported.run(operation)

    with imported.request() as request:
        operation = set_regions(request, LINUX, (HOME, FAR))
    assert imported.run(operation).status is OperationStatus.SUCCEEDED

    version, replicas = state(imported)
    assert set(replicas) == {HOME, FAR}
    assert (version.tags, version.exclude_from_latest) == ({"a": "b"}, True)
    assert (replicas[HOME].exclude_from_latest, replicas[HOME].spelling) == (True, "Brazil South")
    with imported.request() as request:
        assert set_regions(request, LINUX, (HOME, FAR)) is None


def test_the_home_region_stays(imported: LocalInstallation) -> None:
    for regions, words in (((FAR,), "must include the version's own location"), ((), "one region at least")):
        with pytest.raises(Invalid, match=words), imported.request() as request:
            set_regions(request, LINUX, regions)


def test_a_version_is_excluded_in_one_region_or_everywhere(imported: LocalInstallation) -> None:
    with imported.request() as request:
        operation = set_regions(request, LINUX, (HOME, NEAR))
    imported.run(operation)

    with imported.request() as request:
        set_latest(request, LINUX, excluded=True, region=NEAR)
    assert [each.exclude_from_latest for each in state(imported)[1].values()] == [None, True]
    with imported.request() as request:
        set_latest(request, LINUX, excluded=True)
    version, replicas = state(imported)
    assert version.exclude_from_latest
    assert [each.exclude_from_latest for each in replicas.values()] == [None, None]


def test_an_end_of_life_is_set_and_taken_away(imported: LocalInstallation) -> None:
    now = imported.context.clock.now()
    with imported.request() as request:
        set_end_of_life(request, LINUX, now + timedelta(days=1))
    assert state(imported)[0].end_of_life == now + timedelta(days=1)
    with pytest.raises(Invalid, match="in the past"), imported.request() as request:
        set_end_of_life(request, LINUX, now - timedelta(days=1))
    with imported.request() as request:
        set_end_of_life(request, LINUX, None)
    assert state(imported)[0].end_of_life is None


def test_only_what_failed_is_tried_again(installation: LocalInstallation) -> None:
    store = FailingStore(
        installation.context.stores[NEAR],
        "replicate",
        OutOfSpace(Message("The store is full."), hint=Message("Free some.")),
    )
    with_stores(installation, brazilsoutheast=store).run(
        installation.begin_import("linux", disk_bytes(MIB), regions=(HOME, NEAR, FAR))
    )
    assert {region: each.state for region, each in state(installation)[1].items()} == {
        HOME: ReplicaState.COMPLETED,
        NEAR: ReplicaState.FAILED,
        FAR: ReplicaState.COMPLETED,
    }

    with installation.request() as request:
        operation = retry_version(request, LINUX)
    assert installation.run(operation).status is OperationStatus.SUCCEEDED

    assert state(installation)[1][NEAR].state is ReplicaState.COMPLETED


def test_nothing_is_changed_while_something_works_on_it(imported: LocalInstallation) -> None:
    with imported.request() as request:
        set_regions(request, LINUX, (HOME, NEAR))

    with pytest.raises(Conflict, match="is being worked on"), imported.request() as request:
        set_latest(request, LINUX, excluded=True)


def test_what_was_put_aside_comes_back(imported: LocalInstallation) -> None:
    with imported.request() as request:
        request.uow.galleries.get_by_key(GALLERY.key).soft_delete = True
    with imported.request() as request:
        remove_version(request, LINUX)
    with pytest.raises(NotFound, match="was deleted"), imported.request() as request:
        set_latest(request, LINUX, excluded=True)

    with imported.request() as request:
        restore_version(request, LINUX)

    assert state(imported)[0].is_offered


def test_changes_take_the_right_to_write(imported: LocalInstallation) -> None:
    with pytest.raises(NotFound), imported.request("educator") as request:
        set_regions(request, LINUX, (HOME, NEAR))
    with pytest.raises(NotFound), imported.request("educator") as request:
        restore_version(request, LINUX)


def test_prices_are_reported_before_anything_is_sent(imported: LocalInstallation) -> None:
    with imported.request() as request:
        _, prices = region_prices(request, LINUX, partial(copy_bytes, stores=imported.context.stores))
    found = {each.region.name: each for each in prices}

    assert found[HOME].is_home
    assert found[HOME].cost.send_bytes == 0
    assert found[NEAR].cost.send_bytes == found[NEAR].cost.stored_bytes == found[HOME].cost.stored_bytes > 0
    with imported.request() as request:
        operation = set_regions(request, LINUX, (HOME, NEAR))
    imported.run(operation)
    with imported.request() as request:
        _, prices = region_prices(request, LINUX, partial(copy_bytes, stores=imported.context.stores))
    assert {each.region.name: each.cost.send_bytes for each in prices}[NEAR] == 0
    assert state(imported)[1][NEAR].sent_bytes >= found[NEAR].cost.send_bytes  # with the manifest
