"""Signing in with a provider of the organization's own, by OpenID Connect: what is agreed with it, and whom it vouches for."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

DEFAULT_SCOPES = ("openid", "profile", "email")


@dataclass(frozen=True, kw_only=True)
class ExternalProvider:
    """`issuer` is spelled exactly as the provider does. Raises ValueError for what cannot work or is not safe.

    `link_by_email`: who signs in for the first time is taken for the person whose user name is the address that the
    provider has verified. `create_people`: unknown ones are let in, with `role` (or none) on `resource_group`.
    """

    name: str  # on the button
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)  # empty for a client without one
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    name_claim: str = "preferred_username"
    allowed_domains: tuple[str, ...] = ()  # of verified e-mail addresses; none: everybody whom it vouches for
    link_by_email: bool = False
    create_people: bool = False
    role: str = ""
    resource_group: str = "galeria"

    def __post_init__(self) -> None:
        if not (self.name and self.issuer and self.client_id):
            raise ValueError("sign_in.openid needs name, issuer and client_id")
        if not is_trustworthy(self.issuer):
            raise ValueError(f"the issuer '{self.issuer}' is no https address")
        if "openid" not in self.scopes:
            raise ValueError("the scopes of sign_in.openid must contain 'openid'")


@dataclass(frozen=True, kw_only=True)
class ExternalProfile:
    """What the provider says of whoever signed in there."""

    issuer: str
    subject: str  # never given to anybody else by this issuer
    name: str
    display_name: str
    email: str = ""  # lower case; empty where it is not verified


@dataclass(eq=False, kw_only=True)
class ExternalIdentity:
    """A person here is a person there. Source: OpenID Connect Core §5.7: only issuer and subject together name somebody."""

    id: str  # a GUID
    issuer: str
    subject: str
    principal_id: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class SignInAttempt:
    """One sign-in on its way. All of it is derived from a secret that only this browser holds, so nothing is kept here.

    `state` ties the answer to the browser (RFC 6749 §10.12), `nonce` the token to the attempt (OpenID Connect Core §3.1.2.1),
    `verifier` the code to both (RFC 7636).
    """

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


def sign_in_attempt(secret: str) -> SignInAttempt:
    def derived(purpose: str) -> str:
        return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()

    return SignInAttempt(state=derived("state"), nonce=derived("nonce"), verifier=derived("verifier"))


def is_trustworthy(address: str) -> bool:
    """https, or plain http within this computer."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
