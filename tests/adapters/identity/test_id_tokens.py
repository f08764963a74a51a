"""What is asked of an id_token, and of the settings of a provider. tests/interfaces/web signs in with a real one."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from galeria.adapters.identity.id_tokens import read_identity
from galeria.adapters.settings_file import read_settings
from galeria.domain.errors import Invalid
from galeria.domain.people.external_provider import ExternalProvider, is_trustworthy, sign_in_attempt

ISSUER, CLIENT, NONCE = "https://login.example.org", "galeria", "n-0"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": CLIENT,
    "sub": "a-1",
    "exp": SECOND + 600,
    "iat": SECOND - 5,
    "nonce": NONCE,
}
RSA = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "two"})


def published(*keys: Key) -> dict[str, Any]:
    return {"keys": [each.as_dict(private=False) for each in keys]}


def token(changed: Mapping[str, Any] | None = None, key: Key = RSA, alg: str = "RS256") -> str:
    claims = {name: value for name, value in {**CLAIMS, **(changed or {})}.items() if value is not None}
    return jwt.encode({"alg": alg}, claims, key, algorithms=[alg])


def read(text: str, keys: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    keys = published(RSA) if keys is None else keys
    return read_identity(text, keys, issuer=ISSUER, client_id=CLIENT, nonce=NONCE, now=NOW)


def test_a_token_that_says_all_that_it_must_is_read() -> None:
    assert read(token()) == CLAIMS
    assert read(token(key=EC, alg="ES256"), published(RSA, EC)) == CLAIMS
    assert read(token({"aud": [CLIENT, "other"], "azp": CLIENT})) is not None
    assert read(token({"exp": SECOND - 30})) is not None  # clocks differ


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://elsewhere.org"},
        {"aud": "other"},
        {"aud": [CLIENT, "other"]},
        {"aud": [CLIENT, "other"], "azp": "other"},
        {"azp": "other"},
        {"exp": SECOND - 61},
        {"iat": SECOND + 3600},
        {"nonce": "n-1"},
        {"sub": ""},
        {"sub": 5},
        {"sub": "x" * 256},
        *({name: None} for name in CLAIMS),
    ],
    ids=str,
)
def test_a_token_that_says_something_else_is_refused(changed: dict[str, Any]) -> None:
    assert read(token(changed)) is None


def test_signatures_of_others_are_refused() -> None:
    assert read(token(key=RSAKey.generate_key(2048))) is None
    assert read(token(), {"keys": []}) is None
    assert read(token(), {}) is None
    assert read(token(), {"keys": "none"}) is None
    assert read(token() + "x" * 70_000) is None
    head, body, _ = token().split(".")
    assert read(f"{head}.{body}.") is None
    assert read("not a token") is None


def test_a_signature_that_we_could_have_made_ourselves_is_none() -> None:
    """HS256 with the provider's public key or our client secret, and no signature at all."""
    secret = OctKey.import_key("a secret that both sides know 123456")
    assert read(token(key=secret, alg="HS256"), published(RSA)) is None
    assert read(token(key=secret, alg="HS256"), {"keys": [secret.as_dict()]}) is None
    _, body, _ = token().split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    assert read(f"{head}.{body}.") is None


def test_keys_that_are_not_understood_do_not_hide_the_right_one() -> None:
    strange = [{"kty": "XYZ"}, 7, {"kty": "RSA"}, {**RSA.as_dict(private=False), "use": "enc"}]
    assert read(token(), {"keys": [*strange, RSA.as_dict(private=False)]}) == CLAIMS
    assert read(token(), {"keys": strange}) is None


def test_an_attempt_is_derived_from_a_secret_that_it_does_not_tell() -> None:
    one, other = sign_in_attempt("a"), sign_in_attempt("b")
    assert one == sign_in_attempt("a")
    assert len({one.state, one.nonce, one.verifier, other.state, other.nonce, other.verifier}) == 6
    assert 43 <= len(one.verifier) <= 128  # RFC 7636 §4.1


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("https://login.example.org/realm", True),
        ("http://localhost:8080", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:1", True),
        ("http://login.example.org", False),
        ("ftp://localhost", False),
        ("https://", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_only_safe_connections_are_trusted(address: str, trusted: bool) -> None:
    assert is_trustworthy(address) is trusted


def test_settings_name_the_provider(tmp_path: Path) -> None:
    (tmp_path / "openid.secret").write_text("hush\n")
    (tmp_path / "galeria.toml").write_text(
        """
        [sign_in.openid]
        name = "Campus"
        issuer = "https://login.example.org"
        client_id = "galeria"
        client_secret_file = "openid.secret"
        allowed_domains = ["Example.org"]
        create_people = true
        role = "Lab Creator"
        """
    )
    assert read_settings(tmp_path).openid == ExternalProvider(
        name="Campus",
        issuer="https://login.example.org",
        client_id="galeria",
        client_secret="hush",
        allowed_domains=("example.org",),
        create_people=True,
        role="Lab Creator",
    )


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('issuer = "http://login.example.org"', "no https address"),
        ('role = "King"', "there is no role 'King'"),
        ('client_secret_file = "missing"', "missing"),
        ('link_by_email = "false"', "link_by_email must be true or false"),
        ("create_people = 1", "create_people must be true or false"),
        ('names_are_assigned = "no"', "names_are_assigned must be true or false"),
        ('scopes = ["email"]', "must contain 'openid'"),
        ('colour = "red"', "colour"),
        ('name = ""', "needs name, issuer and client_id"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, lines: str, told: str) -> None:
    given = {"name": '"Campus"', "issuer": '"https://login.example.org"', "client_id": '"galeria"'}
    given.pop(lines.partition(" ")[0], None)
    own = "\n".join(f"{name} = {value}" for name, value in given.items())
    (tmp_path / "galeria.toml").write_text(f"[sign_in.openid]\n{own}\n{lines}\n")
    with pytest.raises(Invalid, match=told):
        read_settings(tmp_path)
    (tmp_path / "galeria.toml").write_text("[sign_in.password]\n")
    with pytest.raises(Invalid, match="openid"):
        read_settings(tmp_path)
