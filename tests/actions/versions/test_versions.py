"""Image versions as they are asked for: regions, repeats, another try, and taking one away while it is made."""

from dataclasses import replace

import pytest

from galeria.actions.versions.operations import cancel_operation, retry_operation
from galeria.actions.versions.versions import VersionRequest, delete_version, get_version, list_versions, put_version
from galeria.domain.errors import Conflict, GaleriaError, Invalid, NotFound, OutOfSpace
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK, ImageVersion, Replica, SourceKind
from galeria.domain.images.publishing import ReplicationTarget
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import OperationStatus, ProvisioningState, ReplicaState
from tests.failing import FailingStore, with_stores
from tests.local_installation import GALLERY, MIB, LocalInstallation, disk_bytes, version_id
from tests.prepared_installations import MakeInstallation, with_linux

HOME = VersionRequest(location="brazilsouth", tags={})
LINUX = version_id("linux")


def targets(*regions: str) -> VersionRequest:
    return replace(HOME, targets=tuple(ReplicationTarget(region=region) for region in regions))


def put(
    installation: LocalInstallation, wanted: VersionRequest, id: ResourceId = LINUX, who: str = "admin"
) -> Operation | None:
    with installation.request(who) as request:
        return put_version(request, id, wanted)[2]


def state(installation: LocalInstallation) -> tuple[ImageVersion, dict[str, Replica]]:
    with installation.context.database(reading=True) as uow:
        version = uow.versions.get_by_key(LINUX.key)
        return version, {each.region: each for each in uow.versions.replicas(version.id)}


@pytest.fixture
def imported(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_linux)


def test_the_home_region_must_be_a_target(installation: LocalInstallation) -> None:
    with pytest.raises(Invalid, match="must include the version's own location, brazilsouth"):
        installation.begin_import("linux", disk_bytes(MIB), regions=("westeurope",))
    with installation.context.database(reading=True) as uow:
        assert uow.versions.find_by_key(LINUX.key) is None


def test_one_region_in_two_spellings_is_a_duplicate(imported: LocalInstallation) -> None:
    with pytest.raises(Invalid, match="Duplicate regions"):
        put(imported, targets("brazilsouth", "westeurope", "West Europe"))


def test_a_version_needs_a_definition_a_file_and_a_number(imported: LocalInstallation) -> None:
    upload = imported.upload(disk_bytes(MIB))
    lost = GALLERY.child("images", "lost").child("versions", "1.0.0")
    badly_named = LINUX.parent.child("versions", "1.0")
    for id, wanted, code in (
        (lost, replace(HOME, uploads={OS_DISK: upload}), "ParentResourceNotFound"),
        (version_id("linux", "2.0.0"), HOME, "InvalidParameter"),
        (version_id("linux", "2.0.0"), replace(HOME, uploads={OS_DISK: "none"}), "ResourceNotFound"),
        (badly_named, replace(HOME, uploads={OS_DISK: upload}), "InvalidParameter"),
    ):
        with pytest.raises(GaleriaError) as refused:
            put(imported, wanted, id)
        assert refused.value.code == code
        assert refused.value.hint


def test_somebody_elses_upload_does_not_exist(imported: LocalInstallation) -> None:
    upload = imported.upload(disk_bytes(MIB))
    with imported.context.database() as uow:
        row = uow.uploads.get(upload)
        row.owner_id = imported.people["educator"].id
        uow.commit()
    with pytest.raises(NotFound, match="no upload"):
        put(imported, replace(HOME, uploads={OS_DISK: upload}), version_id("linux", "2.0.0"))


def test_a_put_repeated_joins_the_running_operation(installation: LocalInstallation) -> None:
    operation = installation.begin_import("linux", disk_bytes(MIB))
    again = put(installation, HOME)
    assert again is not None
    assert again.id == operation.id


def test_a_put_that_changes_nothing_begins_nothing(imported: LocalInstallation) -> None:
    assert put(imported, HOME) is None
    assert put(imported, targets("Brazil South")) is None


def test_regions_are_added_and_removed_by_an_operation(imported: LocalInstallation) -> None:
    added = put(imported, targets("brazilsouth", "West Europe"))
    assert added is not None
    assert added.kind is OperationKind.UPDATE_VERSION
    assert state(imported)[0].state is ProvisioningState.UPDATING
    imported.run(added)
    version, replicas = state(imported)
    assert version.state is ProvisioningState.SUCCEEDED
    assert replicas["westeurope"].state is ReplicaState.COMPLETED
    removed = put(imported, targets("brazilsouth"))
    done = imported.run(removed)
    assert list(state(imported)[1]) == ["brazilsouth"]
    assert done.outputs["freedBytes"]["westeurope"] > 0


def test_flags_change_at_once_and_those_of_new_regions_are_kept(imported: LocalInstallation) -> None:
    flagged = (
        ReplicationTarget(region="brazilsouth", exclude_from_latest=False),
        ReplicationTarget(region="westeurope", exclude_from_latest=True),
    )
    imported.run(put(imported, replace(HOME, targets=flagged, exclude_from_latest=True, tags={"term": "2"})))
    version, replicas = state(imported)
    assert (version.exclude_from_latest, version.tags) == (True, {"term": "2"})
    assert replicas["brazilsouth"].exclude_from_latest is False
    assert replicas["westeurope"].exclude_from_latest is True


def test_a_put_after_a_failure_tries_again_with_what_it_says(installation: LocalInstallation) -> None:
    operation = installation.begin_import("linux", disk_bytes(MIB), regions=("brazilsouth", "westeurope"))
    broken = FailingStore(
        installation.context.stores["brazilsouth"], "capture", OutOfSpace(Message("Full."), hint=Message("Make room."))
    )
    assert with_stores(installation, brazilsouth=broken).run(operation).status is OperationStatus.FAILED
    assert state(installation)[0].state is ProvisioningState.FAILED
    again = put(installation, targets("brazilsouth", "northeurope"))
    assert again is not None
    assert again.id != operation.id
    assert installation.run(again).error_message == ""
    version, replicas = state(installation)
    assert version.state is ProvisioningState.SUCCEEDED
    assert set(replicas) == {"brazilsouth", "northeurope"}


def test_a_put_after_a_failure_may_bring_another_file(installation: LocalInstallation) -> None:
    operation = installation.begin_import("linux", b"no disk at all")
    failed = installation.run(operation)
    assert failed.status is OperationStatus.FAILED
    assert failed.error_hint
    upload = installation.upload(disk_bytes(MIB))
    assert installation.run(put(installation, replace(HOME, uploads={OS_DISK: upload}))).error_message == ""
    version, _ = state(installation)
    assert (version.source_kind, version.source_id) == (SourceKind.UPLOAD, upload)


def test_a_version_is_taken_away_while_it_is_made(installation: LocalInstallation) -> None:
    making = installation.begin_import("linux", disk_bytes(MIB))
    with installation.request() as request:
        deletion = delete_version(request, LINUX)
        assert deletion is not None
        repeated = delete_version(request, LINUX)
        assert repeated is not None
        assert repeated.id == deletion.id
    assert installation.run(making).status is OperationStatus.CANCELED
    assert state(installation)[0].state is ProvisioningState.DELETING
    assert installation.run(deletion).status is OperationStatus.SUCCEEDED
    with pytest.raises(NotFound), installation.request() as request:
        get_version(request, LINUX)
    with installation.request() as request:
        assert delete_version(request, LINUX) is None
        assert list_versions(request, LINUX.parent) == []


def test_a_version_that_is_marked_for_deletion_takes_nothing_but_deletion(imported: LocalInstallation) -> None:
    with imported.request() as request:
        deletion = delete_version(request, LINUX)
    assert deletion is not None
    with pytest.raises(Conflict, match="marked for deletion"):
        put(imported, targets("brazilsouth", "westeurope"))
    assert list(state(imported)[1]) == ["brazilsouth"]


def test_a_number_is_free_again_after_deletion(imported: LocalInstallation) -> None:
    with imported.request() as request:
        deletion = delete_version(request, LINUX)
    imported.run(deletion)
    assert imported.run(imported.begin_import("linux", disk_bytes(MIB, seed=2))).error_message == ""


def test_a_canceled_import_goes_on_when_it_is_retried(installation: LocalInstallation) -> None:
    operation = installation.begin_import("linux", disk_bytes(MIB))
    with installation.request() as request:
        cancel_operation(request, operation.id)
    assert installation.run(operation).status is OperationStatus.CANCELED
    with installation.request() as request:
        retry_operation(request, operation.id)
    assert installation.run(operation).status is OperationStatus.SUCCEEDED
    with pytest.raises(Conflict, match="has succeeded"), installation.request() as request:
        retry_operation(request, operation.id)


def test_who_may_read_a_version_may_not_change_it(imported: LocalInstallation) -> None:
    for who in ("educator", "nobody"):
        with pytest.raises(NotFound), imported.request(who) as request:
            delete_version(request, LINUX)
        with pytest.raises(NotFound):
            put(imported, HOME, who=who)
