"""What pages of versions and deletions say agrees with the facts: which labs need them, and why one is not the latest."""

import re

import pytest

from galeria.actions.versions.versions import remove_version
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import GALLERY, MIB, disk_bytes, version_id
from tests.prepared_installations import with_linux

V1 = "/galleries/campus/gal/images/linux/versions/1.0.0"
HOME = "brazilsouth"


@pytest.fixture
def stocked(new_portal: NewPortal) -> Portal:
    return new_portal(with_linux)


def test_what_stays_for_labs_is_named_where_no_lab_was_made_from_the_version(stocked: Portal) -> None:
    browser, installation = stocked.browser(), stocked.installation
    alone = text_of(browser.get(f"{V1}/delete"))
    assert "No lab was made from it." in alone
    assert "labs that need it" not in alone
    installation.run(installation.begin_import("twin", disk_bytes(MIB)))
    installation.run(installation.begin_lab("algebra", version_id("twin")))
    with installation.request() as request:
        operation = remove_version(request, version_id("twin"), bypass_soft_delete=True).operation
    installation.run(operation)

    page = text_of(browser.get(f"{V1}/delete"))

    assert "No lab was made from it." in page
    assert re.search(r"When the labs that need it are gone Brazil South 0 bytes [1-9][0-9]* bytes", page)
    assert "whose own image was deleted and held the same" in page


def test_whoever_made_a_lab_is_named_as_people_know_them(stocked: Portal) -> None:
    browser, installation = stocked.browser(), stocked.installation
    installation.run(installation.begin_lab("algebra", version_id("linux")))

    assert "algebra (Educator)" in text_of(browser.get(f"{V1}/delete"))


def test_a_version_says_why_it_is_not_the_latest(stocked: Portal) -> None:
    browser, installation = stocked.browser(), stocked.installation
    making = installation.begin_import("other", disk_bytes(MIB))
    other = V1.replace("linux", "other")
    assert "Latest not yet: it is not finished" in text_of(browser.get(other))
    installation.run(making)
    assert "Latest Brazil South" in text_of(browser.get(other))

    installation.run(installation.begin_import("other", disk_bytes(MIB), version="2.0.0"))
    assert "Latest not now: a higher number is" in text_of(browser.get(other))
    stocked.post(browser, f"{other}/latest", excluded="yes", region=HOME)
    assert "Latest never: it is excluded" in text_of(browser.get(other))
    with installation.request() as request:
        request.uow.galleries.get_by_key(GALLERY.key).soft_delete = True
    stocked.post(browser, f"{V1}/delete")
    assert "Latest no: it is deleted" in text_of(browser.get(V1))


def test_an_image_whose_version_is_gone_is_not_said_to_have_none_yet(stocked: Portal) -> None:
    with stocked.installation.request() as request:
        operation = remove_version(request, version_id("linux"), bypass_soft_delete=True).operation
    stocked.installation.run(operation)

    page = text_of(stocked.browser().get("/images?show=all"))

    assert "The image has no version." in page
