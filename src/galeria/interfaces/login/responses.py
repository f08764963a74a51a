"""Answers of the token endpoint in the form of RFC 6749 §5, with the error numbers that `az` knows."""

from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Error, UnsupportedGrantTypeError

from galeria.interfaces.login.throttle import TooManyTries

# Error numbers of Entra ID (AADSTS…); `az` adds its own advice to some of them.
WRONG_PASSWORD = 50126
WRONG_SECRET = 7000215
BAD_REFRESH_TOKEN = 700082
BLOCKED = 50053


class TokenError(OAuth2Error):  # type: ignore[misc]  # Authlib has no type stubs.
    """An error answer with a number; `retry_after` is in seconds."""

    def __init__(self, error: str, message: str, *, status: int = 400, number: int = 0, retry_after: int = 0) -> None:
        super().__init__(error=error, description=plain(message), status_code=status)
        self.number = number
        self.retry_after = retry_after

    def get_body(self) -> list[tuple[str, Any]]:
        body: list[tuple[str, Any]] = super().get_body()
        return [*body, ("error_codes", [self.number])] if self.number else body

    def get_headers(self) -> list[tuple[str, str]]:
        """Return the headers. A 401 names the scheme for authentication (RFC 6749 §5.2)."""
        headers: list[tuple[str, str]] = super().get_headers()
        if self.retry_after:
            headers = [*headers, ("Retry-After", str(self.retry_after))]
        return [*headers, ("WWW-Authenticate", 'Basic realm="Galeria"')] if self.status_code == 401 else headers


def blocked(error: TooManyTries) -> TokenError:
    """Return 429 with the time to wait, which msal and azure-core obey."""
    return TokenError(TooManyTries.code, str(error), status=429, number=BLOCKED, retry_after=error.seconds)


def refusal(error: OAuth2Error) -> TokenError:
    """Return one of Authlib's own errors with a whole sentence."""
    if isinstance(error, UnsupportedGrantTypeError):
        sentence = (
            f"The grant type '{error.grant_type or ''}' is not supported; the discovery document lists those that are."
        )
    else:
        sentence = error.get_error_description().rstrip(".") + "."
    return TokenError(error.error, sentence, status=error.status_code)


def plain(text: str) -> str:
    """Return only the characters that an error_description may have: printable ASCII without '"' and '\\'."""
    allowed = text.replace('"', "'").replace("\\", "/").encode("ascii", "replace").decode()
    return "".join(character if " " <= character <= "~" else " " for character in allowed)
