"""People and roles: the list, letting somebody in, and everything that is done with one."""

import re
from html import unescape

import httpx
import pytest

from galeria.actions.people.people import create_person
from galeria.actions.people.principals import get_principal
from galeria.domain.people.principals import Principal, RoleAssignment
from tests.interfaces.web.served import NewPortal, Portal, text_of, title_of
from tests.interfaces.web.sign_in_form import is_out, sign_in
from tests.local_installation import ACCOUNT, GALLERY, PASSWORD, SUBSCRIPTION, lab_id
from tests.prepared_installations import with_lab
from tests.role_assignments import assign_role

SUB = f"/subscriptions/{SUBSCRIPTION}"
NEW = "better-Horse-8"
LAST = "This is the last Owner of the subscription."


def test_everybody_is_listed_with_their_roles(portal: Portal) -> None:
    page = portal.browser().get("/people")
    assert title_of(page) == "People and roles"
    assert "Admin admin Owner: Everywhere" in text_of(page)
    assert "Nobody nobody –" in text_of(page)
    assert names(portal.browser().get("/people?q=COLL")) == ["Colleague"]
    assert names(portal.browser().get("/people?kind=programs")) == []
    assert "Ninguém aqui tem esse nome." in text_of(portal.browser(language="pt-BR").get("/people?q=xyz"))


def test_the_list_says_of_what_somebody_is_owner(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    with portal.installation.request() as request:
        request.uow.labs.get_by_key(lab_id("algebra").key).title = "Álgebra linear"
    assert "Owner: Lab Álgebra linear (algebra)" in text_of(portal.browser().get("/people?q=educator"))
    assign_role(portal.installation, "nobody", "Reader", ACCOUNT.key)
    assign_role(portal.installation, "nobody", "Owner", GALLERY.key)
    assign_role(portal.installation, "nobody", "Lab Assistant", lab_id("algebra").key)
    assign_role(portal.installation, "nobody", "Contributor", lab_id("algebra").key)

    page = text_of(portal.browser().get("/people?q=nobody"))

    assert "Owner: Gallery gal" in page
    assert "Reader: Lab account labs" in page
    assert "And 1 more." in page


def test_long_lists_come_in_pages(portal: Portal) -> None:
    with portal.installation.request() as request:
        for number in range(60):
            create_person(request, f"person{number:02}", f"Person {number:02}", PASSWORD, portal.services.secrets)
    browser = portal.browser()
    first, second = browser.get("/people?q=person"), browser.get("/people?q=person&page=2")
    assert names(first) + names(second) == [f"Person {number:02}" for number in range(60)]
    assert 'href="?q=person&amp;page=2"' in first.text
    assert names(browser.get("/people?q=person&page=99")) == names(second)
    assert names(browser.get("/people?q=person&page=x")) == names(first)


@pytest.mark.parametrize("place", ["/people", "/people/educator", "/people/add/person", "/people/add/program"])
def test_who_may_not_see_roles_does_not_see_people(portal: Portal, place: str) -> None:
    refused = portal.browser("nobody").get(place)
    assert refused.status_code == 404
    assert "you have no role in it yet" in text_of(refused)


def test_who_may_only_look_is_told_who_can_do_more(portal: Portal) -> None:
    """A Lab Creator may see roles, as in Azure."""
    browser = portal.browser("educator")
    seen = text_of(browser.get("/people"))
    assert "Admin can do this. It takes one of these roles: Owner, User Access Administrator." in seen
    page = browser.get("/people/colleague")
    assert page.status_code == 200
    assert '<form class="inline" method="post" action="/people/' not in page.text
    for place, fields in (
        ("/people/add/person", {"name": "ana"}),
        ("/people/add/program", {"display_name": "import"}),
        ("/people/colleague/password", {"way": "made"}),
        ("/people/colleague/roles/give", {"role": "Owner", "scope": SUB}),
        ("/people/colleague/roles/take", {"taken_role": "Lab Creator", "taken_scope": SUB}),
        ("/people/colleague/disable", {}),
        ("/people/colleague/enable", {}),
        ("/people/colleague/sign-out", {}),
        ("/people/colleague/secrets", {}),
        ("/people/colleague/secrets/remove", {"secret": "x"}),
    ):
        answer = browser.post(place, data={"csrf": portal.token(browser), **fields}, headers=portal.own_origin)
        assert answer.status_code in (400, 403, 409), place
        assert "You may not do this here." in text_of(answer) or answer.status_code == 403, place
    assert roles(portal, "colleague") == [("Lab Creator", SUB)]
    assert principal(portal, "colleague").enabled


def test_a_person_is_let_in_with_a_link_and_a_role(portal: Portal) -> None:
    shown = portal.post(
        portal.browser(),
        "/people/add/person",
        status=200,
        name="ana@example.org",
        display_name="Ana Souza",
        way="link",
        role="Lab Creator",
        scope=ACCOUNT.key,
    )
    link = secret_of(shown).removeprefix(portal.services.endpoint)
    assert link.startswith("/welcome/")
    assert roles(portal, "ana@example.org") == [("Lab Creator", ACCOUNT.key)]
    ana = portal.stranger()
    assert "Welcome, Ana Souza." in text_of(ana.get(link))
    portal.post(ana, link, page=link, new=NEW, again=NEW)
    assert "Lab Creator Lab account labs" in text_of(ana.get("/me"))
    assert title_of(portal.browser().get("/people/ana@example.org")).startswith("Ana Souza")


def test_a_link_is_good_for_a_week(portal: Portal) -> None:
    shown = portal.post(portal.browser(), "/people/add/person", status=200, name="ana", way="link")
    link = secret_of(shown).removeprefix(portal.services.endpoint)
    portal.clock.move(days=7, seconds=1)
    assert portal.stranger().get(link).status_code == 404


def test_a_password_is_made_and_shown_once(portal: Portal) -> None:
    browser = portal.browser()
    shown = portal.post(browser, "/people/add/person", status=200, name="ana", way="made")
    password = secret_of(shown)
    sign_in(portal, portal.stranger(), name="ana", password=password)
    assert "only now" in text_of(shown)
    assert password not in browser.get("/people/ana").text


def test_a_password_is_typed(portal: Portal) -> None:
    portal.post(portal.browser(), "/people/add/person", name="ana", way="typed", password=NEW)
    sign_in(portal, portal.stranger(), name="ana", password=NEW)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "Educator"}, "The name 'Educator' is taken."),
        ({"name": "not a name"}, "cannot be a sign-in name"),
        ({"name": ""}, "cannot be a sign-in name"),
        ({"name": "ana", "way": "typed", "password": "short"}, "8 to 123 characters"),
        ({"name": "ana", "way": "by pigeon"}, "This is no way to a password."),
        ({"name": "ana", "role": "King", "scope": SUB}, "There is no role 'King'."),
        ({"name": "ana", "role": "Owner", "scope": f"{SUB}/resourceGroups/none"}, "'none' was not found"),
    ],
)
def test_what_was_typed_wrong_is_given_back(portal: Portal, fields: dict[str, str], told: str) -> None:
    again = portal.post(portal.browser(), "/people/add/person", status=400, display_name="Ana Souza", **fields)
    assert told in text_of(again)
    assert 'value="Ana Souza"' in again.text
    assert "Ana Souza" not in text_of(portal.browser().get("/people"))


def test_roles_are_given_and_taken(portal: Portal) -> None:
    browser = portal.browser()
    page = browser.get("/people/nobody")
    choices = re.findall(r"<option value=\"(/subscriptions/[^\"]+)\"[^>]*>([^<]+)", page.text)
    assert [name for _, name in choices] == ["Everywhere", "campus", "labs (campus)", "gal (campus)"]
    portal.post(browser, "/people/nobody/roles/give", role="Lab Services Reader", scope=choices[1][0])
    assert "Lab Services Reader Resource group campus" in text_of(browser.get("/people/nobody"))
    portal.post(browser, "/people/nobody/roles/take", taken_role="Lab Services Reader", taken_scope=choices[1][0])
    assert roles(portal, "nobody") == []


def test_the_last_owner_stays(portal: Portal) -> None:
    browser = portal.browser()
    assert text_of(browser.get("/people/admin")).count(LAST) == 2  # beside the role, and beside Disable
    taken = portal.post(browser, "/people/admin/roles/take", status=409, taken_role="Owner", taken_scope=SUB)
    assert LAST in text_of(taken)
    assert LAST in text_of(portal.post(browser, "/people/admin/disable", status=409))
    portal.post(browser, "/people/educator/roles/give", role="Owner", scope=SUB)
    assert LAST not in text_of(browser.get("/people/admin"))
    portal.post(browser, "/people/admin/roles/take", taken_role="Owner", taken_scope=SUB)


def test_who_is_disabled_is_out_and_comes_back(portal: Portal) -> None:
    admin, educator = portal.browser(), portal.browser("educator")
    portal.post(admin, "/people/educator/disable")
    assert is_out(educator)
    assert "Disabled" in title_of(admin.get("/people/educator"))
    portal.post(admin, "/people/educator/enable")
    sign_in(portal, portal.stranger())


def test_a_new_password_signs_the_person_out(portal: Portal) -> None:
    admin, educator = portal.browser(), portal.browser("educator")
    assert "In 1 browser." in text_of(admin.get("/people/educator"))
    shown = portal.post(admin, "/people/educator/password", status=200, way="made")
    assert is_out(educator)
    sign_in(portal, portal.stranger(), password=secret_of(shown))
    wrong = portal.post(admin, "/people/educator/password", status=400, way="typed", password="short")
    assert "8 to 123 characters" in text_of(wrong)


def test_a_person_is_signed_out_everywhere(portal: Portal) -> None:
    admin, educator = portal.browser(), portal.browser("educator")
    portal.post(admin, "/people/educator/sign-out")
    assert is_out(educator)
    sign_in(portal, portal.stranger())


def test_a_program_gets_secrets_that_are_shown_once(portal: Portal) -> None:
    admin = portal.browser()
    shown = portal.post(
        admin, "/people/add/program", status=200, display_name="Nightly import", role="Contributor", scope=SUB
    )
    found = re.search(r"<code>([0-9a-f-]{36})</code>", shown.text)
    assert found
    client, first = found[1], secret_of(shown)
    assert roles(portal, client) == [("Contributor", SUB)]
    assert may_enter(portal, client, first)
    second = secret_of(portal.post(admin, f"/people/{client}/secrets", status=200))
    third = portal.post(admin, f"/people/{client}/secrets", status=409)
    assert "has 2 secrets of this kind already" in text_of(third)
    ids = re.findall(r'name="secret" value="([0-9a-f-]{36})"', admin.get(f"/people/{client}").text)
    portal.post(admin, f"/people/{client}/secrets/remove", secret=ids[0])
    assert (may_enter(portal, client, first), may_enter(portal, client, second)) == (False, True)
    assert names(admin.get("/people?kind=programs")) == ["Nightly import"]


def test_pages_of_people_who_are_not_there(portal: Portal) -> None:
    answer = portal.browser().get("/people/ghost")
    assert answer.status_code == 404
    assert "There is no user or service principal 'ghost'." in text_of(answer)


def names(page: httpx.Response) -> list[str]:
    return [unescape(each) for each in re.findall(r'<th scope="row"><a href="/people/[^"]+">([^<]+)', page.text)]


def secret_of(page: httpx.Response) -> str:
    found = re.search(r'id="secret"[^>]*>([^<]+)<', page.text)
    assert found, text_of(page)
    return found[1]


def principal(portal: Portal, who: str) -> Principal:
    with portal.services.requests.anonymous_reading() as request:
        return get_principal(request, who)


def roles(portal: Portal, who: str) -> list[tuple[str, str]]:
    with portal.services.requests.anonymous_reading() as request:
        given: list[RoleAssignment] = request.uow.people.assignments(get_principal(request, who).id)
        return [(each.role, each.scope) for each in given]


def may_enter(portal: Portal, client: str, secret: str) -> bool:
    answer = portal.stranger().post(
        f"/{portal.services.tenant_id}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": client,
            "client_secret": secret,
            "scope": f"{portal.services.endpoint}/.default",
        },
    )
    return answer.status_code == 200
