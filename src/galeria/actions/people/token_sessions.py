"""Sessions of programs: refresh tokens that work once. A stolen token is noticed when it is used twice.

The rules are those of RFC 9700 §4.14.2. Of a client's token only the hash is stored.
"""

import logging
from dataclasses import dataclass, field
from datetime import timedelta

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.people.principals import find_enabled
from galeria.domain.people.principals import Principal, RefreshToken
from galeria.domain.people.sign_in import fingerprint

log = logging.getLogger(__name__)

# A session ends after so long without use (Entra ID's default for refresh tokens: 90 days).
SESSION_LIFE = timedelta(days=90)
# Several `az` at once share one token cache, and an answer may get lost: within this time a second use is no theft.
GRACE = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """The principal whose session was prolonged, and the next refresh token."""

    principal: Principal
    refresh_token: str = field(repr=False)


def start_session(request: BaseRequest, principal_id: str, client_id: str) -> str:
    """Starts a session and returns its first refresh token. Also removes tokens that have expired. The caller commits."""
    return _start(request, request.id_generator.new_id(), principal_id, client_id)


def start_session_of_code(request: BaseRequest, principal_id: str, client_id: str, family: str) -> str | None:
    """Starts the session of a redeemed authorization code, as `start_session` does. `family` is the session's id.

    Returns None where the code was used twice or revoked since it was redeemed. The caller commits.
    """
    if request.uow.authorization_codes.find_by_family(family) is None:
        return None
    return _start(request, family, principal_id, client_id)


def renew_session(request: BaseRequest, refresh_token: str, client_id: str) -> Renewal | None:
    """Replaces a refresh token by a new one. Returns None where it is unknown, expired, revoked or another program's.

    A token used a second time, later than `GRACE` allows, ends the whole session. So does one whose sibling was used: within
    the grace two may replace the same token, and the first of them that is used goes on alone. The caller commits either way.
    """
    now = request.clock.now()
    found = request.uow.refresh_tokens.find(fingerprint(refresh_token))
    if found is None or found.client_id != client_id or found.expires_at <= now:
        return None
    if found.revoked_at or (found.used_at and found.used_at + GRACE < now):
        log.warning("a refresh token of principal %s was used twice: its session is revoked", found.principal_id)
        revoke_family(request, found.family)
        return None
    principal = find_enabled(request, found.principal_id)
    if principal is None:
        return None
    if found.used_at is None:
        found.used_at = now
        _revoke(request, _siblings(request, found))
    token = _next_token(request, found.family, principal.id, client_id, parent=found.id)
    return Renewal(principal=principal, refresh_token=token)


def revoke_sessions(request: BaseRequest, principal: Principal) -> None:
    """Signs a principal out of all programs and browsers, at once.

    Refresh tokens and unused codes stop working, and access tokens issued until now are refused from the next request on.
    """
    principal.tokens_not_before = request.clock.now()
    _revoke(request, request.uow.refresh_tokens.of_principal(principal.id))
    for session in request.uow.web_sessions.of_principal(principal.id):
        request.uow.web_sessions.remove(session)
    for device_code in request.uow.device_codes.of_principal(principal.id):
        request.uow.device_codes.remove(device_code)
    for code in request.uow.authorization_codes.of_principal(principal.id):
        request.uow.authorization_codes.remove(code)


def revoke_family(request: BaseRequest, family: str) -> None:
    """Revokes all refresh tokens of one session, because one of its tokens or codes was used twice."""
    _revoke(request, request.uow.refresh_tokens.of_family(family))


def _start(request: BaseRequest, family: str, principal_id: str, client_id: str) -> str:
    for token in request.uow.refresh_tokens.expired(request.clock.now()):
        request.uow.refresh_tokens.remove(token)
    return _next_token(request, family, principal_id, client_id)


def _siblings(request: BaseRequest, token: RefreshToken) -> list[RefreshToken]:
    """Returns the other tokens that replaced the same one."""
    family = request.uow.refresh_tokens.of_family(token.family) if token.parent else []
    return [each for each in family if each.parent == token.parent and each.id != token.id]


def _next_token(request: BaseRequest, family: str, principal_id: str, client_id: str, *, parent: str = "") -> str:
    secret, now = request.id_generator.new_secret(), request.clock.now()
    request.uow.refresh_tokens.add(
        RefreshToken(
            id=fingerprint(secret),
            family=family,
            parent=parent,
            principal_id=principal_id,
            client_id=client_id,
            issued_at=now,
            expires_at=now + SESSION_LIFE,
        )
    )
    return secret


def _revoke(request: BaseRequest, tokens: list[RefreshToken]) -> None:
    for token in tokens:
        token.revoked_at = token.revoked_at or request.clock.now()
