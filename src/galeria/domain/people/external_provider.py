"""Signing in with an OpenID Connect provider of the organization: its settings, the identities it confirms, one attempt."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

DEFAULT_SCOPES = ("openid", "profile", "email")
LONGEST_SUBJECT = 255  # ASCII characters (OpenID Connect Core §2)


@dataclass(frozen=True, kw_only=True)
class ExternalProvider:
    """The settings of an OpenID Connect provider; `issuer` is spelled exactly as the provider does.

    Raises ValueError where a setting is missing or unsafe. `link_by_email`: a person who signs in for the first time is
    linked to the user whose sign-in name is the address that the provider has verified. `create_people`: unknown people
    get a user, with `role` (or none) on `resource_group`. `names_are_assigned`: nobody chooses the claim's value at the
    provider, so that an e-mail address in it is the person's own without being verified.
    """

    name: str  # shown on the sign-in button
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)  # empty for a client without one
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    name_claim: str = "preferred_username"
    names_are_assigned: bool = False
    allowed_domains: tuple[str, ...] = ()  # of verified e-mail addresses; none: everybody who can sign in there
    link_by_email: bool = False
    create_people: bool = False
    role: str = ""
    resource_group: str = "galeria"

    def __post_init__(self) -> None:
        if not (self.name and self.issuer and self.client_id):
            raise ValueError("sign_in.openid needs name, issuer and client_id")
        if not is_trustworthy(self.issuer):
            raise ValueError(f"the issuer '{self.issuer}' is no https address")
        for name in ("names_are_assigned", "link_by_email", "create_people"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be true or false")
        if "openid" not in self.scopes:
            raise ValueError("the scopes of sign_in.openid must contain 'openid'")


@dataclass(frozen=True, kw_only=True)
class ExternalProfile:
    """What the provider says of a person who signed in there."""

    issuer: str
    subject: str  # the issuer never gives it to anybody else
    name: str
    display_name: str
    email: str = ""  # as `folded_email` gives it; empty where it is not verified


@dataclass(eq=False, kw_only=True)
class ExternalIdentity:
    """The link between a user and an identity at a provider.

    Only issuer and subject together name somebody (OpenID Connect Core §5.7).
    """

    id: str  # a GUID
    issuer: str
    subject: str
    principal_id: str
    created_at: datetime
    email: str = ""  # that the provider had verified at the last sign-in, as `folded_email` gives it; else empty


@dataclass(frozen=True, kw_only=True)
class SignInAttempt:
    """One sign-in at a provider that is under way, derived from a secret in the browser's cookie, so that nothing is stored.

    `state` ties the answer to the browser (RFC 6749 §10.12), `nonce` the token to the attempt (OpenID Connect Core
    §3.1.2.1), `verifier` the code to both (RFC 7636).
    """

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


def sign_in_attempt(secret: str) -> SignInAttempt:
    """Derives the state, nonce and code verifier of a sign-in from the browser's secret, by HMAC-SHA-256."""

    def derived(purpose: str) -> str:
        return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()

    return SignInAttempt(state=derived("state"), nonce=derived("nonce"), verifier=derived("verifier"))


def is_subject(text: str) -> bool:
    """Tells whether a text can be a provider's id of a person: 1 to 255 printable ASCII characters (OpenID Connect Core §2)."""
    return 0 < len(text) <= LONGEST_SUBJECT and text.isascii() and text.isprintable()


def folded_email(address: str) -> str:
    """Returns an e-mail address in lower case; empty where it has no '@' between two parts.

    A part beyond ASCII stays as it is: some of its letters become ASCII letters in lower case, such as the Kelvin sign, and
    the address would become somebody else's.
    """
    local, _, domain = address.rpartition("@")
    if not (local and domain):
        return ""
    return "@".join(part.lower() if part.isascii() else part for part in (local, domain))


def is_trustworthy(address: str) -> bool:
    """Tells whether an address is https, or plain http to this computer's loopback."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))


def is_trustworthy_endpoint(issuer: str, address: str) -> bool:
    """Tells whether a provider may name the address as one of its own.

    It is https, or plain http to this computer's loopback where the issuer is that, too: others lead nobody there.
    """
    try:
        is_plain = urlsplit(address).scheme != "https" and urlsplit(issuer).scheme == "https"
    except ValueError:
        return False
    return is_trustworthy(address) and not is_plain


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
