"""Who may send files, how many and how large in all, and what becomes of files that nobody goes on with."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from galeria.actions.core.request import Request
from galeria.actions.storage.disks import DISK, DiskRequest, put_disk
from galeria.actions.storage.uploads import create_upload, remove_upload
from galeria.domain.errors import Conflict, Forbidden
from galeria.domain.images.storage import FOOTER, DiskCreateOption, DiskState
from galeria.domain.operations import Upload
from galeria.domain.units import GB
from galeria.reconcilers.orphans import UPLOAD_AGE, remove_stale_uploads
from tests.local_installation import GALLERY, GROUP, MIB, LocalInstallation
from tests.role_assignments import assign_role

LIMIT = 2 << 40


def announce(request: Request, length: int = 1) -> Upload:
    return create_upload(request, file_name="disk.vhd", length=length, limit=LIMIT)


def narrowed(request: Request, **settings: int) -> Request:
    return replace(request, settings=replace(request.settings, **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["", "Reader", "Lab Services Reader", "Lab Assistant", "User Access Administrator"])
def test_without_a_right_to_import_nothing_is_taken(installation: LocalInstallation, role: str) -> None:
    if role:
        assign_role(installation, "nobody", role, GROUP.key)
    with pytest.raises(Forbidden, match="may not import"), installation.request("nobody") as request:
        announce(request)
    with installation.context.database(reading=True) as uow:
        assert uow.uploads.of_owner(installation.people["nobody"].id) == []


def test_a_right_on_one_gallery_is_enough(installation: LocalInstallation) -> None:
    assign_role(installation, "nobody", "Contributor", GALLERY.key)
    with installation.request("nobody") as request:
        assert announce(request).length == 1


def test_one_person_has_so_many_files_and_others_are_not_concerned(installation: LocalInstallation) -> None:
    assign_role(installation, "colleague", "Contributor", GALLERY.key)
    with installation.request() as request:
        few = narrowed(request, uploads_per_person=2)
        first = announce(few)
        announce(few)
        request.uow.flush()
        with pytest.raises(Conflict, match="2 uploaded files already") as refused:
            announce(few)
        assert "per_person" in str(refused.value.hint)
        remove_upload(few, first.id)
        announce(few)
    with installation.request("colleague") as request:
        announce(narrowed(request, uploads_per_person=2))


def test_one_person_announces_so_many_bytes(installation: LocalInstallation) -> None:
    with installation.request() as request:
        little = narrowed(request, upload_gib_per_person=10)
        announce(little, 6 * GB)
        request.uow.flush()
        with pytest.raises(Conflict, match="would have 11 GiB in all; at most 10"):
            announce(little, 4 * GB + 1)
        announce(little, 4 * GB)


def test_everybody_together_has_so_many_files_and_bytes(installation: LocalInstallation) -> None:
    assign_role(installation, "colleague", "Contributor", GALLERY.key)
    with installation.request("colleague") as request:
        announce(request, GB)
        request.uow.flush()
    with installation.request() as request:
        few = narrowed(request, uploads_in_all=2)
        announce(few)
        with pytest.raises(Conflict, match="There are 2 uploaded files, as many as this installation takes") as refused:
            announce(few)
        assert refused.value.code == "QuotaExceeded"
        assert "'in_all' under [uploads]" in str(refused.value.hint)
        little = narrowed(request, upload_gib_in_all=2)
        with pytest.raises(Conflict, match="files of everybody would have 3 GiB together; at most 2") as refused:
            announce(little, GB)
        assert "'gib_in_all' under [uploads]" in str(refused.value.hint)
        announce(little, GB // 2)


def test_a_disk_that_waits_for_its_bytes_counts_until_they_are_stored(installation: LocalInstallation) -> None:
    def put(request: Request, name: str, length: int = 20 * MIB + FOOTER) -> None:
        wanted = DiskRequest(location="brazilsouth", tags={}, option=DiskCreateOption.UPLOAD, upload_bytes=length)
        put_disk(request, DISK, GROUP.resource("Microsoft.Compute", "disks", name), wanted)

    with installation.request() as request:
        few = narrowed(request, uploads_per_person=2)
        put(few, "one")
        announce(few)
        with pytest.raises(Conflict, match="2 uploaded files already"):
            announce(few)
        with pytest.raises(Conflict, match="2 uploaded files already"):
            put(few, "two")
        little = narrowed(request, upload_gib_per_person=1)
        with pytest.raises(Conflict, match="would have 2 GiB in all; at most 1"):
            put(little, "two", GB + FOOTER)
        request.uow.disks.get_by_key(
            GROUP.resource("Microsoft.Compute", "disks", "one").key
        ).disk_state = DiskState.UNATTACHED
        announce(few)


def test_announcements_at_the_same_moment_do_not_pass_together(installation: LocalInstallation) -> None:
    few = installation.with_settings(replace(installation.context.settings, uploads_in_all=3))
    start = Barrier(8)

    def announced(_: int) -> bool:
        start.wait(timeout=30)
        try:
            with few.request() as request:
                announce(request)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(announced, range(8))) == 3


def test_what_nobody_goes_on_with_is_removed_also_where_no_byte_came(installation: LocalInstallation) -> None:
    with installation.request() as request:
        old, new = announce(request), announce(request)
        old.created_at -= UPLOAD_AGE + timedelta(minutes=1)
        ids = old.id, new.id

    remove_stale_uploads(installation.context)

    with installation.context.database(reading=True) as uow:
        assert [uow.uploads.find(each) is not None for each in ids] == [False, True]
