"""Disks, snapshots, managed images and versions made of them: crashed before and after every step, like everything else."""

from dataclasses import replace

import pytest

from galeria.actions.galleries.galleries import put_gallery
from galeria.actions.storage.disk_access import begin_access, end_access
from galeria.actions.storage.disks import DISK, SNAPSHOT, DiskRequest, DiskUpdate, delete_disk, patch_disk, put_disk
from galeria.actions.storage.managed_images import ImageRequest, put_image
from galeria.actions.storage.sources import NamedDisk
from galeria.actions.versions.versions import VersionRequest, put_version
from galeria.adapters.fetching import HttpFetcher
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK, OsState, OsType
from galeria.domain.images.publishing import ReplicationTarget
from galeria.domain.images.storage import AccessLevel, DiskCreateOption, DiskState, StoredDisk
from galeria.domain.images.vhd_footer import fixed_footer
from galeria.domain.operations import Operation
from galeria.domain.states import ProvisioningState
from tests.local_installation import GALLERY, GROUP, MIB, LocalInstallation, disk_bytes, lab_id, version_id
from tests.prepared_installations import MakeInstallation, Prepare, with_people
from tests.servers.file_server import FileServer, serving_file
from tests.workflows.crash_cases import (
    Scenario,
    StartedScenario,
    a_running_lab,
    changed,
    crash,
    each_of,
    expect_version,
    stored_chunks,
)

COMPUTE = "Microsoft.Compute"
ID = GROUP.resource(COMPUTE, "disks", "d")
LARGER = GROUP.resource(COMPUTE, "disks", "larger")
COPY = GROUP.resource(COMPUTE, "snapshots", "s")
IMAGE = GROUP.resource(COMPUTE, "images", "i")


def uploading(installation: LocalInstallation) -> StartedScenario:
    operation = begin_upload(installation)

    def check() -> None:
        expect_disk(installation, ID, disk_bytes())

    return StartedScenario(installation, operation, check)


def copying_to_another_region(installation: LocalInstallation) -> StartedScenario:
    operation = begin_copy(installation, ID, location="westeurope")

    def check() -> None:
        expect_disk(installation, COPY, disk_bytes(), region="westeurope")

    return StartedScenario(installation, operation, check)


def snapshotting_a_machine(installation: LocalInstallation) -> StartedScenario:
    machine = lab_id("algebra").child("virtualMachines", "template")
    operation = begin_copy(installation, machine)

    def check() -> None:
        disk = expect_disk(installation, COPY, changed(disk_bytes(), MIB, b"lesson one"))
        assert installation.machine("algebra").layer_digest == disk.digest
        assert disk.accounts == ["educator"]

    return StartedScenario(installation, operation, check)


def making_an_image(installation: LocalInstallation) -> StartedScenario:
    wanted = ImageRequest(
        location="brazilsouth", tags={}, disks={OS_DISK: NamedDisk(id=ID)}, os_type=OsType.LINUX, os_state=None
    )
    with installation.request() as request:
        _, _, operation = put_image(request, IMAGE, wanted)
    assert operation is not None

    def check() -> None:
        with installation.context.database(reading=True) as uow:
            image = uow.managed_images.get_by_key(IMAGE.key)
            (disk,) = uow.managed_images.disks(image.id)
        assert (image.state, image.os_state) == (ProvisioningState.SUCCEEDED, OsState.GENERALIZED)
        expect_content(installation, "brazilsouth", disk.digest, disk_bytes())

    return StartedScenario(installation, operation, check)


def making_a_version_from_a_snapshot(installation: LocalInstallation) -> StartedScenario:
    operation = begin_version(installation, NamedDisk(id=COPY))

    def check() -> None:
        expect_version(installation, version_id("linux", "2.0.0"), disk_bytes(), ("brazilsouth", "westeurope"))

    return StartedScenario(installation, operation, check)


def growing_a_disk(installation: LocalInstallation) -> StartedScenario:
    with installation.request() as request:
        _, operation = patch_disk(request, DISK, ID, DiskUpdate(size_gb=2))
    assert operation is not None

    def check() -> None:
        expect_grown(installation, ID, "brazilsouth")

    return StartedScenario(installation, operation, check)


def copying_to_a_larger_disk_in_another_region(installation: LocalInstallation) -> StartedScenario:
    wanted = DiskRequest(location="westeurope", tags={}, option=DiskCreateOption.COPY, source=ID, size_gb=2)
    with installation.request() as request:
        _, operation = put_disk(request, DISK, LARGER, wanted)
    assert operation is not None

    def check() -> None:
        expect_grown(installation, LARGER, "westeurope")

    return StartedScenario(installation, operation, check)


def deleting_a_disk(installation: LocalInstallation) -> StartedScenario:
    with installation.request() as request:
        operation = delete_disk(request, DISK, ID)
    assert operation is not None

    def check() -> None:
        with installation.context.database(reading=True) as uow:
            assert uow.disks.find_by_key(ID.key) is None
        assert stored_chunks(installation, "brazilsouth") == 0
        assert installation.context.disk_files.all() == []

    return StartedScenario(installation, operation, check)


def an_uploaded_disk(installation: LocalInstallation) -> None:
    installation.run(begin_upload(installation))


def a_running_lab_that_wrote(installation: LocalInstallation) -> None:
    a_running_lab(installation)
    installation.engine.write(installation.guest_of("algebra"), MIB, b"lesson one")


def a_snapshot_and_another_version(installation: LocalInstallation) -> None:
    an_uploaded_disk(installation)
    installation.run(begin_copy(installation, ID))
    installation.run(installation.begin_import("linux", disk_bytes(seed=2)))


# Each with what is there before it begins.
SCENARIOS: tuple[tuple[Scenario, Prepare], ...] = (
    (uploading, with_people),
    (copying_to_another_region, an_uploaded_disk),
    (snapshotting_a_machine, a_running_lab_that_wrote),
    (making_an_image, an_uploaded_disk),
    (making_a_version_from_a_snapshot, a_snapshot_and_another_version),
    (growing_a_disk, an_uploaded_disk),
    (copying_to_a_larger_disk_in_another_region, an_uploaded_disk),
    (deleting_a_disk, an_uploaded_disk),
)


@pytest.mark.parametrize(("scenario", "before"), each_of(SCENARIOS, quick=growing_a_disk))
def test_a_crash_before_or_after_any_step_changes_nothing(
    scenario: Scenario, before: Prepare, new_installation: MakeInstallation
) -> None:
    crash(scenario, lambda: new_installation(before))


@pytest.mark.slow
def test_a_crash_while_a_file_is_fetched_changes_nothing(new_installation: MakeInstallation) -> None:
    with serving_file(vhd()) as files:

        def fetching(installation: LocalInstallation) -> StartedScenario:
            files.break_after = [MIB]
            open_scene = allowing(installation)

            def check() -> None:
                expect_disk(open_scene, ID, disk_bytes())

            return StartedScenario(open_scene, begin_fetch(open_scene, files), check)

        crash(fetching, new_installation)


def test_a_source_that_is_deleted_meanwhile_is_copied_nevertheless(installation: LocalInstallation) -> None:
    installation.run(begin_upload(installation))
    operation = begin_copy(installation, ID, location="westeurope")
    with installation.request() as request:
        removal = delete_disk(request, DISK, ID)
    assert installation.run(removal).outputs["freedBytes"] == {"brazilsouth": 0}
    assert installation.run(operation).error_message == ""
    expect_disk(installation, COPY, disk_bytes(), region="westeurope")


def test_a_making_that_is_canceled_can_be_deleted(installation: LocalInstallation) -> None:
    installation.run(begin_upload(installation))
    operation = begin_copy(installation, ID)
    with installation.request() as request:
        removal = delete_disk(request, SNAPSHOT, COPY)
    assert installation.run(operation).status == "Canceled"
    assert installation.run(removal).status == "Succeeded"
    with installation.context.database(reading=True) as uow:
        assert uow.snapshots.find_by_key(COPY.key) is None


def test_a_gallery_goes_and_the_disk_that_shares_its_bytes_stays(installation: LocalInstallation) -> None:
    with installation.request() as request:
        put_gallery(request, GALLERY, location="brazilsouth", tags={}, description="")
    installation.run(begin_upload(installation))
    installation.run(installation.begin_import("linux", disk_bytes()))
    with installation.request() as request:
        removal = delete_disk(request, DISK, ID)
    assert installation.run(removal).outputs["freedBytes"] == {"brazilsouth": 0}
    expect_version(installation, version_id("linux"), disk_bytes(), ("brazilsouth",))


def begin_upload(installation: LocalInstallation) -> Operation:
    """Everything is written; its storing is begun."""
    wanted = DiskRequest(location="brazilsouth", tags={}, option=DiskCreateOption.UPLOAD, upload_bytes=len(vhd()))
    files = installation.context.disk_files
    with installation.request() as request:
        disk, _ = put_disk(request, DISK, ID, wanted)
        request.uow.flush()
        begin_access(request, DISK, ID, files, level=AccessLevel.WRITE, seconds=60)
    files.write_pages(disk.id, 0, vhd())
    with installation.request() as request:
        operation = end_access(request, DISK, ID, files)
    assert operation is not None
    return operation


def begin_copy(installation: LocalInstallation, source: ResourceId, *, location: str = "brazilsouth") -> Operation:
    wanted = DiskRequest(location=location, tags={}, option=DiskCreateOption.COPY, source=source)
    with installation.request() as request:
        _, operation = put_disk(request, SNAPSHOT, COPY, wanted)
    assert operation is not None
    return operation


def begin_fetch(installation: LocalInstallation, files: FileServer) -> Operation:
    wanted = DiskRequest(
        location="brazilsouth", tags={}, option=DiskCreateOption.IMPORT, uri=files.url(host="localhost")
    )
    with installation.request() as request:
        _, operation = put_disk(request, DISK, ID, wanted)
    assert operation is not None
    return operation


def begin_version(installation: LocalInstallation, disk: NamedDisk) -> Operation:
    targets = (ReplicationTarget(region="brazilsouth"), ReplicationTarget(region="westeurope"))
    wanted = VersionRequest(location="brazilsouth", tags={}, targets=targets, disks={OS_DISK: disk})
    with installation.request() as request:
        _, _, operation = put_version(request, version_id("linux", "2.0.0"), wanted)
    assert operation is not None
    return operation


def allowing(installation: LocalInstallation) -> LocalInstallation:
    """Files may be fetched from localhost."""
    context = replace(installation.context, fetcher=HttpFetcher(allowed=frozenset({"localhost"})))
    return replace(installation, context=context)


def expect_disk(
    installation: LocalInstallation, id: ResourceId, content: bytes, *, region: str = "brazilsouth"
) -> StoredDisk:
    with installation.context.database(reading=True) as uow:
        rows = uow.disks if id == ID else uow.snapshots
        disk: StoredDisk = rows.get_by_key(id.key)
    assert (disk.state, disk.disk_state) == (ProvisioningState.SUCCEEDED, DiskState.UNATTACHED)
    expect_content(installation, region, disk.digest, content)
    assert installation.context.disk_files.all() == []
    return disk


def expect_grown(installation: LocalInstallation, id: ResourceId, region: str) -> None:
    """2 GB: what was uploaded, and zeros behind it that occupy nothing."""
    with installation.context.database(reading=True) as uow:
        disk = uow.disks.get_by_key(id.key)
    assert (disk.state, disk.size) == (ProvisioningState.SUCCEEDED, 2 << 30)
    assert disk.data_bytes <= 4 * MIB
    with installation.context.stores[region].open(disk.digest) as content:
        reader = content.reader()
        assert reader.read(0, 4 * MIB) == disk_bytes()
        assert reader.read(4 * MIB, MIB) == reader.read((2 << 30) - MIB, MIB) == bytes(MIB)
        reader.close()


def expect_content(installation: LocalInstallation, region: str, digest: str, content: bytes) -> None:
    target = installation.folder / "restored.raw"
    installation.context.stores[region].restore(digest, target, progress=lambda *, done, total: None)
    assert target.read_bytes() == content
    target.unlink()


def vhd() -> bytes:
    return disk_bytes() + fixed_footer(4 * MIB, bytes(16))
