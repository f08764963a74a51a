"""Signing in with another provider: the npm package oidc-provider, as a process of its own."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.actions.people.people import create_person, disable
from tests.interfaces.web.people.conftest import START, Open
from tests.interfaces.web.provider.running import RunningProvider, go_there, providing
from tests.interfaces.web.served import Portal, serving, text_of, title_of
from tests.interfaces.web.sign_in_form import cookies, is_out
from tests.local_installation import PASSWORD
from tests.prepared_installations import PreparedInstallations

pytestmark = pytest.mark.slow


def test_a_new_person_comes_in_with_the_role_of_the_settings(open_portal: Open) -> None:
    portal = open_portal(create_people=True, role="Lab Creator", resource_group="campus")
    browser = portal.stranger()
    assert "Sign in with Campus" in text_of(browser.get("/sign-in"))
    answer = go_there(browser, START, "ana")
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    seen = text_of(browser.get("/me"))
    assert "Ana Souza · ana" in seen
    assert "Lab Creator Resource group campus" in seen
    assert "You have no password here" in seen


def test_the_same_person_is_recognized_again(open_portal: Open) -> None:
    portal = open_portal(create_people=True)
    go_there(portal.stranger(), START, "ana")
    again = portal.stranger()
    go_there(again, START, "ana")
    assert not is_out(again)
    with portal.services.database(reading=True) as uow:
        assert [each.name for each in uow.people.all()] == ["admin", "ana", "colleague", "educator", "nobody"]


def test_what_is_asked_of_the_provider(open_portal: Open, campus: RunningProvider) -> None:
    portal = open_portal()
    browser = portal.stranger()
    began = browser.get(START)
    place = urlsplit(began.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(place.query).items()}
    assert f"{place.scheme}://{place.netloc}" == campus.issuer
    assert asked["redirect_uri"] == f"{portal.services.endpoint}/sign-in/external/back"
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == (
        "code",
        "S256",
        "openid profile email",
    )
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    kept = cookies(began)["galeria-external"]
    assert kept["httponly"]
    assert not {asked["state"], asked["nonce"]} & set(kept.value.split("."))
    other = parse_qs(urlsplit(portal.stranger().get(START).headers["location"]).query)
    assert other["state"] != [asked["state"]]


def test_who_says_no_there_is_told_so(open_portal: Open) -> None:
    answer = go_there(open_portal().stranger(), START, "ana", cancel=True)
    assert answer.status_code == 401
    assert title_of(answer) == "Sign in"
    assert "'Campus' did not let you in, or you said no there." in text_of(answer)


def test_an_unknown_person_learns_what_to_tell_an_administrator(open_portal: Open) -> None:
    portal = open_portal()
    browser = portal.stranger()
    answer = go_there(browser, START, "ana")
    assert answer.status_code == 403
    assert "Nobody here is known by your account at 'Campus'." in text_of(answer)
    assert "its id is 'subject-of-ana'" in text_of(answer)
    assert is_out(browser)
    admin = portal.browser()
    portal.post(admin, "/people/educator/links", subject="subject-of-ana")
    go_there(browser, START, "ana")
    assert "Educator" in text_of(browser.get("/me"))
    taken = portal.post(admin, "/people/colleague/links", status=400, subject="subject-of-ana")
    assert "Somebody else is linked with this account." in text_of(taken)
    assert "1 to 255 characters" in text_of(portal.post(admin, "/people/colleague/links", status=400, subject=""))


def test_a_link_is_removed_again(open_portal: Open) -> None:
    portal = open_portal(create_people=True)
    go_there(portal.stranger(), START, "ana")
    admin = portal.browser()
    page = admin.get("/people/ana")
    assert "Campus subject-of-ana" in text_of(page)
    found = re.search(r'name="link" value="([^"]+)"', page.text)
    assert found
    portal.post(admin, "/people/educator/links/remove", status=404, link=found[1])
    portal.post(admin, "/people/ana/links/remove", link=found[1])
    portal.post(admin, "/people/ana/links/remove", link=found[1])
    refused = go_there(portal.stranger(), START, "ana")
    assert "Somebody here has the user name 'ana' already." in text_of(refused)


def test_a_name_that_is_taken_here_is_not_taken_over(open_portal: Open) -> None:
    browser = open_portal(create_people=True).stranger()
    answer = go_there(browser, START, "admin")
    assert answer.status_code == 403
    assert "Somebody here has the user name 'admin' already." in text_of(answer)
    assert is_out(browser)


@pytest.mark.parametrize(
    ("link_by_email", "unverified", "known"), [(True, [], True), (True, ["bia"], False), (False, [], False)]
)
def test_an_address_links_only_where_it_is_verified_and_allowed(
    open_portal: Open, campus: RunningProvider, link_by_email: bool, unverified: list[str], known: bool
) -> None:
    portal = open_portal(link_by_email=link_by_email)
    campus.control(unverified=unverified)
    with portal.installation.request() as request:
        create_person(request, "bia@example.org", "Bia of here", PASSWORD, portal.services.secrets)
    browser = portal.stranger()
    go_there(browser, START, "bia")
    assert is_out(browser) is not known
    if known:
        assert "Bia of here" in text_of(browser.get("/me"))


def test_only_allowed_domains_come_in(open_portal: Open, campus: RunningProvider) -> None:
    portal = open_portal(create_people=True, allowed_domains=("example.org",))
    campus.control(unverified=["eve"])
    refused = go_there(portal.stranger(), START, "eve")
    assert refused.status_code == 403
    assert "no verified e-mail address that may sign in here" in text_of(refused)
    browser = portal.stranger()
    go_there(browser, START, "ana")
    assert not is_out(browser)


def test_who_is_disabled_here_does_not_come_in(open_portal: Open) -> None:
    portal = open_portal(create_people=True)
    browser = portal.stranger()
    go_there(browser, START, "ana")
    with portal.installation.request() as request:
        disable(request, "ana")
    assert is_out(browser)
    answer = go_there(browser, START, "ana")
    assert answer.status_code == 403
    assert "You may not sign in here any more." in text_of(answer)


def test_new_keys_of_the_provider_are_fetched(open_portal: Open, campus: RunningProvider) -> None:
    portal = open_portal(create_people=True)
    go_there(portal.stranger(), START, "ana")
    campus.control(rotate=True)
    browser = portal.stranger()
    go_there(browser, START, "ana")
    assert not is_out(browser)


def test_an_identity_that_the_provider_did_not_sign_is_refused(open_portal: Open, campus: RunningProvider) -> None:
    portal = open_portal(create_people=True)
    campus.control(lie=True)
    browser = portal.stranger()
    answer = go_there(browser, START, "ana")
    assert answer.status_code == 401
    assert "'Campus' sent an identity that does not hold." in text_of(answer)
    assert is_out(browser)


def test_an_answer_counts_only_for_the_attempt_that_this_browser_began(open_portal: Open) -> None:
    portal = open_portal(create_people=True)
    victim = portal.stranger()
    victim.get(START)  # an attempt of its own
    for place in ("/sign-in/external/back?code=x&state=y", "/sign-in/external/back"):
        assert "it was begun in another window" in text_of(victim.get(place))
    answer = go_there(portal.stranger(), START, "ana")
    came = str(answer.request.url)
    for browser in (victim, portal.stranger()):
        refused = browser.get(came)
        assert refused.status_code == 401
        assert is_out(browser)


def test_an_answer_counts_once(open_portal: Open) -> None:
    portal = open_portal(create_people=True)
    browser = portal.stranger()
    browser.get("/sign-in")
    answer = go_there(browser, START, "ana")
    began = browser.cookies.get("galeria-external")
    assert began is None
    assert browser.get(str(answer.request.url)).status_code == 401


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("iss=ISSUER&error=server_error", "'Campus' answers with an error: server_error."),
        ("iss=ISSUER&error=%3Cscript%3E", "'Campus' answers with an error: no code."),
        ("iss=ISSUER", "'Campus' answers with an error: no code."),
        ("code=x&iss=https://elsewhere.org", "The answer comes from somewhere else."),
        ("code=x", "The answer comes from somewhere else."),
        ("code=x&iss=ISSUER", "'Campus' does not know this sign-in any more."),
    ],
)
def test_errors_on_the_way_back_are_sentences(
    open_portal: Open, campus: RunningProvider, query: str, told: str
) -> None:
    browser = open_portal().stranger()
    state = parse_qs(urlsplit(browser.get(START).headers["location"]).query)["state"][0]
    answer = browser.get(f"/sign-in/external/back?state={state}&{query.replace('ISSUER', campus.issuer)}")
    assert answer.status_code == 401
    assert told in text_of(answer)
    assert title_of(answer) == "Sign in"


def test_signing_out_offers_to_sign_out_there(open_portal: Open, campus: RunningProvider) -> None:
    portal = open_portal(create_people=True)
    browser = portal.stranger()
    go_there(browser, START, "ana")
    out = portal.post(browser, "/sign-out")
    assert out.headers["location"] == "/sign-in?left=1"
    assert "You are still signed in at Campus in this browser." in text_of(browser.get("/sign-in?left=1"))
    there = browser.get("/sign-out/external").headers["location"]
    assert there.startswith(f"{campus.issuer}/session/end?")
    back = go_there(browser, "/sign-out/external", "")
    assert title_of(back) == "Sign in"
    asked = browser.get(browser.get(START).headers["location"], follow_redirects=True)
    assert 'name="login"' in asked.text  # the provider does not know who this is any more


def test_signing_out_of_a_password_session_does_not(open_portal: Open) -> None:
    portal = open_portal()
    assert portal.post(portal.browser("educator"), "/sign-out").headers["location"] == "/sign-in"


def test_without_a_provider_in_the_settings_there_is_no_such_way(portal: Portal) -> None:
    browser = portal.stranger()
    assert "Or with a password" not in text_of(browser.get("/sign-in"))
    for place in (START, "/sign-in/external/back", "/sign-out/external"):
        assert browser.get(place).status_code == 404


def test_a_provider_that_is_down_is_reported_and_passwords_go_on(
    tmp_path: Path, prepared_installations: PreparedInstallations, token_key: RSAPrivateKey
) -> None:
    with providing() as provider:
        provider.stop()
        with serving(
            tmp_path / "installation", prepared_installations, token_key, openid=provider.settings()
        ) as portal:
            browser = portal.stranger("pt-BR")
            answer = browser.get(START)
            assert answer.status_code == 503
            assert "'Campus' não responde." in text_of(answer)
            portal.post(browser, "/sign-in", page="/sign-in", name="educator", password=PASSWORD, next="/me")


def test_a_secret_that_the_provider_refuses_is_reported_without_details(open_portal: Open) -> None:
    answer = go_there(open_portal(client_secret="wrong").stranger(), START, "ana")
    assert answer.status_code == 503
    assert "'Campus' refuses what Galeria asks; the server's log says more." in text_of(answer)
