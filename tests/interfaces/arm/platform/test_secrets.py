"""Rotation, managed identity and revocation, over the REST interface and the sign-in server."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.interfaces.arm.served import SUB, Arm, done, told

PEOPLE = f"{SUB}/providers/Microsoft.Galeria/people"


@pytest.fixture
def program(arm: Arm) -> dict[str, Any]:
    """A service principal without roles; `secret` is its first one."""
    return done(arm().post(PEOPLE, json={"kind": "ServicePrincipal", "displayName": "Backup"}), 201)


def token(arm: Arm, program: dict[str, Any], secret: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": program["name"], "client_secret": secret}
    return arm.stranger().post("/adfs/oauth2/token", data=form | {"scope": f"{arm.services.endpoint}/.default"})


def subscriptions(arm: Arm, access_token: str) -> int:
    headers = {"Authorization": f"Bearer {access_token}"}
    return arm.stranger().get("/subscriptions?api-version=2022-12-01", headers=headers).status_code


def ask_identity(arm: Arm, header: str, **query: str) -> httpx.Response:
    """As msal does in a machine."""
    asked = {"api-version": "2019-08-01", "resource": arm.services.endpoint} | query
    headers = {"X-IDENTITY-HEADER": header, "Metadata": "true"}
    return arm.stranger().get("/msi/token", params=asked, headers=headers)


def after_this_second(arm: Arm, moment: str) -> None:
    """Tokens know whole seconds; one of the second of the revocation is refused."""
    end = datetime.fromisoformat(moment).replace(microsecond=0) + timedelta(seconds=1)
    while arm.services.clock.now() < end:
        time.sleep(0.01)


def test_a_secret_is_rotated_without_an_interruption(arm: Arm, program: dict[str, Any]) -> None:
    secrets = f"{PEOPLE}/{program['name']}/secrets"
    made = done(arm().post(secrets, json={}), 201)
    assert (made["kind"], made.get("expiresAt")) == ("Secret", None)
    for secret in program["secret"], made["secret"]:
        assert token(arm, program, secret).status_code == 200
    assert told(arm().post(secrets), 409)["code"] == "TooManySecrets"
    listed = arm().get(secrets)
    assert made["secret"] not in listed.text
    first, second = done(listed)["value"]
    assert (first["id"], second["id"]) == (program["id"], made["id"])
    assert arm().delete(f"{secrets}/{first['id']}").status_code == 200
    assert arm().delete(f"{secrets}/{first['id']}").status_code == 204
    assert token(arm, program, program["secret"]).json()["error"] == "invalid_client"
    assert token(arm, program, made["secret"]).status_code == 200


def test_old_secrets_may_end_by_a_date(arm: Arm, program: dict[str, Any]) -> None:
    secrets = f"{PEOPLE}/{program['name']}/secrets"
    later = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    done(arm().post(secrets, json={"oldExpiresAt": later, "expiresAt": later}), 201)
    assert [each.get("expiresAt") is not None for each in done(arm().get(secrets))["value"]] == [True, True]
    assert token(arm, program, program["secret"]).status_code == 200
    newest = done(arm().post(secrets, json={"oldExpiresAt": "2020-01-01T00:00:00Z"}), 201)
    assert [each["id"] for each in done(arm().get(secrets))["value"]] == [newest["id"]]
    assert token(arm, program, program["secret"]).status_code == 401
    assert told(arm().post(secrets, json={"expiresAt": "2020-01-01"}), 400)["target"] == "expiresAt"
    assert told(arm().post(secrets, json={"expiresAt": "soon"}), 400)["target"] == "expiresAt"


def test_people_and_strangers_have_no_secrets(arm: Arm, program: dict[str, Any]) -> None:
    assert "is a person" in told(arm().post(f"{PEOPLE}/admin/secrets"), 400)["message"]
    assert told(arm().get(f"{PEOPLE}/nobody-at-all/secrets"), 404)["code"] == "PrincipalNotFound"
    for path in "secrets", "identity", "revoke":
        assert told(arm("educator").post(f"{PEOPLE}/{program['name']}/{path}"), 403)["code"] == "AuthorizationFailed"


def test_a_machine_signs_in_by_its_identity_header(arm: Arm, program: dict[str, Any]) -> None:
    made = done(arm().post(f"{PEOPLE}/{program['name']}/identity"), 201)
    assert made["endpoint"] == f"{arm.services.endpoint}/msi/token"
    answer = done(ask_identity(arm, made["secret"]))
    assert set(answer) == {"access_token", "expires_on", "resource", "token_type", "client_id"}
    assert int(answer["expires_on"]) > datetime.now(UTC).timestamp() + 3000
    assert isinstance(answer["expires_on"], str)
    assert subscriptions(arm, answer["access_token"]) == 200
    assert ask_identity(arm, made["secret"], client_id=program["name"]).status_code == 200
    assert ask_identity(arm, made["secret"], resource=f"{arm.services.endpoint}/").status_code == 200
    for query in {"client_id": "other"}, {"mi_res_id": "/x"}, {"resource": "https://graph.example"}, {"resource": ""}:
        refused = ask_identity(arm, made["secret"], **query)
        assert (refused.status_code, refused.json()["statusCode"]) == (400, 400)
    for header in "a guess", "", program["secret"]:
        assert ask_identity(arm, header).json()["statusCode"] == 401
    assert arm().delete(f"{PEOPLE}/{program['name']}/secrets/{made['id']}").status_code == 200
    assert ask_identity(arm, made["secret"]).status_code == 401


def test_revoked_tokens_are_refused_and_new_ones_work(arm: Arm, program: dict[str, Any]) -> None:
    before = token(arm, program, program["secret"]).json()["access_token"]
    assert subscriptions(arm, before) == 200
    revoked = done(arm().post(f"{PEOPLE}/{program['name']}/revoke"))
    headers = {"Authorization": f"Bearer {before}"}
    refused = arm.stranger().get("/subscriptions?api-version=2022-12-01", headers=headers)
    assert "revoked" in told(refused, 401)["message"]
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    after_this_second(arm, revoked["tokensNotBefore"])
    assert subscriptions(arm, token(arm, program, program["secret"]).json()["access_token"]) == 200


def test_a_person_is_signed_out_everywhere(arm: Arm) -> None:
    done(arm().post(PEOPLE, json={"name": "gil", "password": "correct-Horse-7"}), 201)
    az = {"client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46"}
    form = {"grant_type": "password", "username": "gil", "password": "correct-Horse-7"}
    session = arm.stranger().post("/adfs/oauth2/token", data=form | az).json()
    done(arm().post(f"{PEOPLE}/gil/revoke"))
    assert subscriptions(arm, session["access_token"]) == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": session["refresh_token"]} | az
    assert arm.stranger().post("/adfs/oauth2/token", data=refresh).json()["error"] == "invalid_grant"
    assert arm.stranger().post("/adfs/oauth2/token", data=form | az).status_code == 200
