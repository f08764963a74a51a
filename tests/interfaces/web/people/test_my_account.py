"""My account: password, browsers, language, roles."""

import pytest

from galeria.interfaces.web.people.browsers import browser_name
from tests.interfaces.web.served import Portal, text_of, title_of
from tests.interfaces.web.sign_in_form import is_out, sign_in
from tests.local_installation import PASSWORD

NEW = "better-Horse-8"


def test_the_page_shows_the_roles_that_one_has(portal: Portal) -> None:
    page = portal.browser("educator").get("/me")
    assert title_of(page) == "My account"
    assert "Lab Creator Everywhere" in text_of(page)
    assert "You have no role yet" in text_of(portal.browser("nobody").get("/me"))
    translated = text_of(portal.browser("educator", language="pt-BR").get("/me"))
    assert "Minha conta" in translated
    assert "Criador de Laboratório Em toda parte" in translated


def test_a_new_password_ends_all_sessions_but_this_one(portal: Portal) -> None:
    browser, elsewhere = portal.browser("educator"), portal.browser("educator")
    before = browser.cookies["galeria"]
    portal.post(browser, "/me/password", current=PASSWORD, new=NEW, again=NEW)
    assert browser.cookies["galeria"] != before
    assert "Your password is changed." in text_of(browser.get("/me"))
    assert is_out(elsewhere)
    browser.cookies.set("galeria", before, domain="127.0.0.1", path="/")
    assert is_out(browser)
    sign_in(portal, portal.stranger(), status=401)
    sign_in(portal, portal.stranger(), password=NEW)


@pytest.mark.parametrize(
    ("current", "new", "again", "told"),
    [
        ("wrong", NEW, NEW, "This is not your current password."),
        (PASSWORD, NEW, "other", "The two passwords differ."),
        (PASSWORD, "short", "short", "8 to 123 characters"),
        (PASSWORD, "onlysmallletters", "onlysmallletters", "three of"),
    ],
)
def test_a_password_is_not_changed_by_mistake(portal: Portal, current: str, new: str, again: str, told: str) -> None:
    browser = portal.browser("educator")
    refused = portal.post(browser, "/me/password", status=400, current=current, new=new, again=again)
    assert told in text_of(refused)
    assert 'aria-invalid="true"' in refused.text
    assert new not in refused.text
    assert not is_out(browser)
    sign_in(portal, portal.stranger())


def test_guessing_the_current_password_is_blocked_like_signing_in(portal: Portal) -> None:
    browser = portal.browser("educator")
    for _ in range(5):
        portal.post(browser, "/me/password", status=400, current="guess", new=NEW, again=NEW)
    blocked = portal.post(browser, "/me/password", status=429, current=PASSWORD, new=NEW, again=NEW)
    assert "too many wrong tries" in text_of(blocked)
    sign_in(portal, portal.stranger(), status=429)


def test_browsers_are_listed_and_ended(portal: Portal) -> None:
    browser, elsewhere, third = (portal.browser("educator") for _ in range(3))
    colleague = portal.browser("colleague")
    seen = text_of(browser.get("/me"))
    assert seen.count("Sign out there") == 2
    assert seen.count("This browser") == 1
    with portal.services.database(reading=True) as uow:
        person = uow.people.find_by_name("educator")
        assert person is not None
        second = uow.web_sessions.of_principal(person.id)[1].id
    portal.post(colleague, f"/me/sessions/{second}/end", status=404)
    assert not is_out(elsewhere)
    portal.post(browser, f"/me/sessions/{second}/end")
    assert is_out(elsewhere)
    assert not is_out(third)
    portal.post(browser, f"/me/sessions/{second}/end")  # gone already
    portal.post(browser, "/me/sessions/end")
    assert (is_out(browser), is_out(third), is_out(colleague)) == (False, True, False)


def test_the_language_that_was_chosen_stays(portal: Portal) -> None:
    browser = portal.browser("educator")
    portal.post(browser, "/language", language="pt-BR", next="/me")
    assert title_of(browser.get("/me")) == "Minha conta"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", ("Firefox", "Linux")),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124 Safari/537.36 Edg/124",
            ("Edge", "Windows"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605 Version/17 Mobile/15E148 Safari/604.1",
            ("Safari", "iOS"),
        ),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/124 Mobile Safari/537.36", ("Chrome", "Android")),
        ("curl/8.5.0", ("curl/8.5.0", "")),
        ("", ("", "")),
    ],
)
def test_a_browser_is_named_as_its_owner_knows_it(agent: str, name: tuple[str, str]) -> None:
    assert browser_name(agent) == name


def test_only_languages_that_there_are_are_kept(portal: Portal) -> None:
    browser = portal.browser("educator")
    for language in ("\u202egnp", "x; Path=/", "\x01", "pt_BR", ""):
        answer = portal.post(browser, "/language", language=language, next="/me")
        assert "set-cookie" not in answer.headers
