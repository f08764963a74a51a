"""An external OpenID Connect provider as relying party: discovery, authorization code, tokens and their claims.

Sources: OpenID Connect Core 1.0 §3.1, Discovery 1.0 §4, RP-Initiated Logout 1.0 §2, RFC 7636, RFC 9207.
"""

import base64
import hashlib
import logging
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import quote_plus, urlencode

from galeria.adapters.identity.id_tokens import read_identity
from galeria.adapters.identity.openid_http import OpenIdHttp
from galeria.domain.errors import Unauthenticated
from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import Message
from galeria.domain.people.external_provider import ExternalProfile, ExternalProvider, SignInAttempt, folded_email
from galeria.ports.work import Clock

log = logging.getLogger(__name__)

# Providers rarely change their endpoints, and announce it long before.
METADATA_LIFE = timedelta(hours=1)
_ERROR = re.compile(r"[a-z_]{1,60}")
_METHODS = "token_endpoint_auth_methods_supported"


class OpenIdProvider:
    """Implements `galeria.ports.other_servers.identity_provider.IdentityProvider`. May be used by several threads."""

    def __init__(self, settings: ExternalProvider, clock: Clock, http: OpenIdHttp | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._http = http or OpenIdHttp(settings.name, settings.issuer)
        self._lock = Lock()
        self._metadata: tuple[datetime, Mapping[str, Any]] | None = None
        self._keys: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def issuer(self) -> str:
        return self._settings.issuer

    def sign_in_address(self, attempt: SignInAttempt, back: str) -> str:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=")
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": back,
            "scope": " ".join(self._settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        return _with(self._endpoint("authorization_endpoint"), query)

    def is_own_answer(self, issuer: str) -> bool:
        is_promised = self._discovered().get("authorization_response_iss_parameter_supported") is True
        return issuer == self.issuer or (not issuer and not is_promised)

    def redeem(self, attempt: SignInAttempt, back: str, code: str) -> ExternalProfile:
        answer = self._tokens(attempt, back, code)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise self._refused(Message("sent no identity"))
        claims = self._claims(token, attempt)
        return _profile(self._settings, _merged(claims, self._more(answer, claims)))

    def sign_out_address(self, back: str) -> str:
        endpoint = self._discovered().get("end_session_endpoint")
        if not isinstance(endpoint, str):
            return ""
        query = {"client_id": self._settings.client_id, "post_logout_redirect_uri": back}
        return _with(self._http.trusted(endpoint), query)

    def _tokens(self, attempt: SignInAttempt, back: str, code: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": attempt.verifier,
        }
        headers, more = self._credentials()
        answer = self._http.post(self._endpoint("token_endpoint"), form | more, headers)
        if answer.get("error") == "invalid_grant":
            raise self._refused(Message("does not know this sign-in any more"))
        if "error" in answer:
            log.warning("%s refuses to give a token: %s", self.issuer, _reason(answer))
            raise self._http.unusable(Message("refuses what Galeria asks; the server's log says more"))
        return answer

    def _credentials(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the client credentials as headers and form fields (OpenID Connect Core §9)."""
        id, secret = self._settings.client_id, self._settings.client_secret
        if not secret:
            return {}, {"client_id": id}
        told = self._discovered().get(_METHODS)
        methods = told if isinstance(told, list) else ["client_secret_basic"]
        if "client_secret_basic" not in methods and "client_secret_post" in methods:
            return {}, {"client_id": id, "client_secret": secret}
        basic = base64.b64encode(f"{quote_plus(id)}:{quote_plus(secret)}".encode()).decode()
        return {"Authorization": f"Basic {basic}"}, {}

    def _claims(self, token: str, attempt: SignInAttempt) -> dict[str, Any]:
        """Validate the token with the known keys, or else with the current ones, because providers change them (Core §10.1.1).

        The token came from the provider itself, so that nobody can cause requests for keys again and again.
        """
        rules = {"issuer": self.issuer, "client_id": self._settings.client_id, "nonce": attempt.nonce}
        now = self._clock.now()
        with self._lock:
            known = self._keys
        found = read_identity(token, known, now=now, **rules) if known else None
        if found is None:
            fresh = self._http.get(self._endpoint("jwks_uri"))
            with self._lock:
                self._keys = fresh
            found = read_identity(token, fresh, now=now, **rules)
        if found is None:
            log.warning("%s sent an identity that does not hold", self.issuer)
            raise self._refused(Message("sent an identity that does not hold"))
        return found

    def _more(self, answer: Mapping[str, Any], claims: Mapping[str, Any]) -> dict[str, Any]:
        """Return the claims of the UserInfo endpoint: many providers give names and addresses only there (Core §5.3)."""
        endpoint, token = self._discovered().get("userinfo_endpoint"), answer.get("access_token")
        if not isinstance(endpoint, str) or not isinstance(token, str):
            return {}
        answered = self._http.get(self._http.trusted(endpoint), {"Authorization": f"Bearer {token}"})
        if answered.get("sub") != claims["sub"]:
            raise self._refused(Message("speaks of somebody else"))
        return dict(answered)

    def _endpoint(self, name: str) -> str:
        address = self._discovered().get(name)
        if not isinstance(address, str):
            raise self._http.unusable(Message("does not tell its {name}", name=name))
        return self._http.trusted(address)

    def _discovered(self) -> Mapping[str, Any]:
        now = self._clock.now()
        with self._lock:
            kept = self._metadata
        if kept and timedelta() <= now - kept[0] < METADATA_LIFE:
            return kept[1]
        found = self._http.get(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise self._http.unusable(
                Message(
                    "calls itself '{found}', and not '{issuer}'",
                    found=foreign_text(str(found.get("issuer"))),
                    issuer=self.issuer,
                )
            )
        with self._lock:
            self._metadata, self._keys = (now, found), None
        return found

    def _refused(self, what: Message) -> Unauthenticated:
        return Unauthenticated(
            Message("'{name}' {what}.", name=self.name, what=what), hint=Message("Start the sign-in again.")
        )


def _with(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def _merged(token: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """Return the token's claims, and what UserInfo has besides.

    An e-mail address counts as verified only where one and the same of them says both.
    """
    said = next((each for each in (token, userinfo) if "email" in each and "email_verified" in each), None)
    verified = {"email": said["email"], "email_verified": said["email_verified"]} if said else {"email_verified": False}
    return {**userinfo, **token, **verified}


def _reason(answer: Mapping[str, Any]) -> str:
    """The code of a refusal (RFC 6749 §5.2). The rest of it may repeat what was sent: the client's secret and the code."""
    code = answer["error"]
    return code if isinstance(code, str) and _ERROR.fullmatch(code) else "without a code"


def _profile(settings: ExternalProvider, claims: Mapping[str, Any]) -> ExternalProfile:
    def text(name: str) -> str:
        value = claims.get(name)
        return value.strip() if isinstance(value, str) else ""

    is_verified = claims.get("email_verified") in (True, "true")
    email = folded_email(text("email")) if is_verified else ""
    name = text(settings.name_claim) or email
    return ExternalProfile(
        issuer=settings.issuer,
        subject=str(claims["sub"]),
        name=name,
        display_name=foreign_text(text("name")) or name,
        email=email,
    )
