"""Files on their way in: continued after every break, given up in the end, gone when they are not wanted any more."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from galeria.actions.storage.disks import DISK, DiskRequest, delete_disk, put_disk
from galeria.actions.versions.operations import cancel_operation, retry_operation
from galeria.adapters.fetching import HttpFetcher
from galeria.domain.images.galleries import OS_DISK
from galeria.domain.images.storage import DiskCreateOption
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.operations import Operation, OperationKind
from galeria.reconcilers.orphans import UPLOAD_AGE, forget_addresses, remove_lost_disk_files
from galeria.workflows import file_sources
from galeria.workflows.file_sources import TRIES, file_of
from tests.later_clock import Later
from tests.local_installation import GROUP, MIB, LocalInstallation, disk_bytes
from tests.servers.file_server import FileServer, serving_file

ID = GROUP.resource("Microsoft.Compute", "disks", "d")


@pytest.fixture
def files() -> Iterator[FileServer]:
    with serving_file(disk_bytes()) as server:
        yield server


@pytest.fixture
def open_scene(installation: LocalInstallation) -> LocalInstallation:
    """Files may be fetched from localhost."""
    context = replace(installation.context, fetcher=HttpFetcher(allowed=frozenset({"localhost"})), poll_seconds=0.001)
    return replace(installation, context=context)


def begin_import(installation: LocalInstallation, files: FileServer) -> Operation:
    with installation.request() as request:
        uri = files.url("/os.vhd?sig=secret", host="localhost")
        wanted = DiskRequest(location="brazilsouth", tags={}, option=DiskCreateOption.IMPORT, uri=uri)
        _, operation = put_disk(request, DISK, ID, wanted)
    assert operation is not None
    return operation


def test_every_break_costs_only_what_was_under_way(open_scene: LocalInstallation, files: FileServer) -> None:
    files.break_after = [MIB] * 3
    operation = open_scene.run(begin_import(open_scene, files))
    assert operation.status == "Succeeded", operation.error_message
    assert [asked for _, asked in files.asked] == ["", *(f"bytes={number * MIB}-" for number in (1, 2, 3))]
    assert "secret" not in str(operation.inputs)


def test_an_address_is_forgotten_when_its_file_has_come_whatever_becomes_of_it(
    open_scene: LocalInstallation, files: FileServer
) -> None:
    files.content = b"no disk at all"
    operation = open_scene.run(begin_import(open_scene, files))
    assert operation.status == "Failed"
    assert stored_address(operation) == files.url("/os.vhd", host="localhost")
    with open_scene.request() as request:
        retried = retry_operation(request, operation.id)
    assert open_scene.run(retried).status == "Failed"
    assert len(files.asked) == 1


def test_an_address_is_kept_for_a_retry_and_forgotten_after_a_week(
    open_scene: LocalInstallation, files: FileServer
) -> None:
    files.statuses = [404]
    failed = open_scene.run(begin_import(open_scene, files))
    forget_addresses(replace(open_scene.context, clock=Later(UPLOAD_AGE - timedelta(minutes=5), open_scene.context)))
    assert stored_address(open_scene.operation(failed.id)).endswith("?sig=secret")
    forget_addresses(replace(open_scene.context, clock=Later(UPLOAD_AGE, open_scene.context)))
    assert stored_address(open_scene.operation(failed.id)) == files.url("/os.vhd", host="localhost")


def test_an_address_is_forgotten_with_its_disk(open_scene: LocalInstallation, files: FileServer) -> None:
    files.statuses = [404]
    failed = open_scene.run(begin_import(open_scene, files))
    with open_scene.request() as request:
        removal = delete_disk(request, DISK, ID)
    assert open_scene.run(removal).status == "Succeeded"
    assert "secret" not in stored_address(open_scene.operation(failed.id))


def stored_address(operation: Operation) -> str:
    return operation.inputs_as(FillInputs).origins[OS_DISK].name


def test_a_file_that_changes_on_the_way_is_fetched_anew(open_scene: LocalInstallation, files: FileServer) -> None:
    other = disk_bytes(seed=5)

    class Changing(HttpFetcher):
        def _followed(self, *arguments: object) -> object:  # type: ignore[override]
            if len(files.asked) == 1:
                files.content, files.etag = other, '"2"'
            return super()._followed(*arguments)  # type: ignore[arg-type]

    files.break_after = [MIB]
    context = replace(open_scene.context, fetcher=Changing(allowed=frozenset({"localhost"})))
    installation = replace(open_scene, context=context)
    assert installation.run(begin_import(installation, files)).status == "Succeeded"
    with installation.context.database(reading=True) as uow:
        digest = uow.disks.get_by_key(ID.key).digest
    target = installation.folder / "restored.raw"
    installation.context.stores["brazilsouth"].restore(digest, target, progress=lambda *, done, total: None)
    assert target.read_bytes() == other


def test_after_some_tries_it_gives_up_and_a_retry_goes_on(open_scene: LocalInstallation, files: FileServer) -> None:
    files.break_after = [MIB, *([0] * TRIES)]
    operation = open_scene.run(begin_import(open_scene, files))
    assert operation.status == "Failed"
    assert "breaks off" in operation.error_message
    assert len(files.asked) == 1 + TRIES
    with open_scene.request() as request:
        retried = retry_operation(request, operation.id)
    assert open_scene.run(retried).status == "Succeeded"
    assert files.asked[-1][1] == f"bytes={MIB}-"
    assert open_scene.context.disk_files.all() == []


def test_a_server_that_is_busy_is_asked_again(open_scene: LocalInstallation, files: FileServer) -> None:
    files.statuses = [503, 500]
    assert open_scene.run(begin_import(open_scene, files)).status == "Succeeded"


def test_who_sends_a_little_now_and_then_holds_nobody_for_ever(
    open_scene: LocalInstallation, files: FileServer
) -> None:
    files.break_after = [1] * 100
    operation = open_scene.run(begin_import(open_scene, files))
    assert operation.status == "Failed"
    assert "breaks off" in operation.error_message
    assert len(files.asked) == TRIES


@pytest.mark.parametrize("told", [True, False])
def test_a_file_without_an_end_is_given_up_and_removed(
    open_scene: LocalInstallation, files: FileServer, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    monkeypatch.setattr(file_sources, "LARGEST", MIB)
    files.content, files.chunked = bytes(4 * MIB), not told
    operation = open_scene.run(begin_import(open_scene, files))
    assert (operation.status, len(files.asked)) == ("Failed", 1)
    assert open_scene.context.disk_files.size(file_of(operation.id, -1)) == 0


def test_what_is_not_there_fails_at_once(open_scene: LocalInstallation, files: FileServer) -> None:
    files.statuses = [404] * TRIES
    operation = open_scene.run(begin_import(open_scene, files))
    assert (operation.status, operation.error_code) == ("Failed", "SourceNotReadable")
    assert len(files.asked) == 1


def test_a_canceled_fetch_keeps_what_came(open_scene: LocalInstallation, files: FileServer) -> None:
    operation = begin_import(open_scene, files)

    class Canceling(HttpFetcher):
        def _resolved(self, *arguments: object) -> list[str]:
            with open_scene.request() as request:
                cancel_operation(request, operation.id)
            return super()._resolved(*arguments)  # type: ignore[arg-type]

    context = replace(open_scene.context, fetcher=Canceling(allowed=frozenset({"localhost"})))
    installation = replace(open_scene, context=context)
    assert installation.run(operation).status == "Canceled"
    kept = installation.context.disk_files.size(file_of(operation.id, -1))
    assert 0 < kept < len(files.content)
    with installation.request() as request:
        removal = delete_disk(request, DISK, ID)
    assert installation.run(removal).status == "Succeeded"
    assert installation.context.disk_files.all() == []


def test_files_that_nothing_speaks_of_are_removed(open_scene: LocalInstallation, files: FileServer) -> None:
    context = open_scene.context
    files.statuses = [404]
    failed = open_scene.run(begin_import(open_scene, files))
    kept = file_of(failed.id, -1)
    with open_scene.request() as request:
        id = GROUP.resource("Microsoft.Compute", "disks", "writing")
        wanted = DiskRequest(location="brazilsouth", tags={}, option=DiskCreateOption.UPLOAD, upload_bytes=MIB)
        disk, _ = put_disk(request, DISK, id, wanted)
    for file in (kept, disk.id, "0" * 32):
        context.disk_files.prepare(file, MIB)
    remove_lost_disk_files(context)
    assert context.disk_files.all() == sorted([kept, disk.id])
    assert failed.kind is OperationKind.CREATE_DISK
