"""`az login --use-device-code` and the page that it sends people to."""

import json
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from galeria.interfaces.login.browser.texts import TEXTS, language_of
from tests.interfaces.login_door import AZ, Door

DEVICE = "/adfs/oauth2/devicecode"
PAGE = "/adfs/device"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(autouse=True)
def later(door: Door) -> None:
    """Wrong tries of the test before are long ago."""
    door.world.clock.move(hours=1)


def start(door: Door, path: str = DEVICE, **changed: str) -> dict[str, Any]:
    form = {"client_id": AZ, "scope": f"{door.scope} offline_access openid profile", "claims": "{}"} | changed
    answer = door.client.post(path, data=form)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def poll_form(device_code: str) -> dict[str, str]:
    """As msal sends it: the code under both names."""
    return {"grant_type": GRANT, "client_id": AZ, "device_code": device_code, "code": device_code}


def poll(door: Door, device_code: str) -> str:
    status, error, _ = door.refused(poll_form(device_code))
    assert status == 400
    return error


def answer(door: Door, user_code: str, **changed: str) -> httpx.Response:
    form = {"user_code": user_code, "username": "admin", "password": door.world.first.password, "choice": "sign-in"}
    return door.client.post(PAGE, data=form | changed)


def test_somebody_signs_in_for_a_program_elsewhere(door: Door) -> None:
    started = start(door)
    assert {"device_code", "user_code", "verification_uri", "expires_in", "interval", "message"} <= set(started)
    assert started["user_code"] in started["message"]
    assert poll(door, started["device_code"]) == "authorization_pending"
    page = door.client.get(started["verification_uri"], params={"user_code": started["user_code"].lower()})
    assert page.status_code == 200
    assert all(text in page.text for text in (started["user_code"], "Azure CLI", door.authority.endpoint))
    done = answer(door, started["user_code"])
    assert (done.status_code, TEXTS["en"]["done_title"] in done.text) == (200, True)
    token = door.token(poll_form(started["device_code"]))
    assert door.who_am_i(token["access_token"]).json()["name"] == "admin"
    assert token["refresh_token"]
    keys = KeySet.import_key_set(door.client.get("/adfs/discovery/keys").json())
    assert jwt.decode(token["id_token"], keys).claims["tid"] == door.authority.tenant_id
    assert poll(door, started["device_code"]) == "invalid_grant"
    refresh = {"grant_type": "refresh_token", "client_id": AZ, "refresh_token": token["refresh_token"]}
    assert door.token(refresh)["access_token"]


def test_either_name_of_the_code_will_do(door: Door) -> None:
    for name in "code", "device_code":
        started = start(door)
        answer(door, started["user_code"])
        assert door.token({"grant_type": GRANT, "client_id": AZ, name: started["device_code"]})["access_token"]


def test_device_endpoint_is_the_same_under_every_spelling(door: Door) -> None:
    tenant = door.authority.tenant_id
    document = door.client.get("/adfs/.well-known/openid-configuration").json()
    assert document["device_authorization_endpoint"] == door.authority.endpoint + DEVICE
    assert GRANT in document["grant_types_supported"]
    for path in (
        "/adfs/oauth2/v2.0/devicecode",
        f"/adfs/{tenant}/oauth2/v2.0/devicecode",
        f"/{tenant}/oauth2/v2.0/devicecode",
        f"/{tenant}/oauth2/devicecode",
    ):
        assert start(door, path)["device_code"]
    other = door.client.post("/11111111-0000-4000-8000-000000000001/oauth2/v2.0/devicecode", data={"client_id": AZ})
    assert door.authority.tenant_id in other.json()["error_description"]


def test_impatience_delay_and_refusal(door: Door) -> None:
    started = start(door)
    assert poll(door, started["device_code"]) == "authorization_pending"
    assert poll(door, started["device_code"]) == "slow_down"
    door.world.clock.move(minutes=15)
    assert poll(door, started["device_code"]) == "expired_token"
    assert TEXTS["en"]["wrong_code"] in answer(door, started["user_code"]).text
    declined = start(door)
    page = answer(door, declined["user_code"], choice="cancel", username="", password="")
    assert TEXTS["en"]["canceled_text"] in page.text
    assert poll(door, declined["device_code"]) == "access_denied"


def test_wrong_passwords_leave_the_program_waiting_and_are_slowed_down(door: Door) -> None:
    started = start(door)
    for _ in range(5):
        page = answer(door, started["user_code"], username="ghost", password="wrong")
        assert (page.status_code, TEXTS["en"]["wrong_password"] in page.text) == (400, True)
    page = answer(door, started["user_code"], username="ghost", password="wrong")
    assert (page.status_code, page.headers["retry-after"]) == (429, "10")
    assert poll(door, started["device_code"]) == "authorization_pending"


def test_guessing_codes_is_slowed_down(door: Door) -> None:
    codes = (f"BCDF-{'BCDFGHJKLM'[number % 10]}{'BCDFGHJKLM'[number // 10]}BB" for number in range(60))
    statuses = [door.client.get(PAGE, params={"user_code": code}).status_code for code in codes]
    assert statuses == [400] * 50 + [429] * 10


@pytest.mark.parametrize("missing", ["client_id", "scope of another"])
def test_wrong_requests_get_a_sentence(door: Door, missing: str) -> None:
    form = {"scope": door.scope} if missing == "client_id" else {"client_id": AZ, "scope": "https://graph.example/x"}
    refused = door.client.post(DEVICE, data=form)
    assert refused.status_code == 400
    assert refused.json()["error_description"].endswith(".")


def test_polling_without_a_code_or_with_a_guess(door: Door) -> None:
    assert door.refused({"grant_type": GRANT, "client_id": AZ})[1] == "invalid_request"
    assert poll(door, "a guess") == "invalid_grant"


def test_programs_secret_opens_no_page(door: Door) -> None:
    started, first = start(door), door.world.first
    page = answer(door, started["user_code"], username=first.client_id, password=first.client_secret)
    assert page.status_code == 400


def test_page_runs_nothing_and_cannot_be_framed_or_kept(door: Door) -> None:
    page = door.client.get(PAGE)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy + page.text
    assert (page.headers["cache-control"], page.headers["x-frame-options"]) == ("no-store", "DENY")
    style = door.client.get("/adfs/sign-in.css")
    assert style.headers["content-type"].startswith("text/css")


def test_what_strangers_send_is_shown_as_text(door: Door) -> None:
    started = start(door, client_id="<b>&\"x'")
    page = door.client.get(PAGE, params={"user_code": started["user_code"]}).text
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;&quot;x&#x27;" in page
    page = answer(door, started["user_code"], username='"><i>', password="wrong").text
    assert "<i>" not in page
    for query in ("user_code=a&user_code=b", "user_code=%00", "user_code=%ff"):
        assert door.client.get(f"{PAGE}?{query}").status_code in (200, 400)
    assert door.client.post(PAGE, content=b"\xff").status_code == 400


def test_page_speaks_portuguese_and_english(door: Door) -> None:
    page = door.client.get(PAGE, headers={"Accept-Language": "pt-BR,pt;q=0.9,en;q=0.8"})
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


def test_starts_from_one_address_are_limited(door: Door) -> None:
    statuses = [door.client.post(DEVICE, data={"client_id": AZ}).status_code for _ in range(101)]
    assert statuses[-1] == 429


def test_codes_are_nowhere_in_the_database(door: Door) -> None:
    door.world.clock.move(hours=1)
    started = start(door)
    with door.world.database(reading=True) as uow:
        rows = [vars(each) for each in uow.device_codes.expired(door.world.clock.now().replace(year=2100))]
    assert rows
    kept = json.dumps(rows, default=str)
    assert started["device_code"] not in kept
    assert started["user_code"].replace("-", "") not in kept
