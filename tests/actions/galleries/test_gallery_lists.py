"""Galleries, images and versions as lists: page by page, with what is known of each row, and only for those who may see."""

import pytest

from galeria.actions.core.paging import ROWS
from galeria.actions.core.request import Request
from galeria.actions.galleries.definitions import put_definition
from galeria.actions.galleries.gallery_lists import (
    browse_definitions,
    browse_galleries,
    browse_versions,
    get_version_details,
    retained_of_definition,
    retained_of_gallery,
)
from galeria.actions.versions.version_changes import set_latest
from galeria.actions.versions.versions import remove_version
from galeria.domain.errors import NotFound
from galeria.domain.images.galleries import Gallery, ImageDefinition, ImageVersion, Replica, SourceKind
from galeria.domain.states import ProvisioningState, ReplicaState
from tests.local_installation import (
    ACCOUNT,
    GALLERY,
    MIB,
    SUBSCRIPTION,
    LocalInstallation,
    definition,
    disk_bytes,
    version_id,
)

LINUX = version_id("linux")
HOME, NEAR = "brazilsouth", "brazilsoutheast"


def linux(request: Request) -> ImageDefinition:
    return request.uow.definitions.get_by_key(LINUX.parent.key)


def gallery(request: Request) -> Gallery:
    return request.uow.galleries.get_by_key(GALLERY.key)


def add_versions(installation: LocalInstallation, *numbers: str) -> None:
    """Finished ones in the home region, without bytes."""
    with installation.request() as request:
        image = linux(request)
        for number in numbers:
            id = LINUX.parent.child("versions", number)
            version = ImageVersion(
                id=request.id_generator.new_id(),
                resource_id=str(id),
                key=id.key,
                location=HOME,
                definition_id=image.id,
                source_kind=SourceKind.UPLOAD,
                source_id="gone",
                state=ProvisioningState.SUCCEEDED,
                published_at=request.clock.now(),
                **request.stamps(),
            )
            request.uow.versions.add(version)
            request.uow.versions.add_replica(Replica(version_id=version.id, region=HOME, state=ReplicaState.COMPLETED))


def test_galleries_come_with_what_is_in_them_and_where_they_are_attached(installation: LocalInstallation) -> None:
    installation.begin_import("linux", disk_bytes(MIB))

    with installation.request() as request:
        (row,) = browse_galleries(request, f"/subscriptions/{SUBSCRIPTION}")
    assert (row.gallery.name, row.images, [each.key for each in row.accounts]) == ("gal", 1, [ACCOUNT.key])
    with installation.request("educator") as request:
        assert browse_galleries(request, f"/subscriptions/{SUBSCRIPTION}") == []


def test_images_are_found_by_part_of_either_name(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB), regions=(HOME, NEAR)))
    with installation.request() as request:
        image = linux(request)
        image.display_name = "Álgebra"
        put_definition(request, GALLERY.child("images", "empty"), definition("empty"))

    found = {}
    for text in ("", "áLG", "INU", "nothing"):
        with installation.request() as request:
            found[text] = [
                each.definition.name for each in browse_definitions(request, gallery(request), text=text).rows
            ]
    assert found == {"": ["linux", "empty"], "áLG": ["linux"], "INU": ["linux"], "nothing": []}
    with installation.request() as request:
        row, empty = browse_definitions(request, gallery(request)).rows
    assert (row.versions, str(row.newest), row.regions) == (1, "1.0.0", (HOME, NEAR))
    assert (empty.versions, empty.newest, empty.regions) == (0, None, ())


def test_versions_come_in_pages_with_the_latest_of_each_region_marked(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB), regions=(HOME, NEAR)))
    add_versions(installation, *(f"1.{number}.0" for number in range(1, ROWS + 5)))
    with installation.request() as request:
        set_latest(request, LINUX.parent.child("versions", f"1.{ROWS + 4}.0"), excluded=True)

    with installation.request() as request:
        first, last = (browse_versions(request, linux(request), page=page) for page in (1, 99))
        ones = browse_versions(request, linux(request), starting="1.5")

    assert (first.count, first.pages, len(first.rows), last.page, len(last.rows)) == (ROWS + 5, 2, ROWS, 2, 5)
    assert [each.version.name for each in first.rows[:2]] == [f"1.{ROWS + 4}.0", f"1.{ROWS + 3}.0"]
    assert [each.latest_in for each in first.rows[:3]] == [(), (HOME,), ()]
    assert last.rows[-1].latest_in == (NEAR,)
    assert [each.version.name for each in ones.rows] == ["1.54.0", "1.53.0", "1.52.0", "1.51.0", "1.50.0", "1.5.0"]


def test_what_works_on_a_version_is_known(installation: LocalInstallation) -> None:
    operation = installation.begin_import("linux", disk_bytes(MIB))

    with installation.request() as request:
        (row,) = browse_versions(request, linux(request)).rows
        alone = get_version_details(request, LINUX)
    assert row.operation is not None
    assert row.operation.id == operation.id
    assert alone.operation is not None


def test_what_was_put_aside_is_listed_apart(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    with installation.request() as request:
        request.uow.galleries.get_by_key(GALLERY.key).soft_delete = True
    with installation.request() as request:
        remove_version(request, LINUX)

    with installation.request() as request:
        assert browse_versions(request, linux(request)).rows == []
        for versions, count in (
            retained_of_definition(request, linux(request)),
            retained_of_gallery(request, gallery(request)),
        ):
            assert ([each.name for each in versions], count) == (["1.0.0"], 1)
        assert get_version_details(request, LINUX).latest_in == ()


def test_lists_are_for_those_who_may_read(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    for look in (
        lambda request: browse_definitions(request, gallery(request)),
        lambda request: browse_versions(request, linux(request)),
        lambda request: get_version_details(request, LINUX),
        lambda request: retained_of_definition(request, linux(request)),
        lambda request: retained_of_gallery(request, gallery(request)),
    ):
        with pytest.raises(NotFound), installation.request("educator") as request:
            look(request)
