"""An uploaded file becomes a version of a new image or of one that there is, and what that would cost."""

from dataclasses import replace

import pytest

from galeria.actions.core.caller import Caller
from galeria.actions.versions.imports import (
    ImportRequest,
    NewImage,
    begin_import,
    import_prices,
    importing_galleries,
)
from galeria.actions.versions.version_changes import restore_version
from galeria.actions.versions.version_numbers import next_number
from galeria.actions.versions.versions import remove_version
from galeria.domain.errors import Conflict, Invalid, NotFound
from galeria.domain.images.galleries import ImageDefinition, ImageVersion, OsState
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus
from galeria.interfaces.uploads.stored_uploads import StoredUploads
from galeria.ports.files import FileFacts
from tests.local_installation import GALLERY, MIB, SUBSCRIPTION, LocalInstallation, disk_bytes, version_id

NEW = NewImage(display_name="Álgebra — turma A", os_state=OsState.SPECIALIZED)


def asked(installation: LocalInstallation, **fields: object) -> ImportRequest:
    wanted = ImportRequest(upload=installation.upload(disk_bytes(MIB)), gallery=GALLERY, new=NEW)
    return replace(wanted, **fields)  # type: ignore[arg-type]  # fields are those of the request


def begin(installation: LocalInstallation, wanted: ImportRequest, who: str = "admin") -> tuple[ImageVersion, Operation]:
    with installation.request(who) as request:
        return begin_import(request, wanted)


def definition_of(installation: LocalInstallation, version: ImageVersion) -> ImageDefinition:
    with installation.context.database(reading=True) as uow:
        return uow.definitions.get(version.definition_id)


def test_a_new_image_is_named_after_what_it_is_called(installation: LocalInstallation) -> None:
    version, operation = begin(installation, asked(installation, regions=("brazilsoutheast", "brazilsouth")))

    assert installation.run(operation).status is OperationStatus.SUCCEEDED
    assert version.resource_id.endswith("/galleries/gal/images/Algebra-turma-A/versions/1.0.0")
    definition = definition_of(installation, version)
    assert (definition.display_name, definition.os_state) == ("Álgebra — turma A", OsState.SPECIALIZED)
    with installation.context.database(reading=True) as uow:
        assert [each.region for each in uow.versions.replicas(version.id)] == ["brazilsouth", "brazilsoutheast"]


def test_a_second_image_of_the_same_words_gets_another_name(installation: LocalInstallation) -> None:
    long = "x" * 90
    first, _ = begin(installation, asked(installation, new=replace(NEW, display_name=long)))
    second, _ = begin(installation, asked(installation, new=replace(NEW, display_name=long)))

    assert first.arm_id.parent.name == "x" * 80
    assert second.arm_id.parent.name == "x" * 78 + "-2"


def test_the_next_version_is_above_all_others_and_those_that_can_come_back(installation: LocalInstallation) -> None:
    with installation.request() as request:
        gallery = request.uow.galleries.get_by_key(GALLERY.key)
        gallery.soft_delete = True
    for number in ("1.9.0", "1.10.0"):
        installation.run(installation.begin_import("linux", disk_bytes(MIB), version=number))
    with installation.request() as request:
        remove_version(request, version_id("linux", "1.10.0"))

    version, operation = begin(installation, asked(installation, new=None, image=version_id("linux").parent))

    assert version.name == "1.10.1"
    assert installation.run(operation).status is OperationStatus.SUCCEEDED
    with installation.request() as request:
        restore_version(request, version_id("linux", "1.10.0"))
        assert str(next_number(request, None)) == "1.0.0"


def test_a_number_that_is_taken_or_none_is_refused_with_a_better_one(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    image = version_id("linux").parent
    with pytest.raises(Conflict, match=r"such as 1\.0\.1"):
        begin(installation, asked(installation, new=None, image=image, version="1.0.0"))
    with pytest.raises(Invalid, match="not a version"):
        begin(installation, asked(installation, new=None, image=image, version="1.0"))


def test_a_file_becomes_one_version(installation: LocalInstallation) -> None:
    wanted = asked(installation)
    begin(installation, wanted)

    with pytest.raises(Conflict, match=r"version 1\.0\.0 of 'Algebra-turma-A' already"):
        begin(installation, replace(wanted, new=replace(NEW, display_name="Other")))


def test_nothing_is_left_of_an_import_that_is_refused(installation: LocalInstallation) -> None:
    for wanted, error in (
        (asked(installation, new=None), Invalid),
        (asked(installation, new=replace(NEW, display_name=" ")), Invalid),
        (asked(installation, regions=("atlantis",)), Invalid),
        (asked(installation, upload="ab" * 16), NotFound),
    ):
        with pytest.raises(error):
            begin(installation, wanted)
    with pytest.raises(NotFound):
        begin(installation, asked(installation), who="educator")

    with installation.context.database(reading=True) as uow:
        assert uow.definitions.below(GALLERY.key) == []


def test_who_may_import_where(installation: LocalInstallation) -> None:
    found = {}
    for who in ("admin", "educator", "nobody"):
        with installation.request(who) as request:
            found[who] = [each.name for each in importing_galleries(request, f"/subscriptions/{SUBSCRIPTION}")]

    assert found == {"admin": ["gal"], "educator": [], "nobody": []}


def test_the_price_is_that_of_the_file_and_of_sending_it_elsewhere(installation: LocalInstallation) -> None:
    settings, facts = installation.context.settings, FileFacts(format="qcow2", virtual_size=8 << 30, file_size=1 << 30)

    home, other = import_prices(settings, facts, ["brazilsouth", "westeurope"], home="brazilsouth")

    assert home.stored_bytes == other.stored_bytes == other.send_bytes == 1 << 30
    assert home.send_bytes == 0
    assert home.price_once == 0
    assert other.price_month == settings.prices.gb_month
    assert other.price_once == settings.prices.gb_sent


def test_uploads_are_listed_with_what_arrived(installation: LocalInstallation) -> None:
    id = installation.upload(disk_bytes(MIB))
    admin, educator = (Caller(principal=installation.people[name], assignments=[]) for name in ("admin", "educator"))
    uploads = StoredUploads(requests=installation.requests, files=installation.context.uploads)

    found = uploads.list(admin)

    assert [(each.id, each.offset) for each in found] == [(id, MIB)]
    assert uploads.list(educator) == []
