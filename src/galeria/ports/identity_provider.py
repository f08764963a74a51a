"""Whom others vouch for."""

from typing import Protocol

from galeria.domain.people.external_provider import ExternalProfile, SignInAttempt


class IdentityProvider(Protocol):
    """A provider of OpenID Connect, as agreed in the settings. `back` is the address here that browsers come back to."""

    @property
    def name(self) -> str:
        """As people know it."""
        ...

    @property
    def issuer(self) -> str: ...

    def sign_in_address(self, attempt: SignInAttempt, back: str) -> str:
        """Where the browser goes. Raises Unavailable."""
        ...

    def redeem(self, attempt: SignInAttempt, back: str, code: str) -> ExternalProfile:
        """Who came back with the code. Raises Unauthenticated where it does not hold, Unavailable."""
        ...

    def sign_out_address(self, back: str) -> str:
        """Where the browser goes to sign out there, too; empty where that is not offered. Raises Unavailable."""
        ...
