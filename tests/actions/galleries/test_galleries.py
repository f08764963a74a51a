"""Galleries and image definitions: what is unique, what never changes, and in what order they go."""

from dataclasses import replace

import pytest

from galeria.actions.core.groups import put_group
from galeria.actions.galleries.definitions import delete_definition, list_definitions, put_definition
from galeria.actions.galleries.galleries import delete_gallery, get_gallery, list_galleries, put_gallery
from galeria.actions.labs.labs import delete_lab
from galeria.actions.versions.versions import delete_version
from galeria.domain.errors import Conflict, GaleriaError, Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import Generation, OsState, OsType
from tests.local_installation import (
    ACCOUNT,
    GALLERY,
    GROUP,
    MIB,
    SUBSCRIPTION,
    LocalInstallation,
    definition,
    disk_bytes,
    lab_id,
    version_id,
)

IMAGE = GALLERY.child("images", "linux")


def add_gallery(
    installation: LocalInstallation, id: ResourceId, who: str = "admin", location: str = "brazilsouth"
) -> bool:
    with installation.request(who) as request:
        return put_gallery(request, id, location=location, tags={"a": "b"}, description="ours")[1]


def test_a_gallerys_name_is_unique_in_the_subscription_in_any_case(installation: LocalInstallation) -> None:
    other = ResourceId(SUBSCRIPTION, "elsewhere")
    with installation.request() as request:
        put_group(request, other, location="brazilsouth", tags={})
    with pytest.raises(Conflict) as refused:
        add_gallery(installation, other.resource("Microsoft.Compute", "galleries", "GAL"))
    assert refused.value.code == "GalleryNotUniqueInSubscription"
    assert add_gallery(installation, other.resource("Microsoft.Compute", "galleries", "gal_2"))


def test_a_gallery_put_again_is_changed_not_made(installation: LocalInstallation) -> None:
    shouted = ResourceId.parse(str(GALLERY).upper())
    assert not add_gallery(installation, shouted, location="Brazil South")
    with installation.request() as request:
        gallery = get_gallery(request, GALLERY)
    assert (gallery.description, gallery.tags, gallery.name) == ("ours", {"a": "b"}, "gal")


def test_a_gallery_does_not_move(installation: LocalInstallation) -> None:
    with pytest.raises(Conflict, match="cannot move to westeurope"):
        add_gallery(installation, GALLERY, location="westeurope")


def test_a_gallery_needs_a_group_and_a_right(installation: LocalInstallation) -> None:
    with pytest.raises(NotFound, match="Resource group 'nowhere'"):
        add_gallery(installation, ResourceId(SUBSCRIPTION, "nowhere").resource("Microsoft.Compute", "galleries", "g2"))
    with pytest.raises(NotFound, match="gallery 'g2' was not found"):
        add_gallery(installation, GROUP.resource("Microsoft.Compute", "galleries", "g2"), who="educator")


def test_only_what_a_person_may_see_is_listed(installation: LocalInstallation) -> None:
    for who, seen in (("admin", ["gal"]), ("educator", []), ("nobody", [])):
        with installation.request(who) as request:
            assert [each.name for each in list_galleries(request, f"/subscriptions/{SUBSCRIPTION}")] == seen


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"os_type": OsType.WINDOWS}, "osType"),
        ({"os_state": OsState.SPECIALIZED}, "osState"),
        ({"generation": Generation.V2}, "hyperVGeneration"),
        ({"publisher": "x"}, "identifier.publisher"),
        ({"offer": "x"}, "identifier.offer"),
        ({"sku": "x"}, "identifier.sku"),
    ],
)
def test_what_describes_the_system_never_changes(
    installation: LocalInstallation, change: dict[str, str], named: str
) -> None:
    with installation.request() as request:
        assert put_definition(request, IMAGE, definition("linux"))[1]
    with pytest.raises(Invalid) as refused, installation.request() as request:
        put_definition(request, IMAGE, replace(definition("linux"), **change))  # type: ignore[arg-type]
    assert refused.value.code == "PropertyChangeNotAllowed"
    assert refused.value.message == f"Changing property 'galleryImage.properties.{named}' is not allowed."


def test_texts_of_a_definition_may_change(installation: LocalInstallation) -> None:
    with installation.request() as request:
        put_definition(request, IMAGE, definition("linux"))
    with installation.request() as request:
        changed, is_new = put_definition(request, IMAGE, replace(definition("linux"), display_name="Álgebra"))
    assert (changed.display_name, is_new) == ("Álgebra", False)


def test_publisher_offer_and_sku_are_unique_together(installation: LocalInstallation) -> None:
    with installation.request() as request:
        put_definition(request, IMAGE, definition("linux"))
    with pytest.raises(Conflict, match="the same as those of 'linux'"), installation.request() as request:
        put_definition(request, GALLERY.child("images", "other"), replace(definition("linux"), sku="LINUX"))
    with installation.request() as request:
        put_definition(request, GALLERY.child("images", "other"), definition("other"))
        request.uow.flush()
        assert [each.name for each in list_definitions(request, GALLERY)] == ["linux", "other"]


def test_a_definition_without_gallery_or_identifier_is_refused(installation: LocalInstallation) -> None:
    lost = GROUP.resource("Microsoft.Compute", "galleries", "none").child("images", "linux")
    for id, wanted, code in (
        (lost, definition("linux"), "ParentResourceNotFound"),
        (IMAGE, replace(definition("linux"), sku=""), "InvalidParameter"),
    ):
        with pytest.raises(GaleriaError) as refused, installation.request() as request:
            put_definition(request, id, wanted)
        assert refused.value.code == code


def test_what_has_something_inside_is_not_deleted(installation: LocalInstallation) -> None:
    """Version, then definition, then gallery; and the gallery only when no account has it."""
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    nested = "Cannot delete resource while nested resources exist. Some existing nested resource IDs include: "
    with pytest.raises(Conflict) as refused, installation.request() as request:
        delete_gallery(request, GALLERY)
    assert refused.value.message.startswith(nested + "'Microsoft.Compute/galleries/gal/images/linux'")
    assert refused.value.code == "CannotDeleteResource"
    with pytest.raises(Conflict) as refused, installation.request() as request:
        delete_definition(request, IMAGE)
    assert refused.value.message.startswith(nested + "'Microsoft.Compute/galleries/gal/images/linux/versions/1.0.0'")
    with installation.request() as request:
        operation = delete_version(request, version_id("linux"))
    installation.run(operation)
    with installation.request() as request:
        assert delete_definition(request, IMAGE)
    with pytest.raises(Conflict, match="attached to: labs"), installation.request() as request:
        delete_gallery(request, GALLERY)
    detach(installation)
    with installation.request() as request:
        assert delete_gallery(request, GALLERY)
        assert not delete_gallery(request, GALLERY)
        assert not delete_definition(request, IMAGE)


def test_a_gallery_may_go_though_a_lab_was_made_from_it(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    installation.run(installation.begin_lab("algebra", IMAGE))
    with installation.request() as request:
        operation = delete_version(request, version_id("linux"))
    installation.run(operation)
    detach(installation)
    with installation.request() as request:
        assert delete_definition(request, IMAGE)
    with installation.request() as request:
        assert delete_gallery(request, GALLERY)
    assert installation.engine.read(installation.guest_of("algebra"), 0, MIB) == disk_bytes(MIB)
    with installation.request("educator") as request:
        gone = delete_lab(request, lab_id("algebra"))
    assert installation.run(gone).error_message == ""


def detach(installation: LocalInstallation) -> None:
    with installation.request() as request:
        request.uow.accounts.get_by_key(ACCOUNT.key).gallery_id = None


def test_there_is_a_limit_of_galleries_for_a_region(
    installation: LocalInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("galeria.actions.galleries.galleries.MOST", 1)
    with pytest.raises(Conflict, match="at most 1 resources of the type"):
        add_gallery(installation, GROUP.resource("Microsoft.Compute", "galleries", "second"))
    assert not add_gallery(installation, GALLERY), "what is there may still be changed"
    assert add_gallery(installation, GROUP.resource("Microsoft.Compute", "galleries", "second"), location="westeurope")


@pytest.mark.parametrize(("module", "image"), [("galleries.definitions", "other"), ("versions.versions", "linux")])
def test_there_is_a_limit_of_images_and_versions(
    installation: LocalInstallation, monkeypatch: pytest.MonkeyPatch, module: str, image: str
) -> None:
    assert installation.run(installation.begin_import("linux", disk_bytes(MIB))).error_message == ""
    monkeypatch.setattr(f"galeria.actions.{module}.MOST", 1)
    with pytest.raises(Conflict, match="at most 1 resources"):
        installation.begin_import(image, disk_bytes(MIB), version="2.0.0")
