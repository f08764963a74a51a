"""Validate ID tokens: the signature, and the claims as OpenID Connect Core 1.0 §3.1.3.7 requires."""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import Key, import_key

from galeria.adapters.identity.tokens import UNREADABLE
from galeria.domain.people.external_provider import is_subject

log = logging.getLogger(__name__)

# Signatures that only the provider can make: not "none", and none that uses the client secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
LEEWAY = 60  # seconds by which two clocks may differ
LONGEST = 64 * 1024


def read_identity(
    token: str, keys: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: datetime
) -> dict[str, Any] | None:
    """Return the claims, or None where no key of the JSON Web Key Set `keys` fits or a rule is broken."""
    if len(token) > LONGEST:
        return None
    claims = _signed(token, keys)
    if claims is None:
        return None
    rules = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        rules.validate(claims)
    except UNREADABLE as error:
        log.warning("an identity of %s is refused: %s", issuer, error)
        return None
    # Each is one text: a list that has the right one among others would pass above.
    is_told_once = claims["iss"] == issuer and claims["nonce"] == nonce
    return claims if is_told_once and _is_for(claims, client_id) else None


def _is_for(claims: Mapping[str, Any], client_id: str) -> bool:
    subject, audience = claims["sub"], claims["aud"]
    is_shared = isinstance(audience, list) and len(audience) > 1
    party = claims.get("azp", None if is_shared else client_id)
    return isinstance(subject, str) and is_subject(subject) and bool(party == client_id)


def _signed(token: str, keys: Mapping[str, Any]) -> dict[str, Any] | None:
    for key in _usable(keys):
        try:
            return jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
        except UNREADABLE as error:
            log.debug("a key does not fit: %s", error)
    return None


def _usable(keys: Mapping[str, Any]) -> Iterator[Key]:
    """Yield the keys of supported signatures. A provider has few, so that each of them is tried."""
    listed = keys.get("keys")
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, dict) or each.get("kty") == "oct" or each.get("use", "sig") != "sig":
            continue
        try:
            yield import_key(each)
        except UNREADABLE as error:
            log.debug("a key cannot be read: %s", error)
