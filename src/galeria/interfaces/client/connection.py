"""A connection to a server: JSON over HTTPS, renewed tokens, and refusals raised as errors of the domain."""

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, quote, urlsplit

import httpx

from galeria.domain.errors import GaleriaError, Invalid, Unauthenticated, Unavailable
from galeria.domain.messages import Message
from galeria.interfaces.client.credentials import Ask, ClientCredentials, Token, token_of
from galeria.interfaces.client.error_responses import refusal

Json = dict[str, Any]
Content = Callable[[], Iterable[bytes]]
"""Makes the body anew for every attempt."""

PATIENCE = 60.0  # seconds that a patient connection waits for a server that is restarting
_PAUSE = 0.2  # seconds between two attempts
_TOKEN_PATH = "/adfs/oauth2/token"
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_READS = {"GET", "HEAD"}


@dataclass(frozen=True, kw_only=True)
class ServerResponse:
    status: int
    body: Any  # parsed JSON, or None
    headers: Mapping[str, str]  # names in any case


class ServerConnection:
    """A connection that several threads may use.

    With `patient`, reads are repeated for up to 60 s while the server restarts, and so is whatever cannot have arrived.
    Every method raises the error that the server answered, or Unavailable without an answer.
    """

    def __init__(
        self, endpoint: str, credentials: ClientCredentials, *, ca_file: Path | None = None, patient: bool = False
    ) -> None:
        self.endpoint = checked_endpoint(endpoint)
        self.patient = patient
        self._credentials = credentials
        self._token: Token | None = None
        self._signing_in = threading.Lock()
        loopback = urlsplit(self.endpoint).hostname in _LOOPBACK
        self._http = httpx.Client(
            verify=_trust(ca_file) if self.endpoint.startswith("https:") else False,
            timeout=httpx.Timeout(60, connect=10),
            trust_env=not loopback,  # a proxy does not lead to this host
        )

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, path: str, **query: str) -> Json:
        """Return the JSON object at a path such as /subscriptions."""
        body = self.send("GET", path, query=query).body
        return body if isinstance(body, dict) else {}

    def get_all(self, path: str, **query: str) -> list[Json]:
        """Return all `value` items of a list, following nextLink."""
        page = self.get(path, **query)
        items: list[Json] = list(page.get("value") or [])
        while page.get("nextLink"):
            page = self.get(str(page["nextLink"]))
            items += page.get("value") or []
        return items

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
        content: Content | None = None,
    ) -> ServerResponse:
        """Send one request.

        `path` may be an absolute URL of the server; only its path and query are used, so that a token never goes to another
        host.
        """

        def attempt(token: Token) -> httpx.Response:
            return self._http.request(
                method,
                self._url(path),
                params=_merged(path, query),
                json=body,
                content=content() if content else None,
                headers={**(headers or {}), "Authorization": f"Bearer {token.value}"},
            )

        response = self._answered(lambda: attempt(self._fresh_token()), repeatable=method in _READS)
        if response.status_code == 401:
            # The server may have new keys, or the clocks differ: one new token is tried.
            token = self._fresh_token(refused=True)
            response = self._answered(lambda: attempt(token), repeatable=method in _READS)
        if response.status_code >= 400:
            raise refusal(response)
        return ServerResponse(status=response.status_code, body=_parsed(response), headers=response.headers)

    def sign_in(self) -> Token:
        """Return the current token, or a new one. Raises Unauthenticated."""
        return self._fresh_token()

    def _url(self, path: str) -> str:
        """Return the address of a path here. Raises Invalid for what would name another host or port behind the endpoint."""
        parts = _split(path)
        place = "" if parts is None else parts.path if parts.netloc else path.partition("?")[0]
        if not place.startswith("/"):
            raise Invalid(
                Message("'{path}' is no path on the server.", path=path),
                hint=Message("Give an id as a list with '--output json' shows it; it begins with '/'."),
            )
        return self.endpoint + place

    def _fresh_token(self, *, refused: bool = False) -> Token:
        with self._signing_in:
            if refused or self._token is None or not self._token.is_fresh:
                self._token = self._credentials.token(self._ask(), refused=refused)
            return self._token

    def _ask(self) -> Ask:
        def ask(fields: dict[str, str]) -> Token:
            scope = f"{self.endpoint}/.default {fields.get('scope', '')}".strip()
            form = {**fields, "scope": scope}
            response = self._answered(lambda: self._http.post(self.endpoint + _TOKEN_PATH, data=form), repeatable=True)
            if response.status_code < 400:
                return token_of(response.json())
            raise _not_signed_in(refusal(response))

        return ask

    def _answered(self, attempt: Callable[[], httpx.Response], *, repeatable: bool) -> httpx.Response:
        deadline = time.monotonic() + (PATIENCE if self.patient else 0)
        while True:
            try:
                with _translated_network_errors(self.endpoint):
                    return attempt()
            except Unavailable as error:
                may_repeat = repeatable or isinstance(error.__cause__, httpx.ConnectError)
                if not may_repeat or _distrusts(error) or time.monotonic() >= deadline:
                    raise
            time.sleep(_PAUSE)


def checked_endpoint(endpoint: str) -> str:
    """Return the endpoint without a slash at the end. Raises Invalid unless it is https, or http on this host."""
    parts = _split(endpoint.strip())
    if parts and (
        (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    ):
        return endpoint.strip().rstrip("/")
    raise Invalid(
        Message("'{endpoint}' is not an endpoint that a password may be sent to.", endpoint=endpoint),
        hint=Message("Give it as https://HOST:PORT; 'galeria connect' prints it on the server."),
        target="endpoint",
    )


def path_of(*segments: str) -> str:
    """Return a path whose segments may hold any character."""
    return "/" + "/".join(quote(segment, safe="()@:$,=") for segment in segments)


def _split(address: str) -> SplitResult | None:
    """Take an address apart; None where its host or port cannot be read."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _merged(path: str, query: Mapping[str, str] | None) -> httpx.QueryParams:
    return httpx.QueryParams(urlsplit(path).query).merge(query or {})


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except OSError as error:
        raise Invalid(
            Message("'{ca_file}' is not a file with a certificate in it.", ca_file=str(ca_file)),
            hint=Message("Give the authority's certificate (PEM) with --ca-file; 'galeria connect' names it."),
        ) from error


def _parsed(response: httpx.Response) -> Any:
    if "json" not in response.headers.get("content-type", "") or not response.content:
        return None
    return response.json()


def _not_signed_in(error: GaleriaError) -> GaleriaError:
    """Return Unauthenticated for a wrong password, which OAuth answers with 400 (RFC 6749 §5.2)."""
    if error.code in {"invalid_grant", "invalid_client"}:
        return Unauthenticated(error.message, hint=error.hint, code=error.code)
    if error.code == "invalid_scope":
        return Unauthenticated(
            error.message, hint=Message("Write the endpoint exactly as 'galeria connect' prints it."), code=error.code
        )
    return error


def _distrusts(error: BaseException | None) -> bool:
    """Return whether the certificate is not trusted, which no repetition changes."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def _translated_network_errors(endpoint: str) -> Iterator[None]:
    """Translate network errors into Unavailable, with the original as its cause."""
    try:
        yield
    except httpx.TransportError as error:
        if _distrusts(error):
            raise Unavailable(
                Message("The certificate of {endpoint} is not trusted.", endpoint=endpoint),
                hint=Message("Give the installation's own authority with --ca-file; 'galeria connect' names the file."),
                code="CertificateNotTrusted",
            ) from error
        raise Unavailable(
            Message(
                "{endpoint} does not answer: {error}.", endpoint=endpoint, error=str(error or type(error).__name__)
            ),
            hint=Message("Is 'galeria serve' running at {endpoint}?", endpoint=endpoint),
            code="ServerUnreachable",
        ) from error
