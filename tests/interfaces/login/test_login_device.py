"""`az login --use-device-code` and the page that it sends people to."""

import json
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from galeria.interfaces.login.browser.texts import TEXTS, language_of
from tests.interfaces.login.login_client import AZ, LoginClient, keeps_known_browsers

DEVICE = "/adfs/oauth2/devicecode"
PAGE = "/adfs/device"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(autouse=True)
def later(login_client: LoginClient) -> None:
    """Wrong tries of the test before are long ago."""
    login_client.context.clock.move(hours=1)


def start(login_client: LoginClient, path: str = DEVICE, **changed: str) -> dict[str, Any]:
    form = {"client_id": AZ, "scope": f"{login_client.scope} offline_access openid profile", "claims": "{}"} | changed
    answer = login_client.client.post(path, data=form)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def poll_form(device_code: str) -> dict[str, str]:
    """As msal sends it: the code under both names."""
    return {"grant_type": GRANT, "client_id": AZ, "device_code": device_code, "code": device_code}


def poll(login_client: LoginClient, device_code: str) -> str:
    status, error, _ = login_client.refused(poll_form(device_code))
    assert status == 400
    return error


def answer(login_client: LoginClient, user_code: str, **changed: str) -> httpx.Response:
    form = {
        "user_code": user_code,
        "username": "admin",
        "password": login_client.context.first.password,
        "choice": "sign-in",
    }
    return login_client.client.post(PAGE, data=form | changed)


def test_somebody_signs_in_for_a_program_elsewhere(login_client: LoginClient) -> None:
    started = start(login_client)
    assert {"device_code", "user_code", "verification_uri", "expires_in", "interval", "message"} <= set(started)
    assert started["user_code"] in started["message"]
    assert poll(login_client, started["device_code"]) == "authorization_pending"
    page = login_client.client.get(started["verification_uri"], params={"user_code": started["user_code"].lower()})
    assert page.status_code == 200
    assert all(text in page.text for text in (started["user_code"], "Azure CLI", login_client.authority.endpoint))
    done = answer(login_client, started["user_code"])
    assert (done.status_code, TEXTS["en"]["done_title"] in done.text) == (200, True)
    token = login_client.token(poll_form(started["device_code"]))
    assert login_client.who_am_i(token["access_token"]).json()["name"] == "admin"
    assert token["refresh_token"]
    keys = KeySet.import_key_set(login_client.client.get("/adfs/discovery/keys").json())
    assert jwt.decode(token["id_token"], keys).claims["tid"] == login_client.authority.tenant_id
    assert poll(login_client, started["device_code"]) == "invalid_grant"
    refresh = {"grant_type": "refresh_token", "client_id": AZ, "refresh_token": token["refresh_token"]}
    assert login_client.token(refresh)["access_token"]


def test_either_name_of_the_code_will_do(login_client: LoginClient) -> None:
    for name in "code", "device_code":
        started = start(login_client)
        answer(login_client, started["user_code"])
        assert login_client.token({"grant_type": GRANT, "client_id": AZ, name: started["device_code"]})["access_token"]


def test_device_endpoint_is_the_same_under_every_spelling(login_client: LoginClient) -> None:
    tenant = login_client.authority.tenant_id
    document = login_client.client.get("/adfs/.well-known/openid-configuration").json()
    assert document["device_authorization_endpoint"] == login_client.authority.endpoint + DEVICE
    assert GRANT in document["grant_types_supported"]
    for path in (
        "/adfs/oauth2/v2.0/devicecode",
        f"/adfs/{tenant}/oauth2/v2.0/devicecode",
        f"/{tenant}/oauth2/v2.0/devicecode",
        f"/{tenant}/oauth2/devicecode",
    ):
        assert start(login_client, path)["device_code"]
    other = login_client.client.post(
        "/11111111-0000-4000-8000-000000000001/oauth2/v2.0/devicecode", data={"client_id": AZ}
    )
    assert login_client.authority.tenant_id in other.json()["error_description"]


def test_impatience_delay_and_refusal(login_client: LoginClient) -> None:
    started = start(login_client)
    assert poll(login_client, started["device_code"]) == "authorization_pending"
    assert poll(login_client, started["device_code"]) == "slow_down"
    login_client.context.clock.move(minutes=15)
    assert poll(login_client, started["device_code"]) == "expired_token"
    assert TEXTS["en"]["wrong_code"] in answer(login_client, started["user_code"]).text
    declined = start(login_client)
    page = answer(login_client, declined["user_code"], choice="cancel", username="", password="")
    assert TEXTS["en"]["canceled_text"] in page.text
    assert poll(login_client, declined["device_code"]) == "access_denied"


def test_wrong_passwords_leave_the_program_waiting_and_are_slowed_down(login_client: LoginClient) -> None:
    started = start(login_client)
    for _ in range(5):
        page = answer(login_client, started["user_code"], username="ghost", password="wrong")
        assert (page.status_code, TEXTS["en"]["wrong_password"] in page.text) == (400, True)
    page = answer(login_client, started["user_code"], username="ghost", password="wrong")
    assert (page.status_code, page.headers["retry-after"]) == (429, "10")
    assert poll(login_client, started["device_code"]) == "authorization_pending"


def test_it_knows_its_browsers(login_client: LoginClient) -> None:
    def sign_in(client: httpx.Client, password: str) -> int:
        form = {"user_code": start(login_client)["user_code"], "username": "admin", "password": password}
        return client.post(PAGE, data=form | {"choice": "sign-in"}).status_code

    keeps_known_browsers(login_client, sign_in, 200)


def test_guessing_codes_is_slowed_down(login_client: LoginClient) -> None:
    codes = (f"BCDF-{'BCDFGHJKLM'[number % 10]}{'BCDFGHJKLM'[number // 10]}BB" for number in range(60))
    statuses = [login_client.client.get(PAGE, params={"user_code": code}).status_code for code in codes]
    assert statuses == [400] * 50 + [429] * 10


@pytest.mark.parametrize("missing", ["client_id", "scope of another"])
def test_wrong_requests_get_a_sentence(login_client: LoginClient, missing: str) -> None:
    form = (
        {"scope": login_client.scope}
        if missing == "client_id"
        else {"client_id": AZ, "scope": "https://graph.example/x"}
    )
    refused = login_client.client.post(DEVICE, data=form)
    assert refused.status_code == 400
    assert refused.json()["error_description"].endswith(".")


def test_polling_without_a_code_or_with_a_guess(login_client: LoginClient) -> None:
    assert login_client.refused({"grant_type": GRANT, "client_id": AZ})[1] == "invalid_request"
    assert poll(login_client, "a guess") == "invalid_grant"


def test_programs_secret_opens_no_page(login_client: LoginClient) -> None:
    started, first = start(login_client), login_client.context.first
    page = answer(login_client, started["user_code"], username=first.client_id, password=first.client_secret)
    assert page.status_code == 400


def test_page_runs_nothing_and_cannot_be_framed_or_kept(login_client: LoginClient) -> None:
    page = login_client.client.get(PAGE)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy + page.text
    assert (page.headers["cache-control"], page.headers["x-frame-options"]) == ("no-store", "DENY")
    style = login_client.client.get("/adfs/sign-in.css")
    assert style.headers["content-type"].startswith("text/css")


def test_what_strangers_send_is_shown_as_text(login_client: LoginClient) -> None:
    started = start(login_client, client_id="<b>&\"x'")
    page = login_client.client.get(PAGE, params={"user_code": started["user_code"]}).text
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;&quot;x&#x27;" in page
    page = answer(login_client, started["user_code"], username='"><i>', password="wrong").text
    assert "<i>" not in page
    for query in ("user_code=a&user_code=b", "user_code=%00", "user_code=%ff"):
        assert login_client.client.get(f"{PAGE}?{query}").status_code in (200, 400)
    assert login_client.client.post(PAGE, content=b"\xff").status_code == 400


def test_page_speaks_portuguese_and_english(login_client: LoginClient) -> None:
    page = login_client.client.get(PAGE, headers={"Accept-Language": "pt-BR,pt;q=0.9,en;q=0.8"})
    assert TEXTS["pt-BR"]["enter_code_title"] in page.text
    assert '<html lang="pt-BR">' in page.text
    assert page.headers["content-language"] == "pt-BR"
    assert set(TEXTS["en"]) == set(TEXTS["pt-BR"])
    wanted = {
        "de, pt;q=0.1": "pt-BR",
        "en;q=0.2, pt;q=0.1": "en",
        "": "en",
        "fr": "en",
        "pt;q=x": "en",
        "pt-PT": "pt-BR",
    }
    assert {accepted: language_of(accepted) for accepted in wanted} == wanted


def test_starts_from_one_address_are_limited(login_client: LoginClient) -> None:
    statuses = [login_client.client.post(DEVICE, data={"client_id": AZ}).status_code for _ in range(101)]
    assert statuses[-1] == 429


def test_codes_are_nowhere_in_the_database(login_client: LoginClient) -> None:
    login_client.context.clock.move(hours=1)
    started = start(login_client)
    with login_client.context.database(reading=True) as uow:
        rows = [vars(each) for each in uow.device_codes.expired(login_client.context.clock.now().replace(year=2100))]
    assert rows
    kept = json.dumps(rows, default=str)
    assert started["device_code"] not in kept
    assert started["user_code"].replace("-", "") not in kept
