"""The sign-in server as clients use it: a real server, TLS with the installation's own certificates, real tokens."""

import base64
import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from galeria.actions.people.people import create_service_principal, disable
from tests.interfaces.login.login_client import AZ, TOKEN, Form, LoginClient


def decoded(login_client: LoginClient, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(login_client.client.get("/adfs/discovery/keys").json())
    return jwt.decode(token, keys, algorithms=["RS256"]).claims


def test_strangers_to_the_authority_are_warned(login_client: LoginClient) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(login_client.authority.endpoint, verify=ssl.create_default_context())


def test_metadata_in_every_form(login_client: LoginClient) -> None:
    endpoint = login_client.authority.endpoint
    for path in "/metadata/endpoints", "//metadata/endpoints":
        cloud = login_client.client.get(f"{endpoint}{path}?api-version=2022-09-01").json()
        assert cloud["authentication"] == {
            "loginEndpoint": f"{endpoint}/adfs",
            "audiences": [endpoint],
            "tenant": "common",
            "identityProvider": "AAD",
        }
        assert (cloud["resourceManager"], cloud["name"]) == (endpoint, "Galeria")
        assert set(cloud["suffixes"]) == {"storage", "keyVaultDns"}
    listed = login_client.client.get("/metadata/endpoints?api-version=2019-05-01").json()
    assert listed == [cloud]
    short = login_client.client.get("/metadata/endpoints?api-version=2015-01-01").json()
    assert short["authentication"]["loginEndpoint"] == f"{endpoint}/adfs"


def test_discovery_is_the_same_under_every_spelling(login_client: LoginClient) -> None:
    tenant = login_client.authority.tenant_id
    documents = [
        login_client.client.get(f"{path}/.well-known/openid-configuration").json()
        for path in (
            "/adfs",
            "/adfs/v2.0",
            "/adfs/lab.example.org/v2.0",
            f"/adfs/{tenant}",
            f"/adfs/{tenant}/v2.0",
            f"/{tenant}/v2.0",
            f"/{tenant}",
        )
    ]
    assert all(each == documents[0] for each in documents)
    assert documents[0]["issuer"] == f"{login_client.authority.endpoint}/{tenant}/v2.0"
    assert documents[0]["issuer"].split("/")[3] == tenant
    assert documents[0]["token_endpoint"] == login_client.authority.endpoint + TOKEN


def test_somebody_elses_tenant_is_refused_with_the_right_one_named(login_client: LoginClient) -> None:
    other = "11111111-0000-4000-8000-000000000001"
    answer = login_client.client.get(f"/{other}/v2.0/.well-known/openid-configuration")
    assert answer.status_code == 400
    assert login_client.authority.tenant_id in answer.json()["error_description"]
    status, error, sentence = login_client.refused(login_client.as_program(), f"/{other}/oauth2/v2.0/token")
    assert (status, error) == (400, "invalid_request")
    assert login_client.authority.tenant_id in sentence


@pytest.mark.parametrize("scope", ["/.default", "//.default", "/user_impersonation", ""])
def test_program_signs_in(login_client: LoginClient, scope: str) -> None:
    answer = login_client.token(login_client.as_program(scope=login_client.authority.endpoint + scope))
    assert {key: answer[key] for key in answer if key != "access_token"} == {
        "token_type": "Bearer",
        "expires_in": 3600,
        "ext_expires_in": 3600,
    }
    claims = decoded(login_client, answer["access_token"])
    assert (claims["appid"], claims["tid"]) == (login_client.context.first.client_id, login_client.authority.tenant_id)
    assert claims["aud"] == login_client.authority.endpoint
    assert login_client.who_am_i(answer["access_token"]).json()["name"] == login_client.context.first.client_id


def test_token_endpoint_is_the_same_under_every_spelling(login_client: LoginClient) -> None:
    tenant = login_client.authority.tenant_id
    for path in (
        "/adfs/oauth2/v2.0/token",
        f"/adfs/{tenant}/oauth2/v2.0/token",
        f"/{tenant}/oauth2/v2.0/token",
        "/adfs/lab.example.org/oauth2/v2.0/token",
        f"/{tenant}/oauth2/token",
    ):
        assert login_client.token(login_client.as_program(), path)["access_token"]


def test_program_signs_in_with_a_basic_header(login_client: LoginClient) -> None:
    first = login_client.context.first
    form = {"grant_type": "client_credentials", "scope": login_client.scope}
    answer = login_client.client.post(TOKEN, data=form, auth=(first.client_id, first.client_secret))
    assert answer.status_code == 200
    answer = login_client.client.post(TOKEN, data=form, auth=(first.client_id, "wrong"))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_user_signs_in_with_what_msal_wants(login_client: LoginClient) -> None:
    answer = login_client.token(login_client.as_user())
    info = answer["client_info"]
    principal = login_client.context.caller("admin").principal
    assert json.loads(base64.urlsafe_b64decode(info + "=" * (-len(info) % 4))) == {
        "uid": principal.id,
        "utid": login_client.authority.tenant_id,
    }
    claims = decoded(login_client, answer["id_token"])
    assert (claims["aud"], claims["tid"], claims["preferred_username"]) == (
        AZ,
        login_client.authority.tenant_id,
        "admin",
    )
    assert answer["scope"] == f"{login_client.scope} offline_access openid profile"
    assert login_client.who_am_i(answer["access_token"]).json()["name"] == "admin"
    assert login_client.who_am_i(answer["id_token"]).status_code == 401


def test_user_gets_only_what_the_scope_asks_for(login_client: LoginClient) -> None:
    answer = login_client.token(login_client.as_user(scope=login_client.scope))
    assert "refresh_token" not in answer
    assert "id_token" not in answer


def test_refresh_tokens_rotate_and_betray_a_thief(login_client: LoginClient) -> None:
    first = login_client.token(login_client.as_user())
    form = {
        "grant_type": "refresh_token",
        "client_id": AZ,
        "scope": f"{login_client.scope} offline_access openid profile",
    }
    second = login_client.token(form | {"refresh_token": first["refresh_token"]})
    assert second["refresh_token"] != first["refresh_token"]
    assert second["id_token"]
    assert login_client.who_am_i(second["access_token"]).json()["name"] == "admin"
    assert (
        login_client.refused(form | {"refresh_token": second["refresh_token"], "client_id": "other"})[1]
        == "invalid_grant"
    )
    login_client.context.clock.move(minutes=5)
    for stolen in first, second:
        status, error, sentence = login_client.refused(form | {"refresh_token": stolen["refresh_token"]})
        assert (status, error) == (400, "invalid_grant")
        assert "Sign in again" in sentence


def test_several_programs_that_share_a_token_cache_all_stay_signed_in(login_client: LoginClient) -> None:
    form = {
        "grant_type": "refresh_token",
        "client_id": AZ,
        "refresh_token": login_client.token(login_client.as_user())["refresh_token"],
    }
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(login_client.token, [form] * 6))
    assert len({each["refresh_token"] for each in answers}) == 6


def test_refusal_of_a_scope_does_not_use_up_the_refresh_token(login_client: LoginClient) -> None:
    form = {
        "grant_type": "refresh_token",
        "client_id": AZ,
        "refresh_token": login_client.token(login_client.as_user())["refresh_token"],
    }
    assert login_client.refused(form | {"scope": "https://graph.example.org/.default"})[1] == "invalid_scope"
    login_client.context.clock.move(minutes=5)
    assert login_client.token(form)["refresh_token"]


def test_wrong_secrets(login_client: LoginClient) -> None:
    answer = login_client.client.post(TOKEN, data=login_client.as_program(client_secret="wrong"))
    assert answer.status_code == 401
    assert (answer.json()["error"], answer.json()["error_codes"]) == ("invalid_client", [7000215])
    assert "Invalid client secret" in answer.json()["error_description"]
    answer = login_client.client.post(TOKEN, data=login_client.as_user(password="wrong"))
    assert answer.status_code == 400
    assert (answer.json()["error"], answer.json()["error_codes"]) == ("invalid_grant", [50126])


def test_users_and_programs_do_not_pass_for_each_other(login_client: LoginClient) -> None:
    first = login_client.context.first
    program = login_client.as_program(client_id="admin", client_secret=first.password)
    user = login_client.as_user(username=first.client_id, password=first.client_secret)
    assert login_client.refused(program)[:2] == (401, "invalid_client")
    assert login_client.refused(user)[:2] == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": 'é"\\'}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"client_secret": ""}, "invalid_client"),
        ({"client_secret": "a\0b"}, "invalid_request"),
        ({"scope": "https://graph.microsoft.com/.default"}, "invalid_scope"),
        ({"scope": 'é"'}, "invalid_scope"),
        ({"padding": "x" * 70_000}, "invalid_request"),
    ],
)
def test_wrong_requests_get_a_sentence(login_client: LoginClient, changed: Form, error: str) -> None:
    status, found, sentence = login_client.refused(login_client.as_program(**changed))
    assert found == error
    assert status in (400, 401, 413)
    assert sentence.endswith(".")
    assert sentence.isascii()


@pytest.mark.parametrize("missing", ["client_id", "username", "password"])
def test_missing_fields_get_a_sentence(login_client: LoginClient, missing: str) -> None:
    form = login_client.as_user()
    del form[missing]
    status, error, sentence = login_client.refused(form)
    assert (status, error) == (400, "invalid_request")
    assert missing in sentence


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"grant_type=password&grant_type=password", b'{"json": true}'])
def test_bodies_that_are_no_form_are_refused(login_client: LoginClient, body: bytes) -> None:
    answer = login_client.client.post(TOKEN, content=body)
    assert answer.status_code == 400
    assert answer.json()["error_description"]


def test_requests_without_a_good_token_are_challenged(login_client: LoginClient) -> None:
    assert login_client.client.get("/me").json()["error"]["code"] == "AuthenticationFailed"
    for header in "Basic YTpi", "Bearer", "Bearer nonsense", "bearer a.b.c":
        answer = login_client.client.get("/me", headers={"Authorization": header})
        assert answer.status_code == 401
        assert f'authorization_uri="{login_client.authority.login_endpoint}"' in answer.headers["www-authenticate"]


def test_expired_token_is_refused(login_client: LoginClient) -> None:
    token = login_client.token(login_client.as_program())["access_token"]
    login_client.context.clock.move(seconds=3600)
    answer = login_client.who_am_i(token)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert "expired" in answer.json()["error"]["message"]


def test_disabled_account_loses_its_token_at_once(login_client: LoginClient) -> None:
    context = login_client.context
    admin = context.caller("admin")
    with context.database() as uow:
        program, secret = create_service_principal(context.request(uow, admin), "Short-lived", context.secrets)
        uow.commit()
    token = login_client.token(login_client.as_program(client_id=program.name, client_secret=secret))["access_token"]
    assert login_client.who_am_i(token).json()["roles"] == 0
    with context.database() as uow:
        disable(context.request(uow, admin), program.name)
        uow.commit()
    assert login_client.who_am_i(token).status_code == 401


def test_correlation_id_is_the_clients_where_it_is_harmless(login_client: LoginClient) -> None:
    token = login_client.token(login_client.as_program())["access_token"]
    header = "x-ms-correlation-request-id"
    assert login_client.who_am_i(token, **{header: "0a1b-from-az"}).json()["request"] == "0a1b-from-az"
    made = login_client.who_am_i(token, **{header: "x' OR 1=1 --"}).json()["request"]
    assert len(made) == 36
