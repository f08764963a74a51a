"""Disks, snapshots, managed images and versions made of them: crashed before and after every step, like everything else."""

from dataclasses import replace

import pytest

from galeria.actions.galleries.galleries import put_gallery
from galeria.actions.storage.disk_access import begin_access, end_access
from galeria.actions.storage.disks import DISK, SNAPSHOT, DiskChanges, DiskRequest, delete_disk, patch_disk, put_disk
from galeria.actions.storage.managed_images import ImageRequest, put_image
from galeria.actions.storage.sources import DiskNamed
from galeria.actions.versions.version_sources import SourcesNamed
from galeria.actions.versions.versions import VersionRequest, put_version
from galeria.adapters.fetching import HttpFetcher
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK, OsState, OsType
from galeria.domain.images.publishing import Target
from galeria.domain.images.storage import AccessLevel, CreateOption, DiskState, StoredDisk
from galeria.domain.images.vhd_footer import fixed_footer
from galeria.domain.operations import Operation
from galeria.domain.states import ProvisioningState
from tests.file_server import FileServer, serving_file
from tests.scene import GALLERY, GROUP, MIB, Scene, disk_bytes, lab_id, version_id
from tests.stages import MakeScene, Prepare, founded
from tests.workflows.test_crashes import (
    Story,
    Told,
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


def uploading(scene: Scene) -> Told:
    operation = begin_upload(scene)

    def look() -> None:
        expect_disk(scene, ID, disk_bytes())

    return Told(scene, operation, look)


def copying_to_another_region(scene: Scene) -> Told:
    operation = begin_copy(scene, ID, location="westeurope")

    def look() -> None:
        expect_disk(scene, COPY, disk_bytes(), region="westeurope")

    return Told(scene, operation, look)


def snapshotting_a_machine(scene: Scene) -> Told:
    machine = lab_id("algebra").child("virtualMachines", "template")
    operation = begin_copy(scene, machine)

    def look() -> None:
        disk = expect_disk(scene, COPY, changed(disk_bytes(), MIB, b"lesson one"))
        assert scene.machine("algebra").layer_digest == disk.digest
        assert disk.accounts == ["educator"]

    return Told(scene, operation, look)


def making_an_image(scene: Scene) -> Told:
    wanted = ImageRequest(
        location="brazilsouth", tags={}, disks={OS_DISK: DiskNamed(id=ID)}, os_type=OsType.LINUX, os_state=None
    )
    with scene.request() as request:
        _, _, operation = put_image(request, IMAGE, wanted)
    assert operation is not None

    def look() -> None:
        with scene.world.database(reading=True) as uow:
            image = uow.managed_images.get_by_key(IMAGE.key)
            (disk,) = uow.managed_images.disks(image.id)
        assert (image.state, image.os_state) == (ProvisioningState.SUCCEEDED, OsState.GENERALIZED)
        expect_content(scene, "brazilsouth", disk.digest, disk_bytes())

    return Told(scene, operation, look)


def making_a_version_from_a_snapshot(scene: Scene) -> Told:
    operation = begin_version(scene, SourcesNamed(disks={OS_DISK: DiskNamed(id=COPY)}))

    def look() -> None:
        expect_version(scene, version_id("linux", "2.0.0"), disk_bytes(), ("brazilsouth", "westeurope"))

    return Told(scene, operation, look)


def growing_a_disk(scene: Scene) -> Told:
    with scene.request() as request:
        _, operation = patch_disk(request, DISK, ID, DiskChanges(size_gb=2))
    assert operation is not None

    def look() -> None:
        expect_grown(scene, ID, "brazilsouth")

    return Told(scene, operation, look)


def copying_to_a_larger_disk_in_another_region(scene: Scene) -> Told:
    wanted = DiskRequest(location="westeurope", tags={}, option=CreateOption.COPY, source=ID, size_gb=2)
    with scene.request() as request:
        _, operation = put_disk(request, DISK, LARGER, wanted)
    assert operation is not None

    def look() -> None:
        expect_grown(scene, LARGER, "westeurope")

    return Told(scene, operation, look)


def deleting_a_disk(scene: Scene) -> Told:
    with scene.request() as request:
        operation = delete_disk(request, DISK, ID)
    assert operation is not None

    def look() -> None:
        with scene.world.database(reading=True) as uow:
            assert uow.disks.find_by_key(ID.key) is None
        assert stored_chunks(scene, "brazilsouth") == 0
        assert scene.world.disk_files.all() == []

    return Told(scene, operation, look)


def an_uploaded_disk(scene: Scene) -> None:
    scene.run(begin_upload(scene))


def a_running_lab_that_wrote(scene: Scene) -> None:
    a_running_lab(scene)
    scene.engine.write(scene.guest_of("algebra"), MIB, b"lesson one")


def a_snapshot_and_another_version(scene: Scene) -> None:
    an_uploaded_disk(scene)
    scene.run(begin_copy(scene, ID))
    scene.run(scene.begin_import("linux", disk_bytes(seed=2)))


# Each with what is there before it begins.
STORIES: tuple[tuple[Story, Prepare], ...] = (
    (uploading, founded),
    (copying_to_another_region, an_uploaded_disk),
    (snapshotting_a_machine, a_running_lab_that_wrote),
    (making_an_image, an_uploaded_disk),
    (making_a_version_from_a_snapshot, a_snapshot_and_another_version),
    (growing_a_disk, an_uploaded_disk),
    (copying_to_a_larger_disk_in_another_region, an_uploaded_disk),
    (deleting_a_disk, an_uploaded_disk),
)


@pytest.mark.parametrize(("story", "before"), each_of(STORIES, quick=growing_a_disk))
def test_a_crash_before_or_after_any_step_changes_nothing(story: Story, before: Prepare, new_scene: MakeScene) -> None:
    crash(story, lambda: new_scene(before))


@pytest.mark.slow
def test_a_crash_while_a_file_is_fetched_changes_nothing(new_scene: MakeScene) -> None:
    with serving_file(vhd()) as files:

        def fetching(scene: Scene) -> Told:
            files.break_after = [MIB]
            open_scene = allowing(scene)

            def look() -> None:
                expect_disk(open_scene, ID, disk_bytes())

            return Told(open_scene, begin_fetch(open_scene, files), look)

        crash(fetching, new_scene)


def test_a_source_that_is_deleted_meanwhile_is_copied_nevertheless(scene: Scene) -> None:
    scene.run(begin_upload(scene))
    operation = begin_copy(scene, ID, location="westeurope")
    with scene.request() as request:
        removal = delete_disk(request, DISK, ID)
    assert scene.run(removal).outputs["freedBytes"] == {"brazilsouth": 0}
    assert scene.run(operation).error_message == ""
    expect_disk(scene, COPY, disk_bytes(), region="westeurope")


def test_a_making_that_is_canceled_can_be_deleted(scene: Scene) -> None:
    scene.run(begin_upload(scene))
    operation = begin_copy(scene, ID)
    with scene.request() as request:
        removal = delete_disk(request, SNAPSHOT, COPY)
    assert scene.run(operation).status == "Canceled"
    assert scene.run(removal).status == "Succeeded"
    with scene.world.database(reading=True) as uow:
        assert uow.snapshots.find_by_key(COPY.key) is None


def test_a_gallery_goes_and_the_disk_that_shares_its_bytes_stays(scene: Scene) -> None:
    with scene.request() as request:
        put_gallery(request, GALLERY, location="brazilsouth", tags={}, description="")
    scene.run(begin_upload(scene))
    scene.run(scene.begin_import("linux", disk_bytes()))
    with scene.request() as request:
        removal = delete_disk(request, DISK, ID)
    assert scene.run(removal).outputs["freedBytes"] == {"brazilsouth": 0}
    expect_version(scene, version_id("linux"), disk_bytes(), ("brazilsouth",))


def begin_upload(scene: Scene) -> Operation:
    """Everything is written; its storing is begun."""
    wanted = DiskRequest(location="brazilsouth", tags={}, option=CreateOption.UPLOAD, upload_bytes=len(vhd()))
    files = scene.world.disk_files
    with scene.request() as request:
        disk, _ = put_disk(request, DISK, ID, wanted)
        request.uow.flush()
        begin_access(request, DISK, ID, files, level=AccessLevel.WRITE, seconds=60)
    files.write_pages(disk.id, 0, vhd())
    with scene.request() as request:
        operation = end_access(request, DISK, ID, files)
    assert operation is not None
    return operation


def begin_copy(scene: Scene, source: ResourceId, *, location: str = "brazilsouth") -> Operation:
    wanted = DiskRequest(location=location, tags={}, option=CreateOption.COPY, source=source)
    with scene.request() as request:
        _, operation = put_disk(request, SNAPSHOT, COPY, wanted)
    assert operation is not None
    return operation


def begin_fetch(scene: Scene, files: FileServer) -> Operation:
    wanted = DiskRequest(location="brazilsouth", tags={}, option=CreateOption.IMPORT, uri=files.url(host="localhost"))
    with scene.request() as request:
        _, operation = put_disk(request, DISK, ID, wanted)
    assert operation is not None
    return operation


def begin_version(scene: Scene, sources: SourcesNamed) -> Operation:
    targets = (Target(region="brazilsouth"), Target(region="westeurope"))
    wanted = VersionRequest(location="brazilsouth", tags={}, targets=targets, sources=sources)
    with scene.request() as request:
        _, _, operation = put_version(request, version_id("linux", "2.0.0"), wanted)
    assert operation is not None
    return operation


def allowing(scene: Scene) -> Scene:
    """Files may be fetched from localhost."""
    world = replace(scene.world, fetcher=HttpFetcher(allowed=frozenset({"localhost"})))
    return replace(scene, world=world)


def expect_disk(scene: Scene, id: ResourceId, content: bytes, *, region: str = "brazilsouth") -> StoredDisk:
    with scene.world.database(reading=True) as uow:
        rows = uow.disks if id == ID else uow.snapshots
        disk: StoredDisk = rows.get_by_key(id.key)
    assert (disk.state, disk.disk_state) == (ProvisioningState.SUCCEEDED, DiskState.UNATTACHED)
    expect_content(scene, region, disk.digest, content)
    assert scene.world.disk_files.all() == []
    return disk


def expect_grown(scene: Scene, id: ResourceId, region: str) -> None:
    """2 GB: what was uploaded, and zeros behind it that occupy nothing."""
    with scene.world.database(reading=True) as uow:
        disk = uow.disks.get_by_key(id.key)
    assert (disk.state, disk.size) == (ProvisioningState.SUCCEEDED, 2 << 30)
    assert disk.data_bytes <= 4 * MIB
    with scene.world.stores[region].open(disk.digest) as content:
        reader = content.reader()
        assert reader.read(0, 4 * MIB) == disk_bytes()
        assert reader.read(4 * MIB, MIB) == reader.read((2 << 30) - MIB, MIB) == bytes(MIB)
        reader.close()


def expect_content(scene: Scene, region: str, digest: str, content: bytes) -> None:
    target = scene.folder / "restored.raw"
    scene.world.stores[region].restore(digest, target, progress=lambda *, done, total: None)
    assert target.read_bytes() == content
    target.unlink()


def vhd() -> bytes:
    return disk_bytes() + fixed_footer(4 * MIB, bytes(16))
