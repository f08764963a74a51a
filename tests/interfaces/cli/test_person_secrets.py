"""galeria person rotate, secrets, remove-secret, identity, revoke, against the real service."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from cryptography.hazmat.primitives.asymmetric import rsa
from typer.testing import CliRunner, Result

from tests.interfaces.arm.served import Arm, serving


class Owner:
    def __init__(self, arm: Arm, app: typer.Typer, environment: dict[str, str]) -> None:
        self.arm, self._app, self._environment = arm, app, environment

    def __call__(self, *arguments: str) -> Result:
        person, services = self.arm.installation.people["admin"], self.arm.services
        token = services.tokens.issue(person.id, person.name, person.kind, audience=services.endpoint, seconds=600)
        signed_in = {"GALERIA_ENDPOINT": services.endpoint, "GALERIA_TOKEN": token}
        result = CliRunner().invoke(self._app, ["person", *arguments], env={**self._environment, **signed_in})
        assert result.exit_code == 0, (arguments, result.output)
        return result

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "-o", "json").stdout)


@pytest.fixture
def owner(tmp_path: Path, migrated_file: Path, app: typer.Typer, environment: dict[str, str]) -> Iterator[Owner]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with serving(tmp_path / "installation", migrated_file, key) as arm:
        yield Owner(arm, app, environment)


def test_a_programs_secrets_are_administered(owner: Owner) -> None:
    program = owner.json("create", "backup", "--program")["name"]
    rotated = owner.json("rotate", program, "--days", "30")
    listed = owner.json("secrets", program)
    assert [each["kind"] for each in listed] == ["Secret", "Secret"]
    assert rotated["secret"] not in json.dumps(listed)
    assert owner.json("remove-secret", program, listed[0]["id"]) == {"removed": True}
    assert owner.json("remove-secret", program, listed[0]["id"]) == {"removed": False}
    shown = owner("rotate", program, "--keep-old", "0").stdout
    assert "shown this once: " in shown
    (left,) = owner.json("secrets", program)
    table = owner("secrets", program).stdout.splitlines()
    assert table[0].split() == ["ID", "KIND", "MADE", "WORKS", "UNTIL"]
    assert table[1].startswith(left["id"])
    assert owner.json("revoke", program)["tokensNotBefore"]
    assert "signed out everywhere" in owner("revoke", program).stdout


def test_identity_prints_lines_for_a_shell(owner: Owner) -> None:
    program = owner.json("create", "robot", "--program")["name"]
    endpoint, header = owner("identity", program).stdout.splitlines()
    url = endpoint.removeprefix("export IDENTITY_ENDPOINT=")
    secret = header.removeprefix("export IDENTITY_HEADER=")
    asked = {"api-version": "2019-08-01", "resource": owner.arm.services.endpoint}
    answer = httpx.get(url, params=asked, headers={"X-IDENTITY-HEADER": secret}, trust_env=False)
    assert answer.json()["access_token"]
