"""Somebody at the provider says what pleases them: names, addresses, ids and roles. None of it makes them somebody else."""

from typing import Any

import httpx
import pytest

from galeria.actions.people.external_sign_in import link_identity
from galeria.actions.people.people import create_person
from galeria.domain.people.principals import Principal
from tests.interfaces.web.people.conftest import START, Open
from tests.interfaces.web.provider.proxy import Proxy
from tests.interfaces.web.provider.running import RunningProvider, go_there
from tests.interfaces.web.served import Portal, text_of
from tests.interfaces.web.sign_in_form import is_out
from tests.local_installation import PASSWORD

pytestmark = pytest.mark.slow


def names(portal: Portal) -> set[str]:
    with portal.services.database(reading=True) as uow:
        return {each.name for each in uow.people.all()}


def add(portal: Portal, name: str) -> None:
    """May be repeated."""
    if name in names(portal):
        return
    with portal.installation.request() as request:
        create_person(request, name, f"{name} of here", PASSWORD, portal.services.secrets)


def come(portal: Portal, who: str = "eve") -> tuple[httpx.Client, httpx.Response]:
    browser = portal.stranger()
    return browser, go_there(browser, START, who)


def me(browser: httpx.Client) -> str:
    return text_of(browser.get("/me"))


def link(portal: Portal, who: str, issuer: str, subject: str) -> None:
    with portal.installation.request() as request:
        link_identity(request, who, issuer, subject)


def person(portal: Portal, name: str) -> Principal:
    with portal.services.database(reading=True) as uow:
        found = uow.people.find_by_name(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "chosen",
    [
        "educator",
        "EDUCATOR",
        " educator\t",
        "educator\u200b",
        "\u202eeducator",
        "educator\x00",
        "ｅｄｕｃａｔｏｒ",
        "educ\u0430tor",  # Cyrillic
        "\u212aate",  # lower case makes an ASCII k of it
        "{id}",
        "{hex}",
        "{ID}",
    ],
    ids=ascii,
)
def test_a_name_of_somebody_else_or_one_that_looks_like_it_is_not_given(
    find_portal: Open, campus: RunningProvider, chosen: str
) -> None:
    portal = find_portal(create_people=True)
    add(portal, "kate")
    id, before = person(portal, "educator").id, names(portal)
    chosen = chosen.replace("{id}", id).replace("{ID}", id.upper()).replace("{hex}", id.replace("-", ""))
    campus.control(claims={"eve": {"preferred_username": chosen}})
    browser, answer = come(portal)
    assert answer.status_code == 403
    assert "ask an administrator" in text_of(answer).lower()
    assert is_out(browser)
    assert names(portal) == before


def test_an_answer_with_half_a_character_is_not_read(open_portal: Open, campus: RunningProvider) -> None:
    portal = open_portal(create_people=True)
    before = names(portal)
    for claim in ("preferred_username", "name"):
        campus.control(claims={"eve": {claim: "\ud800"}})
        browser, answer = come(portal)
        assert answer.status_code == 503
        assert is_out(browser)
    assert names(portal) == before


def test_two_people_of_one_name_stay_two(open_portal: Open, campus: RunningProvider) -> None:
    portal = open_portal(create_people=True)
    first, _ = come(portal, "ana")
    campus.control(claims={"eve": {"preferred_username": "ana", "name": "Ana Souza", "email": "ana@example.org"}})
    second, answer = come(portal)
    assert "Somebody here has the user name 'ana' already." in text_of(answer)
    assert (is_out(first), is_out(second)) == (False, True)


def test_what_changes_at_the_provider_later_makes_nobody_somebody_else(
    open_portal: Open, campus: RunningProvider
) -> None:
    portal = open_portal(create_people=True, link_by_email=True)
    add(portal, "bia@example.org")
    come(portal)
    campus.control(claims={"eve": {"preferred_username": "admin", "email": "bia@example.org", "name": "Admin"}})
    browser, answer = come(portal)
    assert answer.status_code == 303
    assert "Eve Souza · eve" in me(browser)


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "bia@example.org", "email_verified": False},
        {"email": "bia@example.org", "email_verified": "false"},
        {"email": "bia@example.org", "email_verified": "yes"},
        {"email": "bia@example.org", "email_verified": None},
        {"email": "bia@example.org", "email_verified": ["true"]},
        {"email": ["bia@example.org"]},
        {"email": "bia@example.org,eve@example.org"},
        {"email": "bia@example.org\x00"},
        {"email": "\u212aate@example.org"},
        {"email": "kate@\u212a.org"},
        {"email": "kate"},
        {"email": "99999999-8888-7777-6666-555555555555"},
        {"preferred_username": "bia@example.org", "email": "eve@example.org"},
    ],
    ids=ascii,
)
def test_only_the_verified_address_itself_links(
    find_portal: Open, campus: RunningProvider, claims: dict[str, Any]
) -> None:
    portal = find_portal(link_by_email=True)
    for name in ("bia@example.org", "kate", "kate@example.org", "kate@k.org"):
        add(portal, name)
    campus.control(claims={"eve": claims})
    browser, answer = come(portal)
    assert answer.status_code == 403
    assert "Nobody here is known by your account at 'Campus'." in text_of(answer)
    assert is_out(browser)


@pytest.mark.parametrize("link_by_email", [True, False])
def test_nobody_takes_an_address_as_name_before_its_owner_comes(
    open_portal: Open, campus: RunningProvider, link_by_email: bool
) -> None:
    """Rosters of labs and the linking by address await the owner."""
    portal = open_portal(create_people=True, link_by_email=link_by_email)
    campus.control(claims={"eve": {"preferred_username": "Bia@Example.org"}})
    _, answer = come(portal)
    assert "is an e-mail address not verified as yours" in text_of(answer)
    campus.control(claims={"bia": {"preferred_username": "Bia@Example.org"}})
    browser, _ = come(portal, "bia")
    assert "Bia Souza · Bia@Example.org" in me(browser)


def test_a_name_that_nobody_chooses_may_be_an_address_that_is_not_verified(
    open_portal: Open, campus: RunningProvider
) -> None:
    portal = open_portal(create_people=True, names_are_assigned=True)
    campus.control(claims={"bia": {"preferred_username": "bia@example.org", "email": None, "email_verified": None}})
    browser, _ = come(portal, "bia")
    assert "Bia Souza · bia@example.org" in me(browser)


def test_the_owner_of_an_address_does_not_share_the_account_of_who_was_there_before(
    open_portal: Open, campus: RunningProvider
) -> None:
    portal = open_portal(link_by_email=True)
    add(portal, "bia@example.org")
    link(portal, "bia@example.org", campus.issuer, "subject-of-eve")
    browser, answer = come(portal, "bia")
    assert answer.status_code == 403
    assert is_out(browser)


@pytest.mark.parametrize(
    ("email", "comes"),
    [
        ("eve@bank.org", True),
        ("eve@BANK.org", True),
        ("eve@ban\u212a.org", False),
        ("eve@bank.org.elsewhere.org", False),
        ("eve@sub.bank.org", False),
        ("bank.org", False),
        ("@bank.org", False),
        ("eve@bank.org ,eve@elsewhere.org", False),
    ],
    ids=ascii,
)
def test_domains_are_compared_whole(find_portal: Open, campus: RunningProvider, email: str, comes: bool) -> None:
    portal = find_portal(create_people=True, allowed_domains=("bank.org",))
    campus.control(claims={"eve": {"email": email}})
    browser, answer = come(portal)
    assert is_out(browser) is not comes, text_of(answer)


def test_the_id_of_a_person_at_another_provider_is_nobody_here(
    open_portal: Open, campus: RunningProvider, proxy: Proxy
) -> None:
    portal = open_portal(proxy)
    link(portal, "educator", campus.issuer, "subject-of-eve")
    browser, answer = come(portal)
    assert "Nobody here is known by your account at 'Campus'." in text_of(answer)
    assert is_out(browser)
    link(portal, "educator", proxy.issuer, "subject-of-ana")
    assert "Educator" in me(come(portal, "ana")[0])


@pytest.mark.parametrize("subject", ["SUBJECT-OF-EVE", "subject-of-eve ", "subject-of-ev"])
def test_an_id_is_compared_letter_for_letter(find_portal: Open, campus: RunningProvider, subject: str) -> None:
    portal = find_portal()
    link(portal, "educator", campus.issuer, "subject-of-eve")
    campus.control(claims={"eve": {"sub": subject}})
    browser, answer = come(portal)
    assert "Nobody here is known by your account at 'Campus'." in text_of(answer)
    assert is_out(browser)


@pytest.mark.parametrize("subject", ["a\x00b", "\ud800", "x" * 256, "ü", "a\nb", "\u202eabc"], ids=ascii)
def test_an_id_that_none_may_have_is_refused(find_portal: Open, campus: RunningProvider, subject: str) -> None:
    portal = find_portal(create_people=True)
    campus.control(claims={"eve": {"sub": subject}})
    browser, answer = come(portal)
    assert answer.status_code == 401
    assert "sent an identity that does not hold" in text_of(answer)
    assert is_out(browser)


@pytest.mark.parametrize("role", ["", "Lab Creator"])
def test_no_claim_gives_a_role(open_portal: Open, campus: RunningProvider, role: str) -> None:
    portal = open_portal(create_people=True, role=role, resource_group="campus")
    wanted = ["Owner", "admins", person(portal, "admin").id]
    campus.control(
        claims={
            "eve": {
                **{name: wanted for name in ("roles", "groups", "wids", "entitlements", "permissions")},
                **{"role": "Owner", "scope": "Owner", "is_admin": True, "principal_id": wanted[2], "oid": wanted[2]},
            }
        }
    )
    browser, _ = come(portal)
    assert not is_out(browser)
    with portal.services.database(reading=True) as uow:
        given = [each.role for each in uow.people.assignments(person(portal, "eve").id)]
    assert given == [role] * bool(role)


def test_a_name_to_be_shown_is_cut_and_cleaned(open_portal: Open, campus: RunningProvider) -> None:
    portal = open_portal(create_people=True)
    campus.control(claims={"eve": {"name": "\u202e\x1b[2J" + "Eve " * 50_000}})
    browser, _ = come(portal)
    assert not is_out(browser)
    shown = person(portal, "eve").display_name
    assert shown.startswith("[2JEve Eve")
    assert len(shown) <= 300


def test_a_removed_link_ends_what_was_begun_with_it(open_portal: Open, campus: RunningProvider) -> None:
    portal = open_portal()
    link(portal, "educator", campus.issuer, "subject-of-eve")
    browser, _ = come(portal)
    assert not is_out(browser)
    with portal.services.database(reading=True) as uow:
        id = uow.external_identities.of_principal(person(portal, "educator").id)[0].id
    portal.post(portal.browser(), "/people/educator/links/remove", link=id)
    assert is_out(browser)
