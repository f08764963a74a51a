"""A link to what was deleted leads to a page that says so, for those who may know of it."""

import pytest

from galeria.actions.galleries.definitions import delete_definition
from galeria.actions.galleries.galleries import delete_gallery, put_gallery
from galeria.actions.labs.accounts import delete_account
from galeria.actions.labs.labs import delete_lab
from galeria.actions.versions.versions import remove_version
from tests.interfaces.web.served import NewPortal, Portal, text_of, title_of
from tests.local_installation import ACCOUNT, GALLERY, GROUP, lab_id, version_id
from tests.prepared_installations import with_lab

LAB = "/labs/campus/algebra"
VERSION = "/galleries/campus/gal/images/linux/versions/1.0.0"
OTHER = GROUP.resource("Microsoft.Compute", "galleries", "other")


@pytest.fixture
def emptied(new_portal: NewPortal) -> Portal:
    """The educator has deleted the lab, and the administrator its image, the account, and a gallery of its own."""
    portal = new_portal(with_lab)
    installation = portal.installation
    with installation.request("educator") as request:
        operation = delete_lab(request, lab_id("algebra"))
    installation.run(operation)
    with installation.request() as request:
        operation = remove_version(request, version_id("linux"), bypass_soft_delete=True).operation
    installation.run(operation)
    with installation.request() as request:
        delete_definition(request, version_id("linux").parent)
        delete_account(request, ACCOUNT)
        put_gallery(request, OTHER, location="brazilsouth", tags={}, description="")
    with installation.request() as request:
        delete_gallery(request, OTHER)
    return portal


@pytest.mark.parametrize(
    ("place", "name", "by"),
    [
        (LAB, "algebra", "Educator"),
        (f"{LAB}/export", "algebra", "Educator"),
        (VERSION, "linux 1.0.0", "Admin"),
        (f"{VERSION}/delete", "linux 1.0.0", "Admin"),
        ("/galleries/campus/gal/images/linux", "linux", "Admin"),
        ("/galleries/campus/other", "other", "Admin"),
        ("/galleries/campus/other/settings", "other", "Admin"),
        ("/accounts/campus/labs", "labs", "Admin"),
    ],
)
def test_what_was_deleted_is_said_to_be(emptied: Portal, place: str, name: str, by: str) -> None:
    page = emptied.browser().get(place)

    assert page.status_code == 404
    assert title_of(page) == f"{name} was deleted"
    assert f"By {by}, " in text_of(page)


def test_who_deleted_their_own_lab_is_told_so(emptied: Portal) -> None:
    page = emptied.browser("educator", "pt-BR").get(LAB)

    assert title_of(page) == "Excluído: algebra"
    assert "Por Educator" in text_of(page)


def test_others_learn_nothing_of_it(emptied: Portal) -> None:
    for place in (LAB, VERSION, "/accounts/campus/labs", "/galleries/campus/other"):
        page = emptied.browser("nobody").get(place)
        assert page.status_code in (403, 404)
        assert "was deleted" not in text_of(page), place


def test_what_never_was_is_not_found(emptied: Portal) -> None:
    for place in ("/labs/campus/none", "/galleries/campus/gal/images/none", "/galleries/campus", "/labs/campus"):
        page = emptied.browser().get(place)
        assert page.status_code == 404
        assert "was deleted" not in text_of(page)


def test_what_is_there_again_is_not_said_to_be_deleted(emptied: Portal) -> None:
    with emptied.installation.request() as request:
        put_gallery(request, OTHER, location="brazilsouth", tags={}, description="")
    page = emptied.browser().get("/galleries/campus/other/images/none")
    assert title_of(page) == "Not found"
    assert emptied.browser().get("/galleries/campus/other").status_code == 200
    assert GALLERY.name in text_of(emptied.browser().get("/galleries"))
