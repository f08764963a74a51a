"""New lab: what can be chosen, what cannot and why, errors beside fields, and the lab that comes of it."""

import re
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.actions.labs.accounts import AccountRequest, put_account
from galeria.actions.labs.image_switches import enable_image
from galeria.actions.labs.labs import get_lab
from galeria.domain.labs.labs import Lab
from galeria.domain.limits import Limit, Limits
from galeria.domain.settings import Settings
from tests.interfaces.web.labs.new_lab_form import NEW, Fields, beside, check, choices, send
from tests.interfaces.web.served import NewPortal, Portal, serving, text_of
from tests.local_installation import ACCOUNT, GALLERY, GROUP, MIB, PASSWORD, LocalInstallation, disk_bytes, lab_id
from tests.prepared_installations import PreparedInstallations
from tests.role_assignments import assign_role

OTHER = GROUP.resource("Microsoft.LabServices", "labPlans", "evening")


def stock(installation: LocalInstallation) -> None:
    """With `linux` in two regions and `away` in one that is not the account's."""
    installation.run(installation.begin_import("linux", disk_bytes(MIB), regions=("brazilsouth", "brazilsoutheast")))
    installation.run(installation.begin_import("away", disk_bytes(MIB, seed=2), regions=("brazilsouth", "westeurope")))


@pytest.fixture
def stocked(new_portal: NewPortal) -> Portal:
    return new_portal(stock)


@pytest.fixture
def browser(stocked: Portal) -> httpx.Client:
    return stocked.browser("educator")


def made(portal: Portal, name: str) -> Lab:
    with portal.installation.request() as request:
        return get_lab(request, lab_id(name))


def test_the_first_form_proposes_what_it_can(browser: httpx.Client) -> None:
    page = browser.get(NEW)
    assert "checked" in choices(page, "region")["brazilsouth"]
    assert set(choices(page, "image")) == {"linux", "away"}
    assert "checked" in choices(page, "size")["Small"]
    assert 'name="user"' in page.text
    assert 'value="educator"' in page.text
    assert "lab_account" not in [each for each in re.findall(r'<select id="(\w+)"', page.text)]  # there is one only


def test_a_lab_is_made_and_followed_on_its_page(stocked: Portal, browser: httpx.Client) -> None:
    answer = send(stocked, browser, {"description": "Turma A", "quota": "10", "shutdown": "PT30M"})
    assert answer.headers["location"] == "/labs/campus/Algebra-2"
    assert "sse-connect" in browser.get("/labs/campus/Algebra-2").text
    stocked.work()
    lab = made(stocked, "Algebra-2")
    assert (lab.title, lab.description, lab.size, lab.user_name) == ("Álgebra 2", "Turma A", "Tiny", "ana")
    assert lab.usage_quota == 36_000
    assert lab.profiles["autoShutdownProfile"]["disconnectDelay"] == "PT30M"
    assert "Stopped" in text_of(browser.get("/labs/campus/Algebra-2"))


def test_a_second_lab_of_that_title_gets_a_name_of_its_own(stocked: Portal, browser: httpx.Client) -> None:
    send(stocked, browser, {})
    assert send(stocked, browser, {}).headers["location"] == "/labs/campus/Algebra-2-2"
    assert send(stocked, browser, {"title": "2026"}).headers["location"] == "/labs/campus/lab-2026"
    taken = send(stocked, browser, {"name": "algebra-2"}, status=400)
    assert "There is a lab 'algebra-2' already." in text_of(taken)


@pytest.mark.parametrize(
    ("fields", "about", "told"),
    [
        ({"title": ""}, "title", "A lab needs a title."),
        ({"title": "x" * 121}, "title", "The title is too long."),
        ({"name": "1-algebra"}, "name", "cannot be the name of a lab"),
        ({"region": "atlantis"}, "region", "There is no region"),
        ({"image": ""}, "image", "No image is chosen."),
        ({"image": "away", "region": "brazilsoutheast"}, "image", "The image is not in Brazil Southeast"),
        ({"size": "Huge"}, "size", "There is no size"),
        ({"user": "root"}, "user", "belongs to the system"),
        ({"password": "short"}, "password", "The password is too weak."),
        ({"quota": "10000"}, "quota", "too large"),
        ({"quota": "ten"}, "quota", "no duration"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    stocked: Portal, browser: httpx.Client, fields: Fields, about: str, told: str
) -> None:
    kept: Fields = {"title": "Álgebra 2", "name": "kept-name", "description": "Kept words", "user": "bia", "quota": "7"}
    again = send(stocked, browser, kept | fields, status=400)
    assert told in beside(again, about)
    for name, value in (kept | fields).items():
        assert name in ("region", "size", "image", "password") or str(value) in again.text
    assert stocked.begun.ids == []
    if fields[about]:
        assert told in beside(check(stocked, browser, kept | fields), about)


def test_several_faults_are_reported_at_once(stocked: Portal, browser: httpx.Client) -> None:
    again = send(stocked, browser, {"user": "Ana", "password": "short", "quota": "x"}, status=400)
    assert all(beside(again, name) for name in ("user", "password", "quota"))


def test_while_typing_nobody_is_told_of_fields_that_come_later(stocked: Portal, browser: httpx.Client) -> None:
    early = check(stocked, browser, {"title": "Á", "image": "", "user": "", "password": ""})
    assert not any(beside(early, name) for name in ("image", "user", "password", "title"))
    late = text_of(check(stocked, browser, {}))
    assert "“Álgebra 2” is made from linux 1.0.0 in Brazil South" in late
    assert "Algebra-2" in late


def test_only_possible_images_can_be_chosen_and_the_list_follows_the_region(
    stocked: Portal, browser: httpx.Client
) -> None:
    here = check(stocked, browser, {"region": "brazilsouth"})
    assert "disabled" not in choices(here, "image")["away"]
    there = check(stocked, browser, {"region": "brazilsoutheast"})
    assert "disabled" in choices(there, "image")["away"]
    assert "The image is not in Brazil Southeast; it is in Brazil South, West Europe." in text_of(there)
    with stocked.installation.request() as request:
        enable_image(request, ACCOUNT, "linux", enabled=False)
    page = browser.get(NEW)
    assert "disabled" in choices(page, "image")["linux"]
    assert "The image is disabled for this lab account." in text_of(page)


def test_regions_tell_whether_they_hold_the_image(stocked: Portal, browser: httpx.Client) -> None:
    with stocked.installation.request() as request:
        wanted = AccountRequest(
            location="brazilsouth",
            tags={},
            gallery=GALLERY,
            allowed_regions=("brazilsouth", "brazilsoutheast", "northeurope"),
        )
        put_account(request, ACCOUNT, wanted)
    page = check(stocked, browser, {"image": "linux"})
    regions = choices(page, "region")
    assert "disabled" in regions["westeurope"]
    assert "disabled" not in regions["northeurope"]
    assert "“linux” is not here." in text_of(page)
    assert "The lab account allows no labs here." in text_of(page)


def test_an_image_or_an_exact_version_comes_with_the_address(stocked: Portal, browser: httpx.Client) -> None:
    image = GALLERY.child("images", "linux")
    page = browser.get(NEW, params={"image": str(image)})
    assert "checked" in choices(page, "image")["linux"]
    exact = browser.get(NEW, params={"image": str(image.child("versions", "1.0.0"))})
    assert "checked" in choices(exact, "image")["linux@1.0.0"]
    send(stocked, browser, {"image": "linux@1.0.0"})
    stocked.work()
    assert made(stocked, "Algebra-2").image_id.endswith("/versions/1.0.0")
    with stocked.installation.request() as request:
        put_account(
            request,
            ACCOUNT,
            AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY, allowed_regions=("westeurope",)),
        )
    moved = browser.get(NEW, params={"image": str(GALLERY.child("images", "away"))})
    assert "checked" in choices(moved, "region")["westeurope"]
    for nonsense in ("x", "/subscriptions/1", str(GALLERY), str(GALLERY.child("images", "none"))):
        assert browser.get(NEW, params={"image": nonsense}).status_code == 200


def test_a_specialized_image_explains_its_credentials_and_offers_an_identity(
    stocked: Portal, browser: httpx.Client
) -> None:
    installation = stocked.installation
    installation.run(installation.begin_lab("algebra", GALLERY.child("images", "linux")))
    installation.run(installation.begin_export("algebra", "Ready"))
    page = check(stocked, browser, {"image": "Ready", "user": "bia"})
    seen = text_of(page)
    assert "You do not need the old password." in seen
    assert "their passwords and keys stop working" in seen
    assert 'name="keep" value="educator">' in page.text
    kept = check(stocked, browser, {"image": "Ready", "user": "bia", "keep": "educator"})
    assert 'name="keep" value="educator" checked' in kept.text
    assert 'name="new_identity" value="yes" aria' in page.text  # offered, and off
    send(stocked, browser, {"image": "Ready", "user": "bia", "new_identity": "yes", "keep": "educator"})
    assert installation.machine("Algebra-2").renew_identity
    assert installation.machine("Algebra-2").retire_accounts == []
    assert "new_identity" not in check(stocked, browser, {"image": "linux"}).text


def test_images_are_searched_also_without_scripts(stocked: Portal, browser: httpx.Client) -> None:
    page = send(stocked, browser, {"find": "awa", "look": "yes"}, status=200)
    assert set(choices(page, "image")) == {"linux", "away"}  # the chosen one stays
    assert set(choices(check(stocked, browser, {"find": "awa", "image": ""}), "image")) == {"away"}
    assert "No image fits." in text_of(check(stocked, browser, {"find": "zzz", "image": ""}))


def test_somebody_with_several_accounts_chooses_one(stocked: Portal, browser: httpx.Client) -> None:
    with stocked.installation.request() as request:
        put_account(request, OTHER, AccountRequest(location="westeurope", tags={}, gallery=GALLERY))
    assert '<select id="lab_account"' in browser.get(NEW).text
    send(stocked, browser, {"lab_account": "campus/evening", "region": "westeurope", "image": "away"})
    stocked.work()
    lab = made(stocked, "Algebra-2")
    with stocked.installation.request() as request:
        assert request.uow.accounts.get(lab.account_id).name == "evening"


def test_who_may_make_no_lab_is_told_who_can_help(stocked: Portal) -> None:
    browser = stocked.browser("nobody")
    assert "New lab" not in text_of(browser.get("/labs")).replace("Make a new lab", "")
    page = browser.get(NEW)
    assert page.status_code == 403
    assert "Admin" in text_of(page)
    assert send(stocked, browser, {}, status=403).status_code == 403


def test_a_right_on_the_account_is_enough(stocked: Portal) -> None:
    assign_role(stocked.installation, "nobody", "Lab Creator", ACCOUNT.key)
    browser = stocked.browser("nobody")
    assert send(stocked, browser, {}).headers["location"] == "/labs/campus/Algebra-2"
    stocked.work()
    assert "Álgebra 2" in text_of(browser.get("/labs"))


def test_policies_say_what_they_do(stocked: Portal, browser: httpx.Client) -> None:
    page = text_of(browser.get(NEW))

    assert "They hold for the machines of students" in page
    assert "machines are there during classes only" in page
    assert "Whoever is there is warned before" in page


def test_the_password_is_never_sent_back(stocked: Portal, browser: httpx.Client) -> None:
    assert PASSWORD not in send(stocked, browser, {"user": "Ana"}, status=400).text
    assert PASSWORD not in check(stocked, browser, {}).text


def test_it_speaks_portuguese(stocked: Portal) -> None:
    page = stocked.browser("educator", language="pt-BR").get(NEW)
    assert "Imagem da máquina virtual" in text_of(page)


def test_as_many_labs_as_may_be_are_said_above_the_form(
    tmp_path: Path, prepared_installations: PreparedInstallations, token_key: RSAPrivateKey
) -> None:
    one = Settings(limits=Limits(labs=Limit(per_person=1, in_all=10)))
    with serving(tmp_path / "web", prepared_installations, token_key, prepare=stock, settings=one) as portal:
        browser = portal.browser("educator")
        send(portal, browser, {})
        refused = text_of(send(portal, browser, {"title": "Second"}, status=400))
        assert "One person may have 1 labs at a time, and this would be number 2." in refused
        assert "'labs_per_person'" in refused
        in_portuguese = send(portal, portal.browser("educator", "pt-BR"), {"title": "Second"}, status=400)
        assert "Uma pessoa pode ter até 1 laboratórios ao mesmo tempo, e este seria o número 2." in text_of(
            in_portuguese
        )
