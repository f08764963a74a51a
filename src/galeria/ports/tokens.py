"""Tokens: who is asking."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What a valid access token says."""

    principal_id: str
    issued_at: int  # seconds since 1970
    expires_at: int


class Tokens(Protocol):
    def issue(self, principal_id: str, name: str, kind: str, *, audience: str, seconds: int) -> str:
        """A signed access token (JWT)."""
        ...

    def issue_identity(
        self, principal_id: str, name: str, display_name: str, *, client_id: str, seconds: int, nonce: str = ""
    ) -> str:
        """A signed id_token (OpenID Connect Core §2): tells the program `client_id` who signed in; opens no door here.

        `nonce` is what the program sent along, given back unchanged.
        """
        ...

    def read(self, token: str) -> Claims:
        """Raises Unauthenticated when it is not an access token of ours for this service, or is expired or changed."""
        ...

    def public_keys(self) -> dict[str, Any]:
        """What tokens are checked with, as a JSON Web Key Set (RFC 7517 §5)."""
        ...
