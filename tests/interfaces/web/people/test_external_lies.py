"""A provider, or somebody between it and here, who lies: identities, answers of another, endpoints that lead elsewhere."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwe
from joserfc.jwk import RSAKey

from galeria.adapters.identity.openid import OpenIdProvider
from galeria.adapters.system import SystemClock
from galeria.domain.errors import Unavailable
from galeria.domain.people.external_provider import sign_in_attempt
from tests.interfaces.web.people.conftest import START, Open
from tests.interfaces.web.provider.proxy import DISCOVERY, KEYS, TOKEN, USERINFO, Answer, Proxy
from tests.interfaces.web.provider.running import CLIENT_SECRET, RunningProvider, go_there, way_back
from tests.interfaces.web.served import Portal, text_of, title_of
from tests.interfaces.web.sign_in_form import is_out

pytestmark = pytest.mark.slow

BACK = "/sign-in/external/back"
SOMEBODY = RSAKey.generate_key(2048, {"kid": "of the proxy", "use": "sig"})
Claims = dict[str, Any]
Lie = Callable[[Proxy, Claims], Any]


def _part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _with(**changed: Any) -> Lie:
    """The claims with these, None leaves one out, signed as is right."""
    return lambda proxy, claims: proxy.sign(
        {name: value for name, value in {**claims, **changed}.items() if value is not None}
    )


def _hmac(secret: bytes) -> Lie:
    def make(proxy: Proxy, claims: Claims) -> str:
        signed = f"{_part({'alg': 'HS256'})}.{_part(claims)}"
        mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
        return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"

    return make


def _hmac_with_public_key(proxy: Proxy, claims: Claims) -> str:
    return str(_hmac(proxy.key.as_pem(private=False))(proxy, claims))


def _encrypted(proxy: Proxy, claims: Claims) -> str:
    header = {"alg": "RSA-OAEP", "enc": "A128GCM"}
    key = RSAKey.import_key({**proxy.key.as_dict(private=True), "use": "enc"})
    return jwe.encrypt_compact(header, json.dumps(claims).encode(), key)


def _deep(proxy: Proxy, claims: Claims) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 40_000 + b"]" * 40_000 + b"}").decode().rstrip("=")
    return f"{head[:60_000]}.{_part(claims)}.x"


LIES: dict[str, Lie] = {
    "of another client": _with(aud="other"),
    "of others too": _with(aud=["galeria", "other"]),
    "for another party": _with(azp="other"),
    "of another issuer": _with(iss="https://elsewhere.example"),
    "of the issuer with a slash": lambda proxy, claims: proxy.sign({**claims, "iss": claims["iss"] + "/"}),
    "expired": lambda proxy, claims: proxy.sign({**claims, "exp": claims["iat"] - 61}),
    "never expires": _with(exp=None),
    "expires at no number": _with(exp="tomorrow"),
    "expires at not a number": _with(exp=float("nan")),
    "expires at infinity": _with(exp=float("inf")),
    "of tomorrow": lambda proxy, claims: proxy.sign({**claims, "iat": claims["iat"] + 86_400}),
    "not yet valid": lambda proxy, claims: proxy.sign({**claims, "nbf": claims["iat"] + 86_400}),
    "without a nonce": _with(nonce=None),
    "of another nonce": _with(nonce="another"),
    "of many issuers": lambda proxy, claims: proxy.sign(
        {**claims, "iss": [claims["iss"], "https://elsewhere.example"]}
    ),
    "of many nonces": lambda proxy, claims: proxy.sign({**claims, "nonce": [claims["nonce"]]}),
    "of nobody": _with(sub=None),
    "of the empty id": _with(sub=""),
    "of a number": _with(sub=1),
    "without a signature": lambda proxy, claims: f"{_part({'alg': 'none'})}.{_part(claims)}.",
    "with the signature cut off": lambda proxy, claims: proxy.sign(claims).rpartition(".")[0] + ".",
    "of changed claims": lambda proxy, claims: proxy.sign(claims).replace(
        proxy.sign(claims).split(".")[1], _part({**claims, "sub": "subject-of-admin"})
    ),
    "HMAC with the public key": _hmac_with_public_key,
    "HMAC with the client secret": _hmac(CLIENT_SECRET.encode()),
    "HMAC with nothing": _hmac(b""),
    "of a key that is not published": lambda proxy, claims: proxy.sign(claims, SOMEBODY, kid="of the proxy"),
    "with its key inside": lambda proxy, claims: proxy.sign(claims, SOMEBODY, jwk=SOMEBODY.as_dict(private=False)),
    "with an address of its key": lambda proxy, claims: proxy.sign(claims, SOMEBODY, jku=f"{proxy.issuer}/jku"),
    "with an address of its certificate": lambda proxy, claims: proxy.sign(claims, SOMEBODY, x5u=f"{proxy.issuer}/jku"),
    "encrypted": _encrypted,
    "of a deep header": _deep,
    "no token": lambda proxy, claims: "no token",
    "many tokens": lambda proxy, claims: [proxy.sign(claims)],
    "nothing": lambda proxy, claims: None,
}


@pytest.fixture
def portal(find_portal: Open, proxy: Proxy) -> Portal:
    """Whoever proves who they are comes in here, as a new person."""
    return find_portal(proxy, create_people=True)


def state_of(browser: httpx.Client) -> str:
    return parse_qs(urlsplit(browser.get(START).headers["location"]).query)["state"][0]


def refused(portal: Portal, status: int, *told: str) -> None:
    """Somebody, who is signed in at the provider already, signs in and is refused in words, without anything left behind."""
    browser = portal.clients[0] if portal.clients else portal.stranger()
    for cookie in [each for each in browser.cookies.jar if each.domain == "127.0.0.1"]:
        browser.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
    with portal.services.database(reading=True) as uow:
        before = len(uow.people.all())
    answer = go_there(browser, START, "eve")
    assert (answer.status_code, title_of(answer)) == (status, "Sign in"), text_of(answer)
    assert [each for each in told if each not in text_of(answer)] == [], text_of(answer)
    assert is_out(browser)
    with portal.services.database(reading=True) as uow:
        assert len(uow.people.all()) == before


def test_who_changes_nothing_but_the_signature_is_believed(portal: Portal, proxy: Proxy) -> None:
    """The refusals below are due to what they say, and not to the proxy."""
    for kid in ("of the proxy", "unknown"):
        proxy.replace_token(lambda claims, kid=kid: proxy.sign(claims, kid=kid))  # type: ignore[misc]
        browser = portal.stranger()
        assert go_there(browser, START, "ana").status_code == 303
        assert not is_out(browser)


@pytest.mark.parametrize("lie", LIES)
def test_an_identity_that_does_not_hold_is_refused(portal: Portal, proxy: Proxy, lie: str) -> None:
    proxy.replace_token(lambda claims: LIES[lie](proxy, claims))
    told = "sent no identity" if lie in ("nothing", "many tokens") else "sent an identity that does not hold"
    refused(portal, 401, told)
    assert "/jku" not in proxy.asked


def test_an_identity_of_an_earlier_sign_in_is_refused(portal: Portal, proxy: Proxy) -> None:
    go_there(portal.stranger(), START, "ana")
    replayed = proxy.tokens[-1]
    proxy.changes[TOKEN] = lambda answer: answer.change(id_token=replayed)
    refused(portal, 401, "sent an identity that does not hold")


def test_keys_that_are_published_no_more_are_believed_no_more(open_portal: Open, proxy: Proxy) -> None:
    portal, old, new = open_portal(proxy, create_people=True), proxy.key, RSAKey.generate_key(2048, {"use": "sig"})
    proxy.replace_token(lambda claims: proxy.sign(claims))
    go_there(portal.stranger(), START, "ana")
    proxy.publish(new)
    proxy.changes[TOKEN] = lambda answer: answer.change(id_token=proxy.sign(proxy.true_claims(), new))
    browser = portal.stranger()
    assert go_there(browser, START, "ana").status_code == 303
    proxy.changes[TOKEN] = lambda answer: answer.change(id_token=proxy.sign(proxy.true_claims(), old))
    refused(portal, 401, "sent an identity that does not hold")


@pytest.mark.parametrize("subject", ["subject-of-admin", "", None, 7, ["subject-of-eve"]], ids=str)
def test_what_is_said_of_somebody_else_is_refused(portal: Portal, proxy: Proxy, subject: Any) -> None:
    proxy.changes[USERINFO] = lambda answer: answer.change(sub=subject)
    refused(portal, 401, "'Campus' speaks of somebody else.")


def test_an_address_is_verified_by_who_says_it(find_portal: Open, proxy: Proxy) -> None:
    """The token has an address and does not say that it is verified; UserInfo speaks of another one."""
    portal = find_portal(proxy, allowed_domains=("bank.org",), create_people=True)
    proxy.replace_token(lambda claims: proxy.sign({**claims, "email": "eve@bank.org"}))
    refused(portal, 403, "no verified e-mail address that may sign in here")


def _swap(here: str, by: dict[str, str]) -> str:
    """The address of the way back, with these values in its query."""
    place = urlsplit(here)
    return f"{place.path}?{urlencode({**{name: each[0] for name, each in parse_qs(place.query).items()}, **by})}"


def test_a_code_is_of_use_only_to_the_browser_that_it_was_made_for(portal: Portal) -> None:
    """A code that somebody got hold of before it was used, brought with an attempt of their own."""
    thief, stolen = portal.stranger(), portal.stranger()
    state = state_of(thief)
    answer = thief.get(_swap(way_back(stolen, START, "ana"), {"state": state}))
    assert answer.status_code == 401
    assert "'Campus' does not know this sign-in any more." in text_of(answer)
    assert is_out(thief)


def test_nobody_is_signed_in_as_somebody_else_by_a_link(portal: Portal) -> None:
    """The whole answer to the attacker's sign-in, sent to the victim: with an attempt of its own, without one, half way."""
    way = way_back(portal.stranger(), START, "eve")
    without, half_way = portal.stranger(), portal.stranger()
    state_of(half_way)
    for victim in (without, half_way):
        for link in (way, _swap(way, {"state": ""})):
            answer = victim.get(link)
            assert answer.status_code == 401
            assert "it was begun in another window" in text_of(answer)
            assert is_out(victim)


def test_a_code_counts_once_also_where_the_cookie_comes_back(portal: Portal) -> None:
    browser, again = portal.stranger(), portal.stranger()
    way = way_back(browser, START, "ana")
    again.cookies.update(browser.cookies)
    assert browser.get(way).status_code == 303
    answer = again.get(way)
    assert answer.status_code == 401
    assert is_out(again)


def test_an_answer_of_another_provider_is_not_brought_to_this_one(
    portal: Portal, proxy: Proxy, campus: RunningProvider
) -> None:
    """A mix-up: the person was led to another provider, whose code would be told to this one."""
    browser = portal.stranger()
    for issuer in ({"iss": campus.issuer}, {"iss": proxy.issuer + "/"}, {"iss": ""}, {}):
        state = state_of(browser)
        answer = browser.get(f"{BACK}?{urlencode({'state': state, 'code': 'of-another', **issuer})}")
        assert answer.status_code == 401
        assert "The answer comes from somewhere else." in text_of(answer)
    assert TOKEN not in proxy.asked


def test_a_provider_that_does_not_name_itself_in_answers_may_go_on_so(open_portal: Open, proxy: Proxy) -> None:
    proxy.changes[DISCOVERY] = lambda answer: answer.change(authorization_response_iss_parameter_supported=None)
    portal = open_portal(proxy, create_people=True)
    browser = portal.stranger()
    assert browser.get(_swap(way_back(browser, START, "ana"), {"iss": ""})).status_code == 303


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"issuer": "https://elsewhere.example"}, "'Campus' calls itself 'https://elsewhere.example', and not"),
        ({"issuer": None}, "calls itself 'None'"),
        ({"issuer": "\x1b[2J\u202e" + "x" * 100_000}, "calls itself '[2Jxxx"),
        ({"issuer": ["http://localhost"]}, "calls itself"),
        ({"authorization_endpoint": None}, "does not tell its authorization_endpoint"),
        ({"authorization_endpoint": ["https://x.example"]}, "does not tell its authorization_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "names an address that is not safe"),
        ({"authorization_endpoint": "http://elsewhere.example/"}, "names an address that is not safe"),
        ({"authorization_endpoint": "http://["}, "names an address that is not safe"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_a_provider_says_of_itself_wrongly_is_told(
    open_portal: Open, proxy: Proxy, said: dict[str, Any], told: str
) -> None:
    proxy.changes[DISCOVERY] = lambda answer: answer.change(**said)
    portal = open_portal(proxy, create_people=True)
    answer = portal.stranger().get(START)
    assert (answer.status_code, title_of(answer)) == (503, "Sign in")
    assert told in text_of(answer)
    assert len(text_of(answer)) < 2_000


@pytest.mark.parametrize(
    "place",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "https://10.0.0.1/",
        "https://[::ffff:192.168.0.1]/",
        "file:///etc/passwd",
        "https://name:word@localhost/",
        "http://localhost:99999/",
        "http://localhost:1/\r\nX: y",
        "http://localhost:1/ü",
        "//localhost/",
    ],
)
def test_a_provider_leads_the_server_nowhere_else(campus: RunningProvider, proxy: Proxy, place: str) -> None:
    campus.control(issuer=proxy.issuer)
    proxy.changes[DISCOVERY] = lambda answer: answer.change(token_endpoint=place)
    provider = OpenIdProvider(proxy.settings(), SystemClock())
    with pytest.raises(Unavailable, match="names an address that is not safe"):
        provider.redeem(sign_in_attempt("secret"), "http://127.0.0.1/back", "code")


@pytest.mark.parametrize("endpoint", ["jwks_uri", "userinfo_endpoint"])
def test_nor_do_its_other_endpoints(open_portal: Open, proxy: Proxy, endpoint: str) -> None:
    proxy.changes[DISCOVERY] = lambda answer: answer.change(**{endpoint: "https://10.0.0.1/"})
    refused(open_portal(proxy, create_people=True), 503, "names an address that is not safe")


@pytest.mark.parametrize("path", [TOKEN, KEYS, USERINFO])
def test_a_provider_that_sends_on_is_not_followed(open_portal: Open, proxy: Proxy, path: str) -> None:
    def moved(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(307)
        handler.send_header("Location", f"{proxy.issuer}/moved")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    proxy.raw[path] = moved
    refused(open_portal(proxy, create_people=True), 503, "does not answer as it should")
    assert "/moved" not in proxy.asked


@pytest.mark.parametrize("token", ["a\r\nX: y", "ü", "\ud800", ""], ids=ascii)
def test_an_access_token_that_no_header_can_hold_is_told(portal: Portal, proxy: Proxy, token: str) -> None:
    proxy.changes[TOKEN] = lambda answer: answer.change(access_token=token)
    refused(portal, 503, "'Campus' does not answer")


def _answers(**content: Any) -> Callable[[Answer], None]:
    return lambda answer: answer.say(content)


@pytest.mark.parametrize(
    ("content", "status"),
    [({"error": "invalid_grant"}, 401), ({"error": ["x"]}, 503), ({"error": "x\x1b[2J" * 20_000}, 503), ({}, 401)],
    ids=lambda value: str(value)[:40],
)
def test_a_refusal_of_the_token_is_told(portal: Portal, proxy: Proxy, content: dict[str, Any], status: int) -> None:
    proxy.changes[TOKEN] = _answers(**content)
    refused(portal, status, "'Campus'")


def test_signing_out_leads_to_no_address_that_is_not_safe(open_portal: Open, proxy: Proxy) -> None:
    proxy.changes[DISCOVERY] = lambda answer: answer.change(
        end_session_endpoint="javascript:alert(1)", token_endpoint_auth_methods_supported=5
    )
    portal = open_portal(proxy, create_people=True)
    browser = portal.stranger()
    assert go_there(browser, START, "ana").status_code == 303
    answer = browser.get("/sign-out/external")
    assert answer.status_code == 503
    assert "names an address that is not safe" in text_of(answer)
