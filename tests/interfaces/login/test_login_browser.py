"""`az login` with a browser: the authorization endpoint, PKCE, and the way back to the program."""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from galeria.interfaces.login.browser.texts import TEXTS
from galeria.interfaces.login.programs import is_loopback
from tests.interfaces.login.login_client import AZ, TOKEN, Form, LoginClient, keeps_known_browsers

AUTHORIZE = "/adfs/oauth2/authorize"
BACK = "http://localhost:8400"
STRANGER = "00000000-0000-4000-8000-000000000000"
VERIFIER = secrets.token_urlsafe(32)


@pytest.fixture(autouse=True)
def later(login_client: LoginClient) -> None:
    """Wrong tries of the test before are long ago."""
    login_client.context.clock.move(hours=1)


def asked(login_client: LoginClient, **changed: str) -> Form:
    """As msal asks, but for the response mode; an empty value leaves a field out."""
    challenge = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    fields = {
        "client_id": AZ,
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": f"{login_client.scope} offline_access openid profile",
        "state": 'st&"<ate',
        "nonce": "n-1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "prompt": "select_account",
        "client_info": "1",
    } | changed
    return {name: value for name, value in fields.items() if value}


def signed_in(login_client: LoginClient, fields: Form, **changed: str) -> httpx.Response:
    """What the form leads to, filled in."""
    page = login_client.client.get(AUTHORIZE, params=fields)
    assert page.status_code == 200, page.text
    filled = {"username": "admin", "password": login_client.context.first.password, "choice": "sign-in"} | changed
    return login_client.client.post(AUTHORIZE, data=carried(page) | filled)


def carried(page: httpx.Response) -> Form:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in found}


def brought_back(answer: httpx.Response) -> Form:
    assert answer.status_code == 303, answer.text
    location = answer.headers["location"]
    assert location.startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def redeeming(code: str, **changed: str) -> Form:
    form = {"grant_type": "authorization_code", "client_id": AZ, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return form | {"code": code} | changed


def test_browser_brings_the_program_a_code_that_becomes_a_token(login_client: LoginClient) -> None:
    result = brought_back(signed_in(login_client, asked(login_client)))
    assert set(result) == {"code", "state"}
    assert result["state"] == 'st&"<ate'
    token = login_client.token(redeeming(result["code"]))
    assert login_client.who_am_i(token["access_token"]).json()["name"] == "admin"
    keys = KeySet.import_key_set(login_client.client.get("/adfs/discovery/keys").json())
    claims = jwt.decode(token["id_token"], keys).claims
    assert (claims["nonce"], claims["aud"], claims["tid"]) == ("n-1", AZ, login_client.authority.tenant_id)
    assert token["client_info"]
    refresh = {"grant_type": "refresh_token", "client_id": AZ, "refresh_token": token["refresh_token"]}
    assert login_client.token(refresh)["access_token"]


def test_msal_gets_its_answer_in_a_form(login_client: LoginClient) -> None:
    page = signed_in(login_client, asked(login_client, response_mode="form_post"))
    assert page.status_code == 200
    assert f'<form method="post" action="{BACK}">' in page.text
    assert f"form-action 'self' {BACK};" in page.headers["content-security-policy"]
    result = carried(page)
    assert result["state"] == 'st&"<ate'
    assert login_client.token(redeeming(result["code"]))["access_token"]


def test_page_says_which_program_asks_and_lets_the_browser_return(login_client: LoginClient) -> None:
    page = login_client.client.get(
        AUTHORIZE, params=asked(login_client, login_hint='an"a'), headers={"Accept-Language": "pt"}
    )
    assert all(text in page.text for text in ("Azure CLI", login_client.authority.endpoint, TEXTS["pt-BR"]["warning"]))
    assert 'value="an&quot;a"' in page.text
    assert f"form-action 'self' {BACK};" in page.headers["content-security-policy"]


def test_code_is_worthless_without_the_verifier_and_for_others(login_client: LoginClient) -> None:
    code = brought_back(signed_in(login_client, asked(login_client)))["code"]
    assert login_client.refused(redeeming(code, code_verifier="x" * 43))[1] == "invalid_grant"
    assert login_client.refused(redeeming(code, redirect_uri="http://localhost:1"))[1] == "invalid_grant"
    assert login_client.refused(redeeming(code, client_id="galeria-cli"))[1] == "invalid_grant"
    assert login_client.refused(redeeming(code, code_verifier=""))[1] == "invalid_request"
    assert login_client.refused(redeeming(""))[1] == "invalid_request"
    assert login_client.token(redeeming(code))["access_token"]


def test_second_use_of_a_code_ends_the_session_that_it_began(login_client: LoginClient) -> None:
    code = brought_back(signed_in(login_client, asked(login_client)))["code"]
    token = login_client.token(redeeming(code))
    assert login_client.refused(redeeming(code))[1] == "invalid_grant"
    refresh = {"grant_type": "refresh_token", "client_id": AZ, "refresh_token": token["refresh_token"]}
    assert login_client.refused(refresh)[1] == "invalid_grant"


def test_uses_of_a_code_at_the_same_moment_leave_no_session(login_client: LoginClient) -> None:
    code = brought_back(signed_in(login_client, asked(login_client)))["code"]
    with ThreadPoolExecutor(4) as pool:
        posted = [pool.submit(login_client.client.post, TOKEN, data=redeeming(code)) for _ in range(4)]
    answers = [each.result() for each in posted]
    assert [each.json()["error"] for each in answers if each.status_code != 200].count("invalid_grant") >= 3
    for token in [each.json()["refresh_token"] for each in answers if each.status_code == 200]:
        refresh = {"grant_type": "refresh_token", "client_id": AZ, "refresh_token": token}
        assert login_client.refused(refresh)[1] == "invalid_grant"


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://localhost.evil.example:8400"},
        {"redirect_uri": "http://localhost:8400@evil.example"},
        {"redirect_uri": ""},
        {"client_id": STRANGER},
        {"client_id": ""},
    ],
)
def test_strangers_get_neither_a_code_nor_an_error(login_client: LoginClient, changed: Form) -> None:
    for answer in (
        login_client.client.get(AUTHORIZE, params=asked(login_client, **changed)),
        login_client.client.post(
            AUTHORIZE,
            data=asked(login_client, **changed)
            | {"username": "admin", "password": login_client.context.first.password},
        ),
    ):
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert TEXTS["en"]["refused_title"] in answer.text


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "https://graph.example/.default"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_known_programs_are_told_what_is_wrong(login_client: LoginClient, changed: Form, error: str) -> None:
    result = brought_back(login_client.client.get(AUTHORIZE, params=asked(login_client, **changed)))
    assert (result["error"], result["state"]) == (error, 'st&"<ate')
    assert result["error_description"]


def test_cancel_and_wrong_password(login_client: LoginClient) -> None:
    assert brought_back(signed_in(login_client, asked(login_client), choice="cancel"))["error"] == "access_denied"
    form = carried(signed_in(login_client, asked(login_client, response_mode="form_post"), choice="cancel"))
    assert (form["error"], form["state"]) == ("access_denied", 'st&"<ate')
    page = signed_in(login_client, asked(login_client), username="ghost", password="wrong")
    assert (page.status_code, TEXTS["en"]["wrong_password"] in page.text) == (400, True)
    assert carried(page)["redirect_uri"] == BACK
    for _ in range(4):
        signed_in(login_client, asked(login_client), username="ghost", password="wrong")
    page = signed_in(login_client, asked(login_client), username="ghost", password="wrong")
    assert (page.status_code, page.headers["retry-after"]) == (429, "10")


def test_it_knows_its_browsers(login_client: LoginClient) -> None:
    def sign_in(client: httpx.Client, password: str) -> int:
        page = client.get(AUTHORIZE, params=asked(login_client))
        filled = {"username": "admin", "password": password, "choice": "sign-in"}
        return client.post(AUTHORIZE, data=carried(page) | filled).status_code

    keeps_known_browsers(login_client, sign_in, 303)


def test_authorize_endpoint_under_every_spelling(login_client: LoginClient) -> None:
    tenant = login_client.authority.tenant_id
    for path in (
        "/adfs/oauth2/v2.0/authorize",
        f"/adfs/{tenant}/oauth2/v2.0/authorize",
        f"/{tenant}/oauth2/v2.0/authorize",
        f"/{tenant}/oauth2/authorize",
    ):
        assert login_client.client.get(path, params=asked(login_client)).status_code == 200
    other = login_client.client.get(
        "/11111111-0000-4000-8000-000000000001/oauth2/v2.0/authorize", params=asked(login_client)
    )
    assert other.status_code == 400


@pytest.mark.parametrize(
    "uri",
    ["http://localhost", "http://localhost:8400", "http://127.0.0.1:50123/back?x=1", "http://[::1]:8400/"],
)
def test_addresses_on_the_same_computer(uri: str) -> None:
    assert is_loopback(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://localhost:8400",
        "http://localhost:x",
        "http://localhost:0",
        "http://localhost:99999",
        "http://user@localhost:8400",
        "http://localhost#x",
        "http://localhost\\@evil.example",
        "http://localhost:8400/\r\nX: y",
        "http://evil.example/localhost",
        "http://[::1",
        "http://ｌocalhost:8400",
        "javascript://localhost",
    ],
)
def test_addresses_elsewhere_and_odd_ones(uri: str) -> None:
    assert not is_loopback(uri)
