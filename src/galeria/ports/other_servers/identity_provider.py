"""An external OpenID Connect provider that people sign in with."""

from typing import Protocol

from galeria.domain.people.external_provider import ExternalProfile, SignInAttempt


class IdentityProvider(Protocol):
    """An OpenID Connect provider, as set up in the settings. `back` is the address here that the browser returns to."""

    @property
    def name(self) -> str:
        """The provider's name, as shown to people."""
        ...

    @property
    def issuer(self) -> str:
        """The provider's issuer identifier (OpenID Connect Core §2)."""
        ...

    def sign_in_address(self, attempt: SignInAttempt, back: str) -> str:
        """Returns the address where the browser signs in. Raises Unavailable."""
        ...

    def is_own_answer(self, issuer: str) -> bool:
        """Tells whether an answer that names this issuer, or none where it is empty, comes from the provider (RFC 9207).

        Raises Unavailable.
        """
        ...

    def redeem(self, attempt: SignInAttempt, back: str, code: str) -> ExternalProfile:
        """Exchanges the code for the profile of the person who signed in.

        Raises Unauthenticated where the code or token does not hold, Unavailable where the provider does not answer.
        """
        ...

    def sign_out_address(self, back: str) -> str:
        """Returns the address where the browser signs out at the provider; empty where it offers none.

        Raises Unavailable.
        """
        ...
