"""In and out with a name and a password, and how long one stays in."""

import pytest

from galeria.actions.people.people import disable, enable
from galeria.domain.people.web_sessions import IDLE, LIFE
from tests.interfaces.web.served import ANYWHERE, Portal, text_of, title_of
from tests.interfaces.web.sign_in_form import cookies, is_out, sign_in
from tests.local_installation import PASSWORD


def test_a_page_leads_to_the_sign_in_and_back(portal: Portal) -> None:
    browser = portal.stranger()
    led = browser.get("/operations?page=2")
    assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2Foperations%3Fpage%3D2")
    answer = sign_in(portal, browser, name="Educator", next="/operations?page=2")
    assert answer.headers["location"] == "/operations?page=2"
    assert title_of(browser.get("/operations")) == "Operations"


def test_who_is_signed_in_sees_pages_in_their_language(portal: Portal) -> None:
    browser = portal.browser("educator", language="pt-BR")
    assert title_of(browser.get("/operations")) == "Operações"
    assert "Administração" not in text_of(browser.get("/operations"))
    assert "Administração" in text_of(portal.browser("admin", language="pt-BR").get("/operations"))


@pytest.mark.parametrize(
    "target", ["https://elsewhere.org/", "//elsewhere.org", "/\\elsewhere.org", "javascript:1", "", "http://[", "//[x"]
)
def test_signing_in_leads_nowhere_else(portal: Portal, target: str) -> None:
    assert sign_in(portal, portal.stranger(), next=target).headers["location"] == "/labs"


def test_a_wrong_password_gives_the_form_back_and_many_block(portal: Portal) -> None:
    browser = portal.stranger()
    for _ in range(5):
        again = sign_in(portal, browser, password="wrong", status=401)
    assert "The user name or the password is wrong." in text_of(again)
    assert 'value="educator"' in again.text
    assert "too many wrong tries" in text_of(sign_in(portal, browser, status=429))
    portal.clock.move(seconds=11)
    sign_in(portal, browser)


def test_a_browser_that_signed_in_before_is_not_kept_out_by_others_at_its_address(portal: Portal) -> None:
    known = portal.stranger()
    sign_in(portal, known)
    portal.post(known, "/sign-out")
    portal.clock.move(seconds=1)
    other = portal.stranger()
    for _ in range(5):
        sign_in(portal, other, password="wrong", status=401)
    sign_in(portal, other, status=429)
    sign_in(portal, known)


def test_signing_in_gives_the_browser_a_new_secret(portal: Portal) -> None:
    """Session fixation: what somebody else may have put into the browser opens nothing afterwards."""
    browser = portal.browser("colleague")
    planted = browser.cookies["galeria"]
    sign_in(portal, browser)
    assert browser.cookies["galeria"] != planted
    assert "Educator" in text_of(browser.get(ANYWHERE))
    other = portal.stranger()
    other.cookies.set("galeria", planted)
    assert is_out(other)


def test_an_unknown_secret_opens_nothing_and_is_not_taken_over(portal: Portal) -> None:
    browser = portal.stranger()
    browser.cookies.set("galeria", "a" * 43, domain="127.0.0.1", path="/")
    assert is_out(browser)
    sign_in(portal, browser)
    assert browser.cookies["galeria"] != "a" * 43


def test_nobody_is_signed_in_by_a_form_of_another_site(portal: Portal) -> None:
    """Login CSRF: without the token that belongs to this browser's own cookie a right password signs nobody in."""
    fields = {"name": "educator", "password": PASSWORD}
    others = portal.token(portal.stranger(), "/sign-in")
    for token in ("", "0" * 64, others):
        browser = portal.stranger()
        browser.get("/sign-in")
        refused = browser.post("/sign-in", data={"csrf": token, **fields})
        assert refused.status_code == 403
        assert "did not come from a page of Galeria" in text_of(refused)
        assert "galeria" not in browser.cookies
    assert portal.stranger().post("/sign-in", data={"csrf": others, **fields}).status_code == 403


@pytest.mark.parametrize("origin", ["https://elsewhere.org", "null", "http://127.0.0.1:1"])
def test_forms_of_other_origins_are_refused_even_with_the_token(portal: Portal, origin: str) -> None:
    browser = portal.browser("educator")
    token = portal.token(browser)
    refused = browser.post("/sign-out", data={"csrf": token}, headers={"Origin": origin})
    assert refused.status_code == 403
    assert not is_out(browser)
    assert browser.post("/sign-out", data={"csrf": token}, headers=portal.own_origin).status_code == 303


def test_a_form_needs_the_token_of_this_session(portal: Portal) -> None:
    browser, other = portal.browser("educator"), portal.browser("educator")
    for token in ("", "wrong", portal.token(other)):
        assert browser.post("/sign-out", data={"csrf": token}).status_code == 403
    assert not is_out(browser)


def test_scripts_may_send_the_token_as_a_header(portal: Portal) -> None:
    browser = portal.browser("educator")
    answer = browser.post("/sign-out", headers={"X-CSRF-Token": portal.token(browser), "Content-Length": "0"})
    assert answer.status_code == 303


def test_signing_out_ends_the_session_itself(portal: Portal) -> None:
    browser = portal.browser("educator")
    secret = browser.cookies["galeria"]
    portal.post(browser, "/sign-out")
    assert "You are signed out." in text_of(browser.get("/sign-in"))
    browser.cookies.set("galeria", secret)
    assert is_out(browser)


def test_a_session_ends_when_nobody_used_it(portal: Portal) -> None:
    browser = portal.browser("educator")
    portal.clock.move(seconds=IDLE.total_seconds() - 60)
    assert not is_out(browser)
    portal.clock.move(seconds=IDLE.total_seconds() - 60)
    assert not is_out(browser)  # it was used meanwhile
    portal.clock.move(seconds=IDLE.total_seconds())
    assert is_out(browser)


def test_a_session_ends_however_much_it_is_used(portal: Portal) -> None:
    browser, step = portal.browser("educator"), IDLE.total_seconds() / 2
    for _ in range(int(LIFE.total_seconds() / step) - 1):
        portal.clock.move(seconds=step)
        assert not is_out(browser)
    portal.clock.move(seconds=step)
    assert is_out(browser)


def test_who_is_disabled_is_out_at_once(portal: Portal) -> None:
    browser = portal.browser("educator")
    assert not is_out(browser)
    with portal.installation.request() as request:
        disable(request, "educator")
    assert is_out(browser)
    sign_in(portal, portal.stranger(), status=401)
    with portal.installation.request() as request:
        enable(request, "educator")
    assert is_out(browser)  # what was open before stays closed
    sign_in(portal, portal.stranger())


def test_cookies_are_kept_from_scripts_and_from_the_open_net(secure_portal: Portal) -> None:
    browser = secure_portal.stranger()
    form = cookies(browser.get("/sign-in"))["__Host-galeria-form"]
    assert (form["secure"], form["httponly"], form["samesite"], form["path"], form["domain"]) == (
        True,
        True,
        "lax",
        "/",
        "",
    )
    session = cookies(sign_in(secure_portal, browser))["__Host-galeria"]
    assert (session["secure"], session["httponly"], session["samesite"], session["path"], session["domain"]) == (
        True,
        True,
        "lax",
        "/",
        "",
    )
    assert int(session["max-age"]) == LIFE.total_seconds()
    known = cookies(sign_in(secure_portal, secure_portal.stranger()))["__Host-galeria-known"]
    assert (known["secure"], known["httponly"], known["samesite"], known["path"], known["domain"]) == (
        True,
        True,
        "lax",
        "/",
        "",
    )
    assert not is_out(browser)
