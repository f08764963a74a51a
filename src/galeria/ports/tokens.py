"""Access tokens and id tokens: signed statements of who calls."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """The content of a valid access token."""

    principal_id: str
    issued_at: float  # seconds since 1970
    expires_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """The content of a browser's mark: in which browser, by an id that nobody chose, who signed in, and when."""

    id: str
    principal_id: str
    issued_at: float  # seconds since 1970


class Tokens(Protocol):
    """The issuer of signed tokens, which also checks the ones it issued."""

    def issue(self, principal_id: str, name: str, kind: str, *, audience: str, seconds: int) -> str:
        """Returns a signed access token (JWT, RFC 7519) that is valid for so many seconds."""
        ...

    def issue_identity(
        self, principal_id: str, name: str, display_name: str, *, client_id: str, seconds: int, nonce: str = ""
    ) -> str:
        """Returns a signed id_token (OpenID Connect Core §2), which tells the program `client_id` who signed in.

        It gives no access here. `nonce` is what the program sent along, given back unchanged.
        """
        ...

    def read(self, token: str) -> Claims:
        """Returns the claims of an access token.

        Raises Unauthenticated unless it was issued here for this service, unchanged, and has not expired.
        """
        ...

    def issue_mark(self, principal_id: str, *, seconds: int) -> str:
        """Returns a signed mark for a browser in which the principal signed in. It gives no access anywhere."""
        ...

    def read_mark(self, mark: str) -> Mark:
        """Returns what a mark says. Raises Unauthenticated unless it was issued here, unchanged, and has not expired."""
        ...

    def public_keys(self) -> dict[str, Any]:
        """Returns the public keys that tokens are checked with, as a JSON Web Key Set (RFC 7517 §5)."""
        ...
