"""Credentials of a client, each of which gives access tokens. Secrets are never shown or logged."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message

# The client id of this program; a public client may use any.
CLIENT_ID = "galeria-cli"
# Seconds; a token that expires earlier is renewed before it is used.
SPARE = 60.0


@dataclass(frozen=True, kw_only=True)
class Token:
    value: str = field(repr=False)
    expires_at: float  # seconds since 1970
    refresh: str = field(default="", repr=False)

    @property
    def is_fresh(self) -> bool:
        return self.expires_at - time.time() >= SPARE


Ask = Callable[[dict[str, str]], Token]
"""Posts the fields of a grant (RFC 6749) to the token endpoint; raises Unauthenticated or Invalid."""


class ClientCredentials(Protocol):
    def token(self, ask: Ask, *, refused: bool) -> Token:
        """Return a valid token. `refused` means that the server did not accept the last one."""
        ...


@dataclass(frozen=True, kw_only=True)
class Password:
    """A person's name and password."""

    user: str
    password: str = field(repr=False)

    def token(self, ask: Ask, *, refused: bool) -> Token:
        return ask(
            {
                "grant_type": "password",
                "client_id": CLIENT_ID,
                "username": self.user,
                "password": self.password,
                "scope": "offline_access openid profile",
            }
        )


@dataclass(frozen=True, kw_only=True)
class ClientSecret:
    """The client id and secret of a service principal."""

    client_id: str
    client_secret: str = field(repr=False)

    def token(self, ask: Ask, *, refused: bool) -> Token:
        return ask(
            {
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self.client_secret,
            }
        )


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """A token from another source, which cannot be renewed here."""

    value: str = field(repr=False)

    def token(self, ask: Ask, *, refused: bool) -> Token:
        if refused:
            raise Unauthenticated(
                Message("The server does not accept the access token."), hint=Message("Get a new one and try again.")
            )
        return Token(value=self.value, expires_at=time.time() + 3600)


class Session:
    """A stored sign-in: its access token while that is valid, then a new one by the refresh token.

    Refresh tokens work once, so that `keep` is called with every new pair before it is used.
    """

    def __init__(self, token: Token, *, keep: Callable[[Token], None]) -> None:
        self._token = token
        self._keep = keep

    def token(self, ask: Ask, *, refused: bool) -> Token:
        if self._token.is_fresh and not refused:
            return self._token
        try:
            new = ask({"grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": self._token.refresh})
        except Unauthenticated as error:
            raise Unauthenticated(
                Message("The sign-in has expired."), hint=Message("Sign in again: galeria login.")
            ) from error
        self._token = Token(value=new.value, expires_at=new.expires_at, refresh=new.refresh or self._token.refresh)
        self._keep(self._token)
        return self._token


def token_of(answer: dict[str, Any]) -> Token:
    """Return the token in the answer of a token endpoint (RFC 6749 §5.1)."""
    return Token(
        value=str(answer["access_token"]),
        expires_at=time.time() + float(answer.get("expires_in", 3600)),
        refresh=str(answer.get("refresh_token", "")),
    )
