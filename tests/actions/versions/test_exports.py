"""Exporting a template: who may, under which name and number, to which regions, and what it is said to cost."""

from dataclasses import replace
from functools import partial

import pytest

from galeria.actions.core.locks import put_lock
from galeria.actions.galleries.definitions import put_definition
from galeria.actions.labs.accounts import AccountRequest, put_account
from galeria.actions.labs.labs import delete_lab
from galeria.actions.versions.exports import ExportEstimate, ExportRequest, estimate_export, export_template
from galeria.actions.versions.replication_size import copy_bytes
from galeria.domain.errors import Conflict, Forbidden, GaleriaError, Invalid, NotFound
from galeria.domain.images.galleries import Generation, ImageDefinition, ImageVersion, OsState
from galeria.domain.locks import LockLevel
from galeria.domain.operations import Operation
from tests.local_installation import ACCOUNT, GALLERY, MIB, LocalInstallation, definition, lab_id
from tests.prepared_installations import MakeInstallation, with_running_lab
from tests.role_assignments import assign_role

CHUNK = 256 * 1024  # bytes; what a store reads at least
BRAZIL = ("brazilsouth", "brazilsoutheast")
WANTED = ExportRequest(lab=lab_id("algebra"), machine="template", name="Álgebra — turma A")


def teach(installation: LocalInstallation) -> None:
    """A running lab of the educator, with something written on its disk."""
    with_running_lab(installation)
    installation.engine.write(installation.guest_of("algebra"), MIB // 2, b"lesson one")


@pytest.fixture
def taught(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(teach)


def export(
    installation: LocalInstallation, wanted: ExportRequest = WANTED, who: str = "educator"
) -> tuple[ImageDefinition, ImageVersion, Operation]:
    with installation.request(who) as request:
        return export_template(request, ACCOUNT, wanted)


def estimate(installation: LocalInstallation, wanted: ExportRequest = WANTED) -> ExportEstimate:
    with installation.request("educator") as request:
        measure = partial(copy_bytes, stores=installation.context.stores)
        return estimate_export(request, ACCOUNT, wanted, installation.engine, installation.context.stores, measure)


def refusal(installation: LocalInstallation, wanted: ExportRequest = WANTED, who: str = "educator") -> GaleriaError:
    with pytest.raises(GaleriaError) as refused:
        export(installation, wanted, who)
    assert refused.value.hint
    return refused.value


def replicas(installation: LocalInstallation, version: ImageVersion) -> list[str]:
    with installation.context.database(reading=True) as uow:
        return [each.region for each in uow.versions.replicas(version.id)]


def test_it_takes_a_right_on_the_lab_and_one_on_the_account(taught: LocalInstallation) -> None:
    assert isinstance(refusal(taught, who="colleague"), Forbidden)
    assign_role(taught, "nobody", "Owner", lab_id("algebra").key)
    refused = refusal(taught, who="nobody")
    assert isinstance(refused, NotFound)
    assert "lab account 'labs'" in refused.message
    assign_role(taught, "nobody", "Reader", ACCOUNT.key)
    refused = refusal(taught, who="nobody")
    assert isinstance(refused, Forbidden)
    assert "saveImage" in refused.message
    assign_role(taught, "nobody", "Lab Creator", ACCOUNT.key)
    assert export(taught, who="nobody")[0].display_name == "Álgebra — turma A"


def test_a_new_name_makes_a_specialized_image_with_version_1_0_0(taught: LocalInstallation) -> None:
    """Decisions 4, 5, 6 and 8."""
    made, version, operation = export(taught)
    assert (made.name, made.display_name) == ("Algebra-turma-A", "Álgebra — turma A")
    assert made.os_state is OsState.SPECIALIZED
    assert (version.name, version.location) == ("1.0.0", "brazilsouth")
    assert replicas(taught, version) == list(BRAZIL)
    assert version.accounts == ["educator"]
    assert taught.run(operation).error_message == ""


@pytest.mark.parametrize("name", ["Álgebra — turma A", "  álgebra — TURMA a ", "algebra-turma-a"])
def test_the_name_of_an_image_that_exists_gives_its_next_version(taught: LocalInstallation, name: str) -> None:
    first, _, operation = export(taught)
    taught.run(operation)
    second, version, _ = export(taught, replace(WANTED, name=name))
    assert (second.id, version.name) == (first.id, "1.0.1")


def test_another_readable_name_that_would_clash_gets_a_suffix(taught: LocalInstallation) -> None:
    taught.run(export(taught)[2])
    assert export(taught, replace(WANTED, name="Algebra: turma A"))[0].name == "Algebra-turma-A-2"


def test_a_version_may_be_named_and_not_twice(taught: LocalInstallation) -> None:
    _, version, operation = export(taught, replace(WANTED, version="2026.11.23"))
    assert version.name == "2026.11.23"
    taught.run(operation)
    assert isinstance(refusal(taught, replace(WANTED, version="2026.11.23")), Conflict)
    assert isinstance(refusal(taught, replace(WANTED, version="2026.11")), Invalid)
    assert export(taught)[1].name == "2026.11.24"


def test_an_image_of_another_kind_is_not_written_over(taught: LocalInstallation) -> None:
    assert "linux' is Generalized" in refusal(taught, replace(WANTED, name="Linux")).message
    with taught.request() as request:
        other = replace(definition("uefi", OsState.SPECIALIZED), generation=Generation.V2)
        put_definition(request, GALLERY.child("images", "uefi"), other)
    assert "generation V2" in refusal(taught, replace(WANTED, name="uefi")).message


def test_regions_are_narrowed_and_widened_as_far_as_the_policy_goes(taught: LocalInstallation) -> None:
    """Decision 4."""
    narrow = export(taught, replace(WANTED, regions=("Brazil South",)))
    assert replicas(taught, narrow[1]) == ["brazilsouth"]
    taught.run(narrow[2])
    wide = export(taught, replace(WANTED, regions=("westeurope", "West Europe")))
    assert replicas(taught, wide[1]) == ["brazilsouth", "westeurope"]
    with taught.request() as request:
        policy = AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY, allowed_regions=BRAZIL)
        put_account(request, ACCOUNT, policy)
    refused = refusal(taught, replace(WANTED, regions=("westeurope",)))
    assert "does not allow copies in westeurope" in refused.message


def test_only_one_export_of_a_template_runs_at_a_time(taught: LocalInstallation) -> None:
    export(taught)
    assert refusal(taught).message == "The template is busy."


def test_a_template_that_is_on_its_way_is_not_exported(taught: LocalInstallation) -> None:
    taught.begin_stop("algebra")
    assert refusal(taught).message == "The template is busy."


def test_a_lab_that_is_being_deleted_is_not_exported(taught: LocalInstallation) -> None:
    with taught.request("educator") as request:
        delete_lab(request, lab_id("algebra"))
    assert "is being deleted" in refusal(taught).message


def test_names_that_say_nothing_are_refused(taught: LocalInstallation) -> None:
    assert isinstance(refusal(taught, replace(WANTED, name="  ")), Invalid)
    assert refusal(taught, replace(WANTED, machine="vm7")).code == "ResourceNotFound"


def test_without_a_gallery_there_is_nothing_to_export_to(taught: LocalInstallation) -> None:
    with taught.request() as request:
        put_account(request, ACCOUNT, AccountRequest(location="brazilsouth", tags={}))
    assert "has no gallery attached" in refusal(taught).message


def test_an_estimate_changes_nothing_and_bounds_what_happens(taught: LocalInstallation) -> None:
    """The price is shown before an export is started."""
    foreseen = estimate(taught)
    with taught.context.database(reading=True) as uow:
        assert uow.operations.unsettled() == []
        assert [each.name for each in uow.definitions.of_gallery(uow.galleries.get_by_key(GALLERY.key).id)] == ["linux"]
    assert (foreseen.image, foreseen.version, foreseen.is_new_image) == ("Algebra-turma-A", "1.0.0", True)
    assert foreseen.prices_are_examples
    _, version, operation = export(taught)
    taught.run(operation)
    with taught.context.database(reading=True) as uow:
        disk = uow.versions.disks(version.id)[0]
        sent = {each.region: each.sent_bytes for each in uow.versions.replicas(version.id)}
    assert 0 < disk.read_bytes <= foreseen.read_bytes
    for each in foreseen.regions:
        before = [taught.machine("algebra").base_digest] if each.region == "brazilsouth" else []
        stored = taught.context.stores[each.region].holding([disk.digest], others=before).exclusive_bytes
        assert 0 < stored <= each.stored_bytes
        assert sent[each.region] <= each.send_bytes
        assert each.price_month > 0
    home, other = foreseen.regions
    assert home.send_bytes == home.price_once == 0
    assert other.send_bytes > foreseen.read_bytes, "the base is not there yet"
    assert foreseen.price_once == other.price_once


def test_the_price_follows_the_choice_of_regions(taught: LocalInstallation) -> None:
    """Decision 4."""
    all_of_brazil, home = estimate(taught), estimate(taught, replace(WANTED, regions=("brazilsouth",)))
    everywhere = estimate(taught, replace(WANTED, regions=("brazilsouth", "brazilsoutheast", "westeurope")))
    assert home.price_month < all_of_brazil.price_month < everywhere.price_month
    assert home.price_once == 0 < all_of_brazil.price_once < everywhere.price_once


def test_a_second_export_is_estimated_by_its_change_alone(taught: LocalInstallation) -> None:
    first = estimate(taught)
    taught.run(export(taught)[2])
    taught.engine.write(taught.guest_of("algebra"), 0, b"two")
    again = estimate(taught)
    assert (again.version, again.is_new_image) == ("1.0.1", False)
    assert again.read_bytes == CHUNK
    assert (first.is_first, again.is_first) == (True, False)
    assert [each.stored_bytes for each in again.regions] == [CHUNK, CHUNK]
    assert again.regions[1].send_bytes == CHUNK < first.regions[1].send_bytes


def colleague_with_a_lab(installation: LocalInstallation) -> None:
    """The educator exports the first version of an image; a colleague makes a lab of it and starts it."""
    installation.run(export(installation)[2])
    with installation.request("educator") as request:
        found = request.uow.definitions.of_gallery(request.uow.galleries.get_by_key(GALLERY.key).id)
        image = next(each.arm_id for each in found if each.display_name == WANTED.name)
    installation.run(installation.begin_lab("geometry", image, who="colleague"))
    installation.run(installation.begin_start("geometry", who="colleague"))


def test_nobody_publishes_a_version_of_somebody_elses_image(taught: LocalInstallation) -> None:
    colleague_with_a_lab(taught)
    wanted = replace(WANTED, lab=lab_id("geometry"))

    for attempt in (wanted, replace(wanted, version="99.0.0"), replace(wanted, name=WANTED.name.upper())):
        refused = refusal(taught, attempt, "colleague")
        assert isinstance(refused, Forbidden), attempt
        assert "Export under another name" in str(refused.hint)
    with taught.context.database(reading=True) as uow:
        versions = [each.name for each in uow.versions.below(GALLERY.key)]
    assert versions.count("99.0.0") == 0
    assert export(taught, replace(wanted, name="Geometry"), "colleague")[1].name == "1.0.0"


def test_the_author_and_who_may_write_its_versions_go_on_with_an_image(taught: LocalInstallation) -> None:
    colleague_with_a_lab(taught)
    taught.run(export(taught)[2])
    wanted = replace(WANTED, lab=lab_id("geometry"))
    assign_role(taught, "colleague", "Contributor", GALLERY.key)

    version = export(taught, wanted, "colleague")[1]

    assert version.name == "1.0.2"


def test_a_lock_on_an_image_binds_its_author_too(taught: LocalInstallation) -> None:
    definition, _, operation = export(taught)
    taught.run(operation)
    with taught.request("admin") as request:
        put_lock(request, definition.resource_id, "keep", level=LockLevel.READ_ONLY, notes="")

    assert isinstance(refusal(taught), Conflict)
