"""An administrator's lab account in the browser: gallery, images, policies; what others may not do says who can."""

from typing import Any

import httpx
import pytest

from galeria.domain.images.galleries import OsType
from galeria.domain.images.soft_delete import Retention
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import OperationStatus, ProvisioningState, ReplicaState
from tests.interfaces.web.served import Portal, text_of, title_of
from tests.local_installation import GALLERY, GROUP, SUBSCRIPTION, version_id
from tests.version_rows import HOME, VersionRows, add_image

ACCOUNT = "/accounts/campus/labs"
DONE = ReplicaState.COMPLETED


def follow(client: httpx.Client, answer: httpx.Response) -> str:
    """What is read on the page that a form led to."""
    return text_of(client.get(answer.headers["location"]))


def detach(portal: Portal, client: httpx.Client) -> str:
    return follow(client, portal.post(client, f"{ACCOUNT}/gallery/detach"))


def add_shelf(portal: Portal) -> None:
    """One image for each obstacle that there is, and one without any."""
    failed = VersionRows(sealed=False, state=ProvisioningState.FAILED, replicas=())
    making = VersionRows(sealed=False, state=ProvisioningState.CREATING, replicas=((HOME, ReplicaState.PENDING, None),))
    with portal.installation.request() as request:
        add_image(request, "fine", VersionRows())
        add_image(request, "big", VersionRows(sizes=(200,)))
        add_image(request, "pair", VersionRows(sizes=(8, 8)))
        add_image(request, "europe", VersionRows(replicas=(("westeurope", DONE, None),)), VersionRows(number="1.0.1"))
        add_image(request, "away", VersionRows(number="1.2.0", replicas=(("westeurope", DONE, None),)))
        add_image(request, "empty")
        add_image(request, "excluded", VersionRows(number="3.0.0", excluded=True))
        add_image(request, "retained", VersionRows(retention=Retention.SOFT_DELETED))
        add_image(request, "windows", VersionRows(), os_type=OsType.WINDOWS)
        add_image(request, "failed", failed)
        add_image(request, "making", making)
        request.uow.flush()
        for name, status in (("failed", OperationStatus.FAILED), ("making", OperationStatus.IN_PROGRESS)):
            version = request.uow.versions.get_by_key(version_id(name).key)
            request.uow.operations.add(
                Operation(
                    id=f"operation-{name}",
                    kind=OperationKind.CREATE_VERSION,
                    status=status,
                    subscription_id=SUBSCRIPTION,
                    location=HOME,
                    resource_id=version.resource_id,
                    subject=version.id,
                    started_by=request.caller.principal.id,
                    created_at=request.clock.now(),
                )
            )


def rows_of(answer: httpx.Response) -> dict[str, str]:
    """Name of the image → the HTML of its row."""
    parts = answer.text.split("<tbody>")[1].split("<tr>")[1:]
    return {part.split('name="image" value="')[1].split('"')[0]: part for part in parts}


def test_whoever_has_one_lab_account_goes_straight_to_it(portal: Portal) -> None:
    admin = portal.browser()
    assert admin.get("/accounts").headers["location"] == ACCOUNT
    portal.post(admin, "/accounts/new", name="evening", group="campus", location="westeurope")
    listed = admin.get("/accounts")
    assert ("labs" in text_of(listed), "evening" in text_of(listed)) == (True, True)
    assert title_of(admin.get("/accounts/campus/evening")) == "evening"


def test_a_new_account_asks_for_a_name_that_is_free(portal: Portal) -> None:
    admin = portal.browser()
    taken = portal.post(admin, "/accounts/new", status=400, name="labs", group="campus", location="westeurope")
    assert "There is a lab account &#39;labs&#39; already." in taken.text
    assert 'value="westeurope" selected' in taken.text, "what was chosen is not lost"
    wrong = portal.post(admin, "/accounts/new", status=400, name="1 2", group="campus", location="westeurope")
    assert ('value="1 2"' in wrong.text, 'aria-invalid="true"' in wrong.text) == (True, True)


def test_a_gallery_is_created_with_a_name_only_and_attached_at_once(portal: Portal) -> None:
    admin = portal.browser()
    assert "Create one, or attach one that there is" in detach(portal, admin)
    said = follow(admin, portal.post(admin, f"{ACCOUNT}/gallery/create", name="spring"))
    assert "The gallery spring was made and attached." in said
    gallery = portal.installation.context.database(reading=True)
    with gallery as uow:
        made = uow.galleries.get_by_key(GROUP.resource("Microsoft.Compute", "galleries", "spring").key)
    assert (made.location, made.name) == (HOME, "spring")


def test_a_wrong_name_of_a_gallery_is_given_back_with_the_reason(portal: Portal) -> None:
    admin = portal.browser(language="pt-BR")
    detach(portal, admin)
    again = portal.post(admin, f"{ACCOUNT}/gallery/create", status=400, name="no good")
    assert ('value="no good"' in again.text, 'aria-invalid="true"' in again.text) == (True, True)
    assert title_of(again) == "Criar uma galeria de imagens compartilhadas"


def test_a_gallery_that_there_is_is_attached_from_the_list(portal: Portal) -> None:
    admin = portal.browser()
    detach(portal, admin)
    assert str(GALLERY) in admin.get(f"{ACCOUNT}/gallery/attach").text
    assert "Choose one of the list." in text_of(portal.post(admin, f"{ACCOUNT}/gallery/attach", status=400))
    said = follow(admin, portal.post(admin, f"{ACCOUNT}/gallery/attach", gallery=str(GALLERY)))
    assert "The gallery gal is attached." in said


def test_another_one_is_refused_while_one_is_attached(portal: Portal) -> None:
    admin = portal.browser()
    page = text_of(admin.get(f"{ACCOUNT}/gallery"))
    assert page.count("Detach that one first; an account has one gallery at a time.") == 2, "Create and Attach say why"
    refused = portal.post(admin, f"{ACCOUNT}/gallery/create", status=400, name="second")
    assert "Detach that one first" in text_of(refused)


def test_before_a_detach_it_is_said_what_becomes_of_the_labs(portal: Portal) -> None:
    with portal.installation.request() as request:
        add_image(request, "fine", VersionRows())
    portal.installation.begin_lab("algebra", GALLERY.child("images", "fine"))
    admin = portal.browser()
    asked = text_of(admin.get(f"{ACCOUNT}/gallery/detach"))
    assert "1 lab of this account goes on as it is" in asked
    assert "The labs that there are go on." in detach(portal, admin)
    assert admin.get(f"{ACCOUNT}/gallery/detach").status_code == 200


def test_every_image_is_listed_with_its_reason_and_the_button_that_resolves_it(portal: Portal) -> None:
    add_shelf(portal)
    admin = portal.browser()
    portal.post(admin, f"{ACCOUNT}/images", image=["windows"], disable="yes")
    rows = rows_of(admin.get(f"{ACCOUNT}/images"))
    image = "/galleries/campus/gal/images"
    cures = {
        "fine": ">available for labs<",
        "europe": ">available for labs<",
        "big": f'href="{ACCOUNT}/policies?limit=201"',
        "pair": 'href="/import?image=',
        "away": f'href="{image}/away/versions/1.2.0/regions?add=brazilsouth"',
        "empty": 'href="/import?image=',
        "excluded": f'href="{image}/excluded/versions/3.0.0"',
        "retained": f'href="{image}/retained#deleted"',
        "windows": 'name="enable_one" value="windows"',
        "failed": 'formaction="/operations/operation-failed/retry"',
        "making": 'href="/operations/operation-making"',
    }
    assert rows.keys() == cures.keys()
    assert {name: cure for name, cure in cures.items() if cure not in rows[name]} == {}
    assert {name for name, row in rows.items() if ">not available for labs<" in row} == cures.keys() - {
        "fine",
        "europe",
    }
    assert "Import a version with one disk" in rows["pair"]
    assert "Raise the limit to 201 GB" in rows["big"]


def test_several_images_are_switched_at_once(portal: Portal) -> None:
    add_shelf(portal)
    admin = portal.browser()
    said = follow(admin, portal.post(admin, f"{ACCOUNT}/images?q=f", image=["fine", "failed"], disable="yes"))
    assert "2 images were disabled." in said
    assert rows_of(admin.get(f"{ACCOUNT}/images?status=disabled")).keys() == {"fine", "failed"}
    one = portal.post(admin, f"{ACCOUNT}/images?status=disabled", enable_one="fine", image=["failed"])
    assert one.headers["location"] == f"{ACCOUNT}/images?status=disabled", "back to what was looked at"
    assert rows_of(admin.get(f"{ACCOUNT}/images?status=disabled")).keys() == {"failed"}
    nothing = portal.post(admin, f"{ACCOUNT}/images?q=fine", status=400, enable="yes")
    assert "No image is ticked." in text_of(nothing)
    assert rows_of(nothing).keys() == {"fine"}


def test_images_are_filtered_by_text_state_and_region(portal: Portal) -> None:
    add_shelf(portal)
    admin = portal.browser()

    def names(query: str) -> set[str]:
        return set(rows_of(admin.get(f"{ACCOUNT}/images?{query}")))

    assert names("q=AIR") == {"pair"}
    assert names("status=usable") == {"fine", "europe", "windows"}
    assert names("status=usable&region=westeurope") == {"europe", "away"}
    assert "unusable" not in names("status=unusable")
    assert "No image fits." in text_of(admin.get(f"{ACCOUNT}/images?q=zzz"))
    assert admin.get(f"{ACCOUNT}/images?region=moon").status_code == 400
    assert names("status=odd&page=-1") == names("")


def test_a_long_list_comes_in_pages(portal: Portal) -> None:
    with portal.installation.request() as request:
        for number in range(60):
            add_image(request, f"image-{number:02}")
    admin = portal.browser()
    first, second = (rows_of(admin.get(f"{ACCOUNT}/images?q=image&page={number}")) for number in (1, 2))
    assert (len(first), len(second), first.keys() & second.keys()) == (50, 10, set())
    assert 'href="?q=image&amp;page=2"' in admin.get(f"{ACCOUNT}/images?q=image").text


def test_policies_are_saved_and_wrong_ones_given_back(portal: Portal) -> None:
    admin = portal.browser()
    assert 'value="201"' in admin.get(f"{ACCOUNT}/policies?limit=201").text, "proposed, not saved"
    place, regions = f"{ACCOUNT}/policies", ["westeurope", "northeurope"]
    wrong = portal.post(
        admin, place, status=400, os_disk_limit_gb="many", allowed_regions=regions, enable_by_default="no", email="x"
    )
    assert "&#39;many&#39; is not a whole number." in wrong.text
    assert ('value="many"' in wrong.text, wrong.text.count(" checked")) == (True, 4), "nothing typed is lost"
    none = portal.post(admin, place, status=400, os_disk_limit_gb="64", enable_by_default="no")
    assert "Choose one region at least." in text_of(none)
    saved = portal.post(
        admin, place, os_disk_limit_gb="64", enable_by_default="no", email="it@example.org", allowed_regions=regions
    )
    said = follow(admin, saved)
    assert "The policies were saved." in said
    overview = text_of(admin.get(ACCOUNT))
    assert "OS disks under 64 GB; new images are disabled until somebody enables them." in overview
    assert "West Europe, North Europe" in overview
    assert "it@example.org" in overview


def test_what_machines_reach_is_chosen_on_the_page(portal: Portal) -> None:
    admin, place = portal.browser(), f"{ACCOUNT}/policies"
    sent: dict[str, Any] = {
        "os_disk_limit_gb": "64",
        "enable_by_default": "yes",
        "allowed_regions": ["westeurope"],
        "internet": "Names",
    }
    wrong = portal.post(admin, place, status=400, **sent, names="pypi.org\nno name")
    assert "&#39;no&#39; is no name of the internet." in wrong.text
    assert "pypi.org\nno name</textarea>" in wrong.text, "nothing typed is lost"
    portal.post(admin, place, **sent, names="pypi.org, *.debian.org")
    shown = admin.get(place).text
    assert "pypi.org\n*.debian.org</textarea>" in shown
    assert 'value="Names" checked' in shown
    assert 'id="common-network" name="common_network" value="yes">' in shown
    portal.post(admin, place, **sent | {"internet": "Closed"}, names="", common_network="yes")
    shown = admin.get(place).text
    assert 'value="Closed" checked' in shown
    assert 'id="common-network" name="common_network" value="yes" checked' in shown


def test_an_account_is_deleted_after_it_was_said_what_that_means(portal: Portal) -> None:
    with portal.installation.request() as request:
        add_image(request, "fine", VersionRows())
    portal.installation.begin_lab("algebra", GALLERY.child("images", "fine"))
    admin = portal.browser()
    assert "It goes on, and can no longer export its template." in text_of(admin.get(f"{ACCOUNT}/delete"))
    assert portal.post(admin, f"{ACCOUNT}/delete").headers["location"] == "/accounts"
    assert "The lab account is deleted." in text_of(admin.get("/accounts"))
    assert admin.get(ACCOUNT).status_code == 404


PAGES = ("", "/gallery", "/gallery/create", "/gallery/attach", "/gallery/detach", "/images", "/policies", "/delete")
FORMS = ("/gallery/create", "/gallery/attach", "/gallery/detach", "/images", "/policies", "/delete")


@pytest.mark.parametrize("place", PAGES)
def test_an_educator_sees_it_and_is_told_who_can_change_it(portal: Portal, place: str) -> None:
    answer = portal.browser("educator").get(ACCOUNT + place)
    assert answer.status_code == 200
    assert "Admin can do this." in text_of(answer)
    assert 'class="button main"' not in answer.text


@pytest.mark.parametrize("place", FORMS)
def test_what_a_page_does_not_offer_is_refused(portal: Portal, place: str) -> None:
    with portal.installation.request() as request:
        add_image(request, "fine", VersionRows())
    educator = portal.browser("educator")
    fields: dict[str, str | list[str]] = {
        "name": "mine",
        "gallery": str(GALLERY),
        "image": ["fine"],
        "os_disk_limit_gb": "1",
        "allowed_regions": ["westeurope"],
    }
    answer = educator.post(ACCOUNT + place, data={"csrf": portal.token(educator), **fields}, headers=portal.own_origin)
    assert (answer.status_code, "You may not do this here." in text_of(answer)) == (403, True)


@pytest.mark.parametrize("place", PAGES)
def test_nobody_without_a_role_sees_anything(portal: Portal, place: str) -> None:
    assert portal.browser("nobody").get(ACCOUNT + place).status_code == 404
    assert portal.stranger().get(ACCOUNT + place).headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("place", ["/accounts/new", *(ACCOUNT + each for each in PAGES)])
def test_every_page_speaks_both_languages(portal: Portal, place: str) -> None:
    add_shelf(portal)
    english, portuguese = (portal.browser(language=each).get(place) for each in ("en", "pt-BR"))
    assert (english.status_code, portuguese.status_code) == (200, 200)
    assert ('lang="en"' in english.text, 'lang="pt-BR"' in portuguese.text) == (True, True)
    if place != ACCOUNT:  # its title is its name
        assert title_of(english) != title_of(portuguese)
