"""New lab: whatever can be chosen on the page is made, whatever cannot is refused with the reason that stood beside it."""

import re
from dataclasses import dataclass
from html import unescape

import httpx
import pytest

from galeria.actions.core.locks import put_lock
from galeria.actions.labs.accounts import AccountRequest, put_account
from galeria.actions.labs.classic_labs import DraftRequest, put_lab
from galeria.actions.labs.image_switches import enable_image
from galeria.domain.locks import LockLevel
from galeria.domain.states import ReplicaState
from tests.interfaces.web.labs.new_lab_form import NEW, Fields, beside, check, choices, send
from tests.interfaces.web.served import ANYWHERE, NewPortal, Portal, text_of
from tests.local_installation import ACCOUNT, GALLERY, LocalInstallation, lab_id, secrets
from tests.version_rows import VersionRows, add_image, add_many

REGIONS = ("brazilsouth", "brazilsoutheast", "northeurope")
CREDENTIALS = (
    ("Ana", "Course-Work-2026", "user"),
    ("1ana", "Course-Work-2026", "user"),
    ("a" * 21, "Course-Work-2026", "user"),
    ("root", "Course-Work-2026", "user"),
    ("ana", "Short-1", "password"),
    ("ana", "x" * 124, "password"),
    ("ana", "alllowercase1", "password"),
    ("ana", "Password1", ""),
    ("ana_2-b", "áé-Course-2026", ""),
)
"""User, password, and which of them is refused."""
EVENING = ACCOUNT.parent.resource("Microsoft.LabServices", "labPlans", "evening")


def stock(installation: LocalInstallation) -> None:
    """Images in one region, in two, in one that the account does not allow, one disabled, one without version."""
    held = {"linux": ("brazilsoutheast",), "south": (), "away": ("westeurope",), "off": ()}
    with installation.request() as request:
        for name, others in held.items():
            replicas = [(region, ReplicaState.COMPLETED, None) for region in ("brazilsouth", *others)]
            add_image(request, name, VersionRows(replicas=tuple(replicas)))
        add_image(request, "empty")
        request.uow.flush()
        enable_image(request, ACCOUNT, "off", enabled=False)
        account = AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY, allowed_regions=REGIONS)
        put_account(request, ACCOUNT, account)


@pytest.fixture
def stocked(new_portal: NewPortal) -> Portal:
    return new_portal(stock)


@pytest.fixture
def browser(stocked: Portal) -> httpx.Client:
    return stocked.browser("educator")


@dataclass(frozen=True, kw_only=True)
class Choice:
    value: str
    enabled: bool
    said: str  # what is written in its label


def options(page: httpx.Response, name: str) -> list[Choice]:
    labels = re.findall(r'<label class="option".*?</label>', page.text, flags=re.S)
    found = []
    for label in labels:
        radio = re.search(rf'name="{name}" value="([^"]*)"([^>]*)>', label)
        if radio:
            said = " ".join(unescape(re.sub(r"<[^>]*>", " ", label)).split())
            found.append(Choice(value=radio[1], enabled="disabled" not in radio[2], said=said))
    return found


def look(portal: Portal, browser: httpx.Client, fields: Fields) -> httpx.Response:
    """The page as the button that stands in for scripts shows it."""
    return send(portal, browser, {"look": "yes", **fields}, status=200)


def test_every_image_that_can_be_chosen_makes_a_lab_and_no_other_does(stocked: Portal, browser: httpx.Client) -> None:
    made, refused = set(), set()
    for region in options(browser.get(NEW), "region"):
        page = look(stocked, browser, {"region": region.value, "image": ""})
        for image in options(page, "image"):
            wanted = {"title": f"{region.value} {image.value}", "region": region.value, "image": image.value}
            if region.enabled and image.enabled:
                send(stocked, browser, wanted)
                made.add((region.value, image.value))
            else:
                again = send(stocked, browser, wanted, status=400)
                refused.add((region.value, image.value))
                about, said = ("image", image.said) if region.enabled else ("region", region.said)
                assert beside(again, about)
                assert len(said) > len(image.value) + len("Linux · Generalized")
    south = {("brazilsouth", each) for each in ("linux", "south", "away")}
    assert made == south | {("brazilsoutheast", "linux")}
    assert len(refused) == 5 * len(options(browser.get(NEW), "region")) - len(made)


def test_what_is_beside_an_impossible_image_is_what_the_refusal_says(stocked: Portal, browser: httpx.Client) -> None:
    for image in options(browser.get(NEW), "image"):
        if not image.enabled:
            told = beside(send(stocked, browser, {"image": image.value}, status=400), "image")
            reason, cure = re.split(r"cannot make a lab here: ", told)[1].split(". ", 1)
            assert f"{reason}." in image.said
            assert cure.strip() in image.said


def test_every_size_makes_a_lab(stocked: Portal, browser: httpx.Client) -> None:
    sizes = options(browser.get(NEW), "size")
    assert len(sizes) > 2
    for size in sizes:
        assert size.enabled
        assert re.search(r"\d+ processors?, [\d.]+ (GB|MB)", size.said), size.said
        send(stocked, browser, {"title": f"In {size.value}", "size": size.value})
    with stocked.installation.request() as request:
        made = {request.uow.labs.get_by_key(lab_id(f"In-{each.value}").key).size for each in sizes}
    assert made == {each.value for each in sizes}


def test_each_region_that_is_allowed_may_be_tried_with_another_image(stocked: Portal, browser: httpx.Client) -> None:
    regions = {each.value: each for each in options(check(stocked, browser, {"image": "south"}), "region")}
    assert {each.value for each in regions.values() if each.enabled} == set(REGIONS)
    assert "“South” is not here." in regions["brazilsoutheast"].said
    assert "not here" not in regions["brazilsouth"].said
    assert "The lab account allows no labs here." in regions["westeurope"].said


def test_credentials_are_checked_as_they_are_typed_and_as_they_are_sent(stocked: Portal, browser: httpx.Client) -> None:
    for user, password, about in CREDENTIALS:
        begun = len(stocked.begun.ids)
        fields = {"user": user, "password": password}
        typed = check(stocked, browser, fields)
        assert {name for name in fields if beside(typed, name)} == ({about} if about else set())
        answer = send(stocked, browser, fields, status=400 if about else 303)
        assert not about or beside(answer, about) == beside(typed, about)
        assert len(stocked.begun.ids) == begun + (not about)


def test_the_rules_of_the_credentials_stand_on_the_page_before_they_are_broken(browser: httpx.Client) -> None:
    page = text_of(browser.get(NEW))
    assert "1 to 20 lower-case letters without accents, digits, “-” and “_”, a letter first." in page
    assert "8 to 123 characters, with three of: lower-case letters, upper-case letters, digits, symbols." in page


def test_without_scripts_the_whole_way_is_buttons(stocked: Portal, browser: httpx.Client) -> None:
    """Every look keeps what was typed; none of them complains of what was not typed yet."""
    first = browser.get(NEW)
    assert 'name="look" value="yes"' in first.text
    typed = {"title": "Física", "description": "Turma B", "quota": "7", "user": "bia", "password": ""}
    moved = look(stocked, browser, {**typed, "region": "brazilsoutheast", "image": ""})
    assert not any(beside(moved, name) for name in ("title", "image", "user", "password", "quota"))
    for kept in ('value="Física"', "Turma B", 'value="7"', 'value="bia"'):
        assert kept in moved.text
    assert "checked" in choices(moved, "region")["brazilsoutheast"]
    chosen = look(stocked, browser, {**typed, "region": "brazilsoutheast", "image": "linux"})
    assert "checked" in choices(chosen, "image")["linux"]
    again = send(stocked, browser, {**typed, "region": "brazilsoutheast"}, status=400)
    assert beside(again, "password")
    made = send(stocked, browser, {**typed, "region": "brazilsoutheast", "password": "Course-Work-2026"})
    assert made.headers["location"] == "/labs/campus/Fisica"


def test_among_many_images_the_usable_ones_come_first_and_all_are_found(portal: Portal) -> None:
    with portal.installation.request() as request:
        add_many(request, 200, ("brazilsouth", "westeurope"), seed=1)
    browser = portal.browser("educator")
    page = browser.get(NEW)
    shown = options(page, "image")
    assert len(shown) == 20
    assert sorted((each.enabled for each in shown), reverse=True) == [each.enabled for each in shown]
    assert shown[0].enabled
    assert "There are 200 images that fit." in text_of(page)
    with portal.installation.request() as request:
        names = [each.name for each in request.uow.definitions.below(GALLERY.key)]
    for name in names[::40]:
        found = check(portal, browser, {"find": name, "image": ""})
        assert name in {each.value for each in options(found, "image")}


def test_a_name_that_a_colleague_keeps_for_a_lab_to_come_is_taken(stocked: Portal, browser: httpx.Client) -> None:
    with stocked.installation.request("colleague") as request:
        put_lab(request, ACCOUNT, lab_id("physics"), DraftRequest(capacity=5), secrets())
    assert "There is a lab 'physics' already." in beside(check(stocked, browser, {"name": "physics"}), "name")
    send(stocked, browser, {"name": "physics"}, status=400)
    assert send(stocked, browser, {"title": "Physics"}).headers["location"] == "/labs/campus/Physics-2"


def test_a_locked_account_is_reported_before_anything_is_typed(stocked: Portal, browser: httpx.Client) -> None:
    with stocked.installation.request() as request:
        put_account(request, EVENING, AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY))
        put_lock(request, str(ACCOUNT), "exams", level=LockLevel.READ_ONLY, notes="")
    locked = look(stocked, browser, {"lab_account": "campus/labs"})
    assert "Remove the lock 'exams'" in text_of(locked)
    assert '<button class="button main">' not in locked.text
    assert '<button class="button main">' in check(stocked, browser, {"lab_account": "campus/evening"}).text
    assert '<button class="button main">' not in check(stocked, browser, {"lab_account": "campus/labs"}).text
    refused = send(stocked, browser, {"lab_account": "campus/labs"}, status=409)
    assert "Remove the lock 'exams'" in text_of(refused)
    send(stocked, browser, {"lab_account": "campus/evening"})


def test_a_region_that_is_closed_in_the_meantime_refuses_with_the_form(stocked: Portal, browser: httpx.Client) -> None:
    browser.get(NEW)
    with stocked.installation.request() as request:
        account = AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY, allowed_regions=("northeurope",))
        put_account(request, ACCOUNT, account)
    again = stocked.post(
        browser, NEW, status=400, page=ANYWHERE, title="Late", region="brazilsouth", image="linux", user="ana"
    )
    assert "allows no labs in Brazil South" in beside(again, "region")
    assert 'value="Late"' in again.text
