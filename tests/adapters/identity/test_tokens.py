"""Access tokens: what they say, and that nothing but them is taken for one."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from galeria.adapters.identity.tokens import MILLISECONDS, JwtTokens
from galeria.domain.errors import Unauthenticated
from galeria.domain.people.principals import PrincipalKind
from tests.identity_context import MovedClock

ENDPOINT = "https://lab.example.org:8443"
TENANT = "aaaaaaaa-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def tokens(key: rsa.RSAPrivateKey, clock: MovedClock) -> JwtTokens:
    return JwtTokens(key, tenant_id=TENANT, endpoint=ENDPOINT, clock=clock)


def part(token: str, index: int) -> dict[str, Any]:
    piece = token.split(".")[index]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))
    return found


def issued(tokens: JwtTokens, *, seconds: int = 3600, audience: str = ENDPOINT) -> str:
    return tokens.issue("an-id", "ana", PrincipalKind.USER, audience=audience, seconds=seconds)


def test_user_token_has_the_claims_of_azure(tokens: JwtTokens, clock: MovedClock) -> None:
    claims = part(issued(tokens), 1)
    now = int(clock.now().timestamp())
    assert claims.pop("jti")
    assert claims == {
        "iss": f"{ENDPOINT}/{TENANT}/v2.0",
        "aud": ENDPOINT,
        "tid": TENANT,
        "sub": "an-id",
        "oid": "an-id",
        "upn": "ana",
        "unique_name": "ana",
        "idtyp": "user",
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "ver": "2.0",
        MILLISECONDS: int(clock.now().timestamp() * 1000),
    }


def test_service_principal_token_names_its_client_id(tokens: JwtTokens) -> None:
    token = tokens.issue("an-id", "a-client", PrincipalKind.SERVICE_PRINCIPAL, audience=ENDPOINT, seconds=60)
    claims = part(token, 1)
    assert (claims["appid"], claims["idtyp"]) == ("a-client", "app")
    assert "upn" not in claims


def test_token_is_read_until_it_expires(tokens: JwtTokens, clock: MovedClock) -> None:
    token = issued(tokens, seconds=60)
    clock.move(seconds=59)
    claims = tokens.read(token)
    assert (claims.principal_id, claims.expires_at - claims.issued_at) == ("an-id", 60)
    clock.move(seconds=1)
    with pytest.raises(Unauthenticated, match="expired"):
        tokens.read(token)


def test_anybody_can_check_a_token_with_the_published_keys(tokens: JwtTokens) -> None:
    published = tokens.public_keys()
    assert not {"d", "p", "q"} & set(published["keys"][0])
    token = issued(tokens)
    assert part(token, 0)["kid"] == published["keys"][0]["kid"]
    assert jwt.decode(token, RSAKey.import_key(published["keys"][0]), algorithms=["RS256"]).claims["oid"] == "an-id"


def test_changed_token_is_refused(tokens: JwtTokens) -> None:
    head, _, signature = issued(tokens).split(".")
    claims = part(issued(tokens), 1) | {"oid": "somebody-else"}
    payload = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    with pytest.raises(Unauthenticated):
        tokens.read(f"{head}.{payload}.{signature}")


def test_unsigned_and_otherwise_signed_tokens_are_refused(tokens: JwtTokens, key: rsa.RSAPrivateKey) -> None:
    claims = part(issued(tokens), 1)
    payload = issued(tokens).split(".")[1]
    head = urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    stranger = RSAKey.generate_key(2048)
    # The classical confusion: our public key, which everybody knows, taken as the secret of an HMAC.
    confused = OctKey.import_key(json.dumps(tokens.public_keys()))
    for token in (
        f"{head}.{payload}.",
        jwt.encode({"alg": "RS256"}, claims, stranger),
        jwt.encode({"alg": "HS256"}, claims, confused),
        jwt.encode({"alg": "RS512"}, claims, RSAKey.import_key(key), algorithms=["RS512"]),
    ):
        with pytest.raises(Unauthenticated):
            tokens.read(token)


def test_tokens_for_others_or_of_others_are_refused(
    key: rsa.RSAPrivateKey, clock: MovedClock, tokens: JwtTokens
) -> None:
    other_issuer = JwtTokens(key, tenant_id="bbbbbbbb-0000-4000-8000-000000000002", endpoint=ENDPOINT, clock=clock)
    id_token = tokens.issue_identity("an-id", "ana", "Ana", client_id="az", seconds=3600)
    assert part(id_token, 1)["preferred_username"] == "ana"
    for token in (issued(other_issuer), issued(tokens, audience="https://graph.example.org"), id_token):
        with pytest.raises(Unauthenticated):
            tokens.read(token)


def test_an_id_token_opens_nothing_even_if_it_was_made_for_the_service_itself(tokens: JwtTokens) -> None:
    identity = tokens.issue_identity("an-id", "ana", "Ana", client_id=ENDPOINT, seconds=3600)

    assert part(identity, 1)["aud"] == ENDPOINT
    with pytest.raises(Unauthenticated):
        tokens.read(identity)


@pytest.mark.parametrize("text", ["", "x", "..", "a.b.c", "é.é.é", "e30.e30.e30", "bnVsbA.bnVsbA.x", "x" * 9000, "\0"])
def test_nonsense_is_refused(tokens: JwtTokens, text: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens.read(text)


@pytest.mark.parametrize(
    "header",
    [
        {"crit": 1},
        {"crit": [1]},
        {"crit": ["exp"]},
        {"b64": [], "crit": ["b64"]},
        {"kid": {}},
        {"alg": ["RS256"]},
        {"alg": {}},
        [],
        "RS256",
        None,
    ],
)
def test_a_header_that_is_none_is_refused_like_any_other_token(tokens: JwtTokens, header: Any) -> None:
    whole = {"alg": "RS256", **header} if isinstance(header, dict) else header
    first = urlsafe_b64encode(json.dumps(whole).encode()).decode().rstrip("=")
    with pytest.raises(Unauthenticated):
        tokens.read(".".join((first, *issued(tokens).split(".")[1:])))
