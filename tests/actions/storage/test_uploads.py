"""Who may send files, how many and how large in all, and what becomes of files that nobody goes on with."""

from dataclasses import replace
from datetime import timedelta

import pytest

from galeria.actions.core.request import Request
from galeria.actions.storage.uploads import create_upload, remove_upload
from galeria.domain.errors import Conflict, Forbidden
from galeria.domain.operations import Upload
from galeria.domain.units import GB
from galeria.reconcilers.orphans import UPLOAD_AGE, remove_stale_uploads
from tests.local_installation import GALLERY, GROUP, LocalInstallation
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


def test_what_nobody_goes_on_with_is_removed_also_where_no_byte_came(installation: LocalInstallation) -> None:
    with installation.request() as request:
        old, new = announce(request), announce(request)
        old.created_at -= UPLOAD_AGE + timedelta(minutes=1)
        ids = old.id, new.id

    remove_stale_uploads(installation.context)

    with installation.context.database(reading=True) as uow:
        assert [uow.uploads.find(each) is not None for each in ids] == [False, True]
