"""Who can change what is missing is led there, and is not told to ask an administrator."""

import pytest

from galeria.actions.labs.accounts import AccountRequest, delete_account, put_account
from galeria.actions.labs.image_switches import enable_image
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import ACCOUNT, SUBSCRIPTION
from tests.prepared_installations import with_lab, with_linux
from tests.role_assignments import assign_role

GALLERY_OF_ACCOUNT = "/accounts/campus/labs/gallery"


def detach(portal: Portal) -> None:
    with portal.installation.request() as request:
        put_account(request, ACCOUNT, AccountRequest(location="brazilsouth", tags={}, gallery=None))


@pytest.mark.parametrize("place", ["/images", "/labs/new", "/labs/campus/algebra", "/labs/campus/algebra/export"])
def test_a_gallery_that_is_missing_is_attached_from_there(new_portal: NewPortal, place: str) -> None:
    portal = new_portal(with_lab)
    detach(portal)

    own, others = portal.browser().get(place), portal.browser("educator").get(place)

    assert f'href="{GALLERY_OF_ACCOUNT}"' in own.text
    assert "dministrator" not in text_of(own)
    assert f'href="{GALLERY_OF_ACCOUNT}"' not in others.text
    assert "dministrator" in text_of(others)
    assert portal.browser().get(GALLERY_OF_ACCOUNT).status_code == 200


def test_an_empty_gallery_is_filled_from_there(portal: Portal) -> None:
    for place in ("/images", "/labs/new"):
        main = portal.browser().get(place).text.partition("<main")[2]
        assert 'href="/import"' in main, place
        assert 'href="/import"' not in portal.browser("educator").get(place).text.partition("<main")[2], place


def test_an_image_that_is_switched_off_is_found_where_it_is_switched_on(new_portal: NewPortal) -> None:
    portal = new_portal(with_linux)
    with portal.installation.request() as request:
        enable_image(request, ACCOUNT, "linux", enabled=False)

    own, others = portal.browser().get("/labs/new"), portal.browser("educator").get("/labs/new")

    assert 'href="/accounts/campus/labs/images"' in own.text.partition("<main")[2]
    assert "An administrator of the account can enable it." not in text_of(own)
    assert "An administrator of the account can enable it." in text_of(others)


def test_without_an_account_the_administrator_is_led_to_making_one(portal: Portal) -> None:
    with portal.installation.request() as request:
        delete_account(request, ACCOUNT)

    own, others = portal.browser().get("/labs/new"), portal.browser("educator").get("/labs/new")

    assert "create that first" in text_of(own)
    assert "An administrator makes one first" not in text_of(own)
    assert "An administrator makes one first" in text_of(others)


def test_who_gives_roles_is_led_to_their_own(new_portal: NewPortal) -> None:
    portal = new_portal(with_linux)
    assign_role(portal.installation, "nobody", "User Access Administrator", f"/subscriptions/{SUBSCRIPTION}")
    browser = portal.browser("nobody")

    for place in ("/labs", "/labs/new", "/galleries/campus/gal/images/linux/versions/1.0.0"):
        page = browser.get(place)
        assert 'href="/people/nobody"' in page.text, place
        assert "Give yourself a role" in text_of(page), place
    assert browser.get("/people/nobody").status_code == 200
    refused = portal.post(browser, "/galleries/campus/gal/delete", status=403)
    assert "Give yourself a role" in text_of(refused)
    assert "Give yourself a role" not in text_of(portal.browser("educator").get("/labs"))
