"""Tokens are JWTs signed with RS256, with the claims that clients of Azure expect."""

import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import RSAKey

from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.people.principals import PrincipalKind
from galeria.ports.tokens import Claims, Mark
from galeria.ports.work import Clock

ALGORITHM = "RS256"
# Longer than any token made here: longer ones are refused without checking a signature.
LONGEST = 8192
KNOWN = 1000  # tokens whose signature need not be checked again
# A claim of our own: when an access token was issued, in milliseconds since 1970.
MILLISECONDS = "galeria_iat_ms"
# Another one, which marks of browsers have alone: an audience may be chosen by whoever asks for an id_token.
USE = "galeria_use"
_MARK = "known-browser"
# What the library raises for texts that are no tokens: it takes the types of a header's and a key's values for granted.
UNREADABLE = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class JwtTokens:
    """Implements `galeria.ports.tokens.Tokens`.

    `endpoint` is the service's own URL without a slash at the end, such as https://lab.example.org:8443: tokens are issued
    by <endpoint>/<tenant>/v2.0, and only those whose audience is the endpoint are accepted.
    """

    def __init__(self, key: RSAPrivateKey, *, tenant_id: str, endpoint: str, clock: Clock) -> None:
        self._key = RSAKey.import_key(key)
        self._key_id = self._key.thumbprint()
        self._tenant_id = tenant_id
        self._endpoint = endpoint
        self._issuer = f"{endpoint}/{tenant_id}/v2.0"
        self._clock = clock
        # A program sends the same token for an hour. Whether it was signed here does not change; the rest is checked each time.
        self._signed = lru_cache(maxsize=KNOWN)(self._decode)

    def issue(self, principal_id: str, name: str, kind: str, *, audience: str, seconds: int) -> str:
        if kind == PrincipalKind.SERVICE_PRINCIPAL:
            who = {"idtyp": "app", "appid": name, "azp": name}
        else:
            who = {"idtyp": "user", "upn": name, "unique_name": name}
        claims: dict[str, str | int] = {**who, **self._issued_now(), "oid": principal_id}
        return self._sign(principal_id, audience, seconds, claims)

    def issue_identity(
        self, principal_id: str, name: str, display_name: str, *, client_id: str, seconds: int, nonce: str = ""
    ) -> str:
        who = {"oid": principal_id, "name": display_name, "preferred_username": name, "upn": name}
        if nonce:
            who["nonce"] = nonce
        return self._sign(principal_id, client_id, seconds, who)

    def read(self, token: str) -> Claims:
        """Return the claims after checking the signature, algorithm, issuer, audience and times. Raises Unauthenticated."""
        # Only access tokens say what kind of caller they are for: an id_token opens nothing, whoever it was made for.
        claims = self._checked(token, self._endpoint, idtyp={"essential": True, "values": ["app", "user"]})
        return Claims(principal_id=str(claims["oid"]), issued_at=_issued_at(claims), expires_at=int(claims["exp"]))

    def issue_mark(self, principal_id: str, *, seconds: int) -> str:
        who: dict[str, str | int] = {**self._issued_now(), "oid": principal_id, USE: _MARK}
        return self._sign(principal_id, f"{self._endpoint}/{_MARK}", seconds, who)

    def read_mark(self, mark: str) -> Mark:
        """Return what the mark says, after the same checks. Raises Unauthenticated."""
        claims = self._checked(mark, f"{self._endpoint}/{_MARK}", **{USE: {"essential": True, "value": _MARK}})
        return Mark(id=str(claims["jti"]), principal_id=str(claims["oid"]), issued_at=_issued_at(claims))

    def _checked(self, token: str, audience: str, **more: Any) -> dict[str, Any]:
        if len(token) > LONGEST:
            raise _refused(Message("is too long to be one of this service"))
        rules = jwt.JWTClaimsRegistry(
            now=self._now(),
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": audience},
            oid={"essential": True},
            iat={"essential": True},
            exp={"essential": True},
            **more,
        )
        try:
            claims = self._signed(token)
            rules.validate(claims)
        except ExpiredTokenError as error:
            raise _refused(Message("has expired")) from error
        except UNREADABLE as error:
            raise _refused(Message("was not issued by this service, or was changed on the way")) from error
        return claims

    def _decode(self, token: str) -> dict[str, Any]:
        return jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims

    def public_keys(self) -> dict[str, Any]:
        public = self._key.as_dict(private=False, kid=self._key_id, use="sig", alg=ALGORITHM)
        return {"keys": [public]}

    def _sign(self, principal_id: str, audience: str, seconds: int, who: Mapping[str, str | int]) -> str:
        now = self._now()
        claims = {
            "iss": self._issuer,
            "aud": audience,
            "tid": self._tenant_id,
            "sub": principal_id,
            "iat": now,
            "nbf": now,
            "exp": now + seconds,
            "jti": uuid.uuid4().hex,
            "ver": "2.0",
            **who,
        }
        return jwt.encode({"alg": ALGORITHM, "kid": self._key_id}, claims, self._key)

    def _issued_now(self) -> dict[str, int]:
        # `iat` knows whole seconds only; whoever signs in anew right after a revocation gets a token that counts.
        return {MILLISECONDS: int(self._clock.now().timestamp() * 1000)}

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _issued_at(claims: Mapping[str, Any]) -> float:
    milliseconds = claims.get(MILLISECONDS)
    return milliseconds / 1000 if isinstance(milliseconds, int) else float(claims["iat"])


def _refused(why: Message) -> Unauthenticated:
    return Unauthenticated(
        Message("The access token {why}.", why=why),
        hint=Message("Sign in again: with 'az login', or at the sign-in page."),
    )
