"""Every way in which people and programs sign in with unmodified clients, and how they are put out again."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.client_server import ClientServer
from tests.clients.clients import Az, Refused, Sdk
from tests.clients.work_folder import program

pytestmark = pytest.mark.system

PASSWORD = "Course-Work-2026"


@pytest.fixture
def visitor(az: Az, client_server: ClientServer, tmp_path: Path) -> Az:
    """A program `az` that knows the cloud, and where nobody is signed in yet. Use its `program`."""
    config = tmp_path / "az"
    config.mkdir()
    for name in ("config", "clouds.config"):
        shutil.copy(Path(az.environment["AZURE_CONFIG_DIR"]) / name, config)
    return replace(az, environment={**az.environment, "AZURE_CONFIG_DIR": str(config)})


@pytest.fixture
def person(client_server: ClientServer, rest: httpx.Client, request: pytest.FixtureRequest) -> str:
    """Somebody who may see everything; returns the sign-in name."""
    name = re.sub(r"\W", "-", request.node.name)[:40].strip("-")
    body = {"name": name, "displayName": name, "password": PASSWORD, "kind": "User"}
    made = rest.post(_people(client_server), json=body).raise_for_status().json()
    _let_read(client_server, rest, made["id"])
    return name


def test_the_printed_lines_are_all_that_it_takes(client_server: ClientServer, tmp_path: Path) -> None:
    """In a shell that knows nothing of Galeria but the two programs."""
    path = f"{program('az', 'az').parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**client_server.environment("none"), "PATH": path, "AZURE_CONFIG_DIR": str(tmp_path / "az")}
    del environment["REQUESTS_CA_BUNDLE"]
    data = str(client_server.folder / "data")
    lines = _run(["galeria", "connect", "--az", "--data", data], environment)

    assert client_server.connect["client_secret"] not in lines
    shown = _run(["sh", "-ec", lines + "\naz group list --query '[].name' -o tsv"], environment)
    assert "galeria" in shown.splitlines()


def test_a_program_signs_in_with_its_secret(visitor: Az, client_server: ClientServer) -> None:
    who = (
        "-u",
        client_server.connect["client_id"],
        "-p",
        client_server.connect["client_secret"],
        "--tenant",
        client_server.tenant,
    )

    (subscription,) = visitor.program("login", "--service-principal", *who)

    assert subscription["id"] == client_server.subscription
    assert subscription["user"] == {"name": client_server.connect["client_id"], "type": "servicePrincipal"}
    token = visitor.program("account", "get-access-token")
    assert (token["tenant"], token["subscription"]) == (client_server.tenant, client_server.subscription)
    assert token["accessToken"].count(".") == 2


def test_a_tenant_may_be_named_in_words(visitor: Az, client_server: ClientServer) -> None:
    who = ("-u", client_server.connect["client_id"], "-p", client_server.connect["client_secret"], "--tenant", "adfs")

    (subscription,) = visitor.program("login", "--service-principal", *who)

    assert subscription["tenantId"] == client_server.tenant


def test_a_person_signs_in_with_name_and_password(visitor: Az, person: str) -> None:
    (subscription,) = visitor.program("login", "-u", person, "-p", PASSWORD)

    assert subscription["user"] == {"name": person, "type": "user"}
    assert visitor.program("group", "list")


def test_a_session_goes_on_when_its_token_has_expired(visitor: Az, person: str) -> None:
    visitor.program("login", "-u", person, "-p", PASSWORD)
    first, renewal = _expire(visitor)

    second = visitor.program("account", "get-access-token")["accessToken"]

    assert second != first
    assert _cached(visitor, "RefreshToken")[0]["secret"] != renewal


def test_a_person_signs_in_on_another_screen(visitor: Az, client_server: ClientServer, person: str) -> None:
    command: list[str | Path] = [program("az", "az"), "login", "--use-device-code"]
    with subprocess.Popen(command, env=visitor.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as az:
        assert az.stderr is not None
        code, place = "", ""
        for line in az.stderr:
            found = re.search(r"(https://\S+?)\s+and enter the code (\S+)", line.decode())
            if found:
                place, code = found[1], found[2]
                break
        assert place.startswith(client_server.endpoint)
        with httpx.Client(verify=client_server.trust(), timeout=30) as browser:
            assert "Azure CLI" in browser.get(place, params={"user_code": code}).raise_for_status().text
            form = {"user_code": code, "username": person, "password": PASSWORD, "choice": "sign-in"}
            browser.post(place, data=form).raise_for_status()
        out, err = az.communicate(timeout=60)

    assert az.returncode == 0, err.decode()
    assert json.loads(out)[0]["user"]["name"] == person


def test_a_machine_signs_in_with_its_identity(visitor: Az, client_server: ClientServer, rest: httpx.Client) -> None:
    made = _new_program(client_server, rest)
    _let_read(client_server, rest, made["id"])
    identity = rest.post(f"{_people(client_server)}/{made['name']}/identity").raise_for_status().json()
    services = {"IDENTITY_ENDPOINT": identity["endpoint"], "IDENTITY_HEADER": identity["secret"]}

    (subscription,) = visitor.program("login", "--identity", **services)

    assert subscription["id"] == client_server.subscription
    assert subscription["user"]["type"] == "servicePrincipal"
    assert visitor.program("group", "list", **services)


def test_a_wrong_secret_is_reported_as_such(visitor: Az, client_server: ClientServer, person: str) -> None:
    program_words = ("--service-principal", "-u", client_server.connect["client_id"], "--tenant", client_server.tenant)
    for words, sentence in (
        ((*program_words, "-p", "wrong"), "Invalid client secret"),
        (("-u", person, "-p", "wrong"), "password"),
        (("-u", "nobody-of-this-name", "-p", "wrong"), "password"),
    ):
        with pytest.raises(Refused) as refused:
            visitor.program("login", *words)
        assert sentence in refused.value.text


def test_somebody_without_a_role_is_signed_in_and_sees_nothing(
    visitor: Az, client_server: ClientServer, rest: httpx.Client
) -> None:
    body = {"name": "roleless", "displayName": "Roleless", "password": PASSWORD, "kind": "User"}
    rest.post(_people(client_server), json=body).raise_for_status()

    with pytest.raises(Refused) as refused:
        visitor.program("login", "-u", "roleless", "-p", PASSWORD)
    assert "No subscriptions found" in refused.value.text
    (tenant,) = visitor.program("login", "-u", "roleless", "-p", PASSWORD, "--allow-no-subscriptions")
    assert tenant["tenantId"] == client_server.tenant


def test_a_revoked_session_ends_at_once(
    visitor: Az, client_server: ClientServer, rest: httpx.Client, person: str
) -> None:
    visitor.program("login", "-u", person, "-p", PASSWORD)

    rest.post(f"{_people(client_server)}/{person}/revoke").raise_for_status()

    with pytest.raises(Refused):
        visitor.program("group", "list")
    _expire(visitor)
    with pytest.raises(Refused) as refused:
        visitor.program("group", "list")
    assert "az login" in refused.value.text


def test_a_secret_is_rotated_without_a_gap(client_server: ClientServer, rest: httpx.Client, compute: Sdk) -> None:
    made = _new_program(client_server, rest)
    _let_read(client_server, rest, made["id"])
    secrets = f"{_people(client_server)}/{made['name']}/secrets"
    (first,) = rest.get(secrets).json()["value"]

    second = rest.post(secrets).raise_for_status().json()
    for secret in (made["secret"], second["secret"]):
        assert compute.signed_in(client_id=made["name"], client_secret=secret)("galleries.list") is not None
    rest.delete(f"{secrets}/{first['id']}").raise_for_status()

    with pytest.raises(Refused) as refused:
        _token(compute, client_server, client_id=made["name"], client_secret=made["secret"])
    assert "Invalid client secret" in refused.value.message
    assert _token(compute, client_server, client_id=made["name"], client_secret=second["secret"])


@pytest.mark.parametrize(
    ("path", "tenant", "options"),
    [
        ("", "GUID", {"disable_instance_discovery": True}),
        ("", "adfs", {}),
        ("/adfs", "GUID", {}),
    ],
)
def test_azure_identity_takes_every_spelling_of_the_authority(
    client_server: ClientServer, compute: Sdk, path: str, tenant: str, options: dict[str, Any]
) -> None:
    tenant = client_server.tenant if tenant == "GUID" else tenant

    got = _token(compute, client_server, authority=client_server.endpoint + path, tenant_id=tenant, **options)

    assert got["token"].count(".") == 2
    assert got["seconds"] > 600


def _token(sdk: Sdk, client_server: ClientServer, **options: Any) -> Any:
    identity = replace(sdk, client="identity")
    asked = {"authority": f"{client_server.endpoint}/adfs", **client_server.connect, **options}
    unknown = ("endpoint", "ca_file", "subscription_id")
    asked = {name: value for name, value in asked.items() if name not in unknown}
    return identity("credentials.token", f"{client_server.endpoint}/.default", **asked)


def _people(client_server: ClientServer) -> str:
    return f"/subscriptions/{client_server.subscription}/providers/Microsoft.Galeria/people"


def _new_program(client_server: ClientServer, rest: httpx.Client) -> Any:
    body = {"displayName": "A program", "kind": "ServicePrincipal"}
    return rest.post(_people(client_server), json=body).raise_for_status().json()


def _let_read(client_server: ClientServer, rest: httpx.Client, principal: str) -> None:
    url = f"/subscriptions/{client_server.subscription}/providers/Microsoft.Authorization/roleAssignments/{principal}"
    body = {"properties": {"roleDefinitionId": "Reader", "principalId": principal}}
    rest.put(url, json=body).raise_for_status()


def _cached(az: Az, kind: str) -> list[dict[str, Any]]:
    cache = json.loads((Path(az.environment["AZURE_CONFIG_DIR"]) / "msal_token_cache.json").read_text("utf-8"))
    return list(cache[kind].values())


def _expire(az: Az) -> tuple[str, str]:
    """Let the clock run out for the cached access tokens; returns one of them, and the refresh token."""
    path = Path(az.environment["AZURE_CONFIG_DIR"]) / "msal_token_cache.json"
    cache = json.loads(path.read_text("utf-8"))
    for token in cache["AccessToken"].values():
        token["expires_on"] = token["extended_expires_on"] = "1000000000"
    path.write_text(json.dumps(cache), "utf-8")
    return _cached(az, "AccessToken")[0]["secret"], _cached(az, "RefreshToken")[0]["secret"]


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
