"""Where a disk has only its margin left, requests are refused and steps fail in a way that a retry mends; nothing is lost."""

from dataclasses import replace

import pytest

from galeria.actions.labs.labs import delete_lab
from galeria.actions.labs.machines import stop_machine
from galeria.actions.storage.disk_access import begin_access
from galeria.actions.storage.disks import DISK, DiskRequest, put_disk
from galeria.actions.storage.uploads import create_upload
from galeria.actions.versions.operations import retry_operation
from galeria.adapters.disks.free_room import DataRoom
from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.fetching import HttpFetcher
from galeria.adapters.files.page_files import DirectoryPages
from galeria.adapters.files.upload_files import DirectoryUploads
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.disk_margin import NO_MARGIN, DiskMargin
from galeria.domain.errors import OutOfSpace
from galeria.domain.images.storage import AccessLevel, DiskCreateOption
from galeria.domain.operations import Operation
from galeria.domain.states import MachineState, OperationStatus
from galeria.domain.units import GB
from tests.local_installation import GALLERY, GROUP, MIB, LocalInstallation, disk_bytes, lab_id
from tests.prepared_installations import MakeInstallation, with_running_lab
from tests.servers.file_server import serving_file

LINUX = GALLERY.child("images", "linux")
SENT = GROUP.resource("Microsoft.Compute", "disks", "sent")
ALL = DiskMargin(size=1 << 60)  # more than any disk has


@pytest.fixture
def running(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_running_lab)


def filled(installation: LocalInstallation) -> LocalInstallation:
    """The same installation, as if its disks had no room but their margin."""
    context, folder = installation.context, installation.folder
    stores = {
        name: RegionStore(replace(store._context, margin=ALL))
        for name, store in context.stores.items()
        if isinstance(store, RegionStore)
    }
    full = replace(
        context,
        stores=stores,
        uploads=DirectoryUploads(folder / "uploads", open_image, margin=ALL),
        disk_files=DirectoryPages(folder / "disks", open_image, margin=ALL),
        disk_room=DataRoom(data=folder, margin=ALL),
    )
    return replace(installation, context=full)


def retried(installation: LocalInstallation, operation: Operation) -> Operation:
    with installation.request("admin") as request:
        again = retry_operation(request, operation.id)
    return installation.run(again)


def test_requests_that_write_are_refused_and_those_that_make_room_are_not(running: LocalInstallation) -> None:
    full = filled(running)
    with pytest.raises(OutOfSpace, match="must stay free") as refused:
        full.begin_lab("geometry", LINUX)
    assert "[disks] in galeria.toml" in str(refused.value.hint)
    with pytest.raises(OutOfSpace, match="must stay free"):
        full.begin_export("algebra", "exported")
    with full.request("educator") as request:
        stop_machine(request, lab_id("algebra"), "template")
    with full.request("educator") as request:
        delete_lab(request, lab_id("algebra"))


def test_a_file_is_announced_only_where_there_is_room_for_it(running: LocalInstallation) -> None:
    with running.request() as request:
        roomy = replace(request, disk_room=DataRoom(data=running.folder, margin=NO_MARGIN))
        create_upload(roomy, file_name="disk.vhd", length=GB // 4, limit=1 << 60)
        settings = replace(request.settings, upload_gib_per_person=1 << 40, upload_gib_in_all=1 << 40)
        with pytest.raises(OutOfSpace, match=r"This needs 1048576\.0 GB of a disk that has") as refused:
            create_upload(replace(roomy, settings=settings), file_name="disk.vhd", length=1 << 50, limit=1 << 60)
        assert "Delete images, files or labs" in str(refused.value.hint)


def test_no_access_to_write_a_disk_is_given(running: LocalInstallation) -> None:
    with running.request() as request:
        wanted = DiskRequest(location="brazilsouth", tags={}, option=DiskCreateOption.UPLOAD, upload_bytes=MIB + 512)
        put_disk(request, DISK, SENT, wanted)
    full = filled(running)
    with pytest.raises(OutOfSpace), full.request() as request:
        begin_access(request, DISK, SENT, full.context.disk_files, level=AccessLevel.WRITE, seconds=60)
    with running.request() as request:
        begin_access(request, DISK, SENT, running.context.disk_files, level=AccessLevel.WRITE, seconds=60)
        disk = request.uow.disks.get_by_key(SENT.key)
    with pytest.raises(OutOfSpace):
        full.context.disk_files.write_pages(disk.id, 0, b"x" * 512)
    full.context.disk_files.clear_pages(disk.id, 0, 512)
    running.context.disk_files.write_pages(disk.id, 0, b"x" * 512)


def test_an_import_that_finds_no_room_keeps_its_file_and_is_retried(running: LocalInstallation) -> None:
    begun = running.begin_import("late", disk_bytes(MIB, seed=9))
    failed = filled(running).run(begun)
    assert (failed.status, failed.error_code) == (OperationStatus.FAILED, "OutOfSpace")
    assert str(failed.error_hint).endswith("([disks] in galeria.toml). Nothing that was stored is lost.")
    with pytest.raises(OutOfSpace):
        retried(filled(running), failed)
    assert retried(running, failed).status is OperationStatus.SUCCEEDED


def test_an_export_that_finds_no_room_leaves_the_machine_running_and_is_retried(running: LocalInstallation) -> None:
    begun = running.begin_export("algebra", "exported")
    failed = filled(running).run(begun)
    assert (failed.status, failed.error_code) == (OperationStatus.FAILED, "OutOfSpace")
    assert running.machine("algebra").state is MachineState.RUNNING
    assert retried(running, failed).status is OperationStatus.SUCCEEDED


def test_a_lab_and_a_start_that_find_no_room_are_retried(running: LocalInstallation) -> None:
    failed = filled(running).run(running.begin_lab("geometry", LINUX))
    assert failed.error_code == "OutOfSpace"
    assert retried(running, failed).status is OperationStatus.SUCCEEDED
    failed = filled(running).run(running.begin_start("geometry"))
    assert failed.error_code == "OutOfSpace"
    assert running.machine("geometry").state is MachineState.FAILED
    assert retried(running, failed).status is OperationStatus.SUCCEEDED


def test_a_fetched_file_stops_at_once_and_goes_on_with_what_had_arrived(running: LocalInstallation) -> None:
    with serving_file(disk_bytes()) as files:
        fetcher = HttpFetcher(allowed=frozenset({"localhost"}))
        open_to_us = replace(running, context=replace(running.context, fetcher=fetcher, poll_seconds=0.001))
        with open_to_us.request() as request:
            uri = files.url("/os.vhd", host="localhost")
            wanted = DiskRequest(location="brazilsouth", tags={}, option=DiskCreateOption.IMPORT, uri=uri)
            _, operation = put_disk(request, DISK, SENT, wanted)
        assert operation is not None
        failed = filled(open_to_us).run(operation)
        assert failed.error_code == "OutOfSpace"
        assert len(files.asked) == 1  # no second try
        assert retried(open_to_us, failed).status is OperationStatus.SUCCEEDED
