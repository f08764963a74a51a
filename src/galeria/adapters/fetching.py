"""Fetch files over http and https, from addresses that `galeria.domain.images.import_addresses` allows.

A name is resolved once for every connection, all of its addresses are checked, and the connection goes to one of exactly
these: a name that resolves differently a moment later (DNS rebinding) changes nothing. Every redirect is checked again.
Proxies of the environment are not used, because they would resolve the names.
"""

import http.client
import logging
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

from galeria.domain.errors import Invalid, Unavailable
from galeria.domain.images.import_addresses import Address, read_address, require_public
from galeria.domain.messages import Message

log = logging.getLogger(__name__)

REDIRECTS = 5
SECONDS = 60.0  # until a connection without any byte is given up
PIECE = 1 << 20  # bytes
_MOVED = {301, 302, 303, 307, 308}
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")

Resolve = Callable[[str, int], list[str]]


class HttpFetcher:
    """Fetches files over http and https. Hosts in `allowed` are not checked; `resolve` returns the addresses of a host."""

    def __init__(
        self,
        *,
        allowed: frozenset[str] = frozenset(),
        resolve: Resolve | None = None,
        seconds: float = SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = allowed
        self._resolve = resolve or resolve_host
        self._seconds = seconds
        self._context = context or ssl.create_default_context()

    @contextmanager
    def open(self, address: str, *, offset: int, tag: str) -> Iterator["HttpDownload"]:
        asked = read_address(address)
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "galeria"}
        if offset and tag:
            headers |= {"Range": f"bytes={offset}-", "If-Range": tag}
        connection, response = self._followed(asked, headers)
        try:
            yield _download(response, asked, offset if "Range" in headers else 0)
        finally:
            response.close()
            connection.close()

    def _followed(
        self, address: Address, headers: dict[str, str]
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        for _ in range(REDIRECTS + 1):
            connection = self._connection(address)
            try:
                response = _asked(connection, address, headers)
                if response.status not in _MOVED:
                    return connection, response
                address = _moved_to(address, response.getheader("Location"))
            except BaseException:
                connection.close()
                raise
            connection.close()
        raise _refused(
            Message(
                "{host} sends from one address to the next, more than {redirects} times.",
                host=address.host,
                redirects=REDIRECTS,
            )
        )

    def _connection(self, address: Address) -> http.client.HTTPConnection:
        ips = self._resolved(address)
        if address.scheme == "https":
            return _PinnedTls(address, ips, self._seconds, self._context)
        return _Pinned(address, ips, self._seconds)

    def _resolved(self, address: Address) -> list[str]:
        try:
            ips = self._resolve(address.host, address.port)
        except OSError as error:
            raise Unavailable(
                Message("The name '{host}' cannot be looked up.", host=address.host),
                hint=Message("Check its spelling, then try again."),
            ) from error
        if not address.is_among(self._allowed):
            for ip in ips:
                require_public(ip, address.host)
        return ips


class HttpDownload:
    """The content of one HTTP response."""

    def __init__(self, response: http.client.HTTPResponse, *, offset: int, length: int | None, tag: str) -> None:
        self._response = response
        self.offset = offset
        self.length = length
        self.tag = tag
        self.is_whole = False

    def pieces(self) -> Iterator[bytes]:
        position = self.offset
        while True:
            try:
                piece = self._response.read(PIECE)
            except (OSError, http.client.HTTPException) as error:
                log.info("a download broke off at byte %d: %s", position, error)
                if isinstance(error, http.client.IncompleteRead) and error.partial:
                    yield error.partial
                return
            if not piece:
                self.is_whole = self.length is None or position == self.length
                return
            position += len(piece)
            yield piece


class _Pinned(http.client.HTTPConnection):
    """A connection to addresses that were checked, whatever the name resolves to now."""

    def __init__(self, address: Address, ips: list[str], seconds: float) -> None:
        super().__init__(address.host, address.port, timeout=seconds)
        self._ips = ips

    def connect(self) -> None:
        self.sock = _connected(self._ips, self.port, self.timeout)


class _PinnedTls(http.client.HTTPSConnection):
    """A TLS connection to addresses that were checked; the certificate is verified against the name."""

    def __init__(self, address: Address, ips: list[str], seconds: float, context: ssl.SSLContext) -> None:
        super().__init__(address.host, address.port, timeout=seconds, context=context)
        self._ips, self._tls = ips, context

    def connect(self) -> None:
        plain = _connected(self._ips, self.port, self.timeout)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def resolve_host(host: str, port: int) -> list[str]:
    """Return the host's addresses as the system resolves them. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host} is no name") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _connected(ips: list[str], port: int, seconds: float | None) -> socket.socket:
    last: OSError = OSError("no address")
    for ip in ips:
        try:
            return socket.create_connection((ip, port), timeout=seconds)
        except OSError as error:
            last = error
    raise last


def _asked(
    connection: http.client.HTTPConnection, address: Address, headers: dict[str, str]
) -> http.client.HTTPResponse:
    try:
        connection.request("GET", address.target, headers=headers)
        return connection.getresponse()
    except ssl.SSLCertVerificationError as error:
        raise _refused(
            Message(
                "The certificate of {host} is not trusted: {verify_message}.",
                host=address.host,
                verify_message=error.verify_message,
            )
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(
            Message(
                "{host}, port {port}, does not answer: {error}.",
                host=address.host,
                port=address.port,
                error=str(error or type(error).__name__),
            ),
            hint=Message("Check that it serves the file, then retry the operation: it continues where it stopped."),
        ) from error


def _moved_to(address: Address, location: str | None) -> Address:
    base = f"{address.scheme}://{address.host if ':' not in address.host else f'[{address.host}]'}:{address.port}"
    moved = read_address(urljoin(base + address.target, (location or "").partition("#")[0]))
    if address.scheme == "https" and moved.scheme != "https":
        raise _refused(Message("{host} sends from https to an address without encryption.", host=address.host))
    return moved


def _download(response: http.client.HTTPResponse, address: Address, offset: int) -> HttpDownload:
    _require_file(response, address)
    start, length = 0, response.getheader("Content-Length")
    total = int(length) if length is not None and length.isdecimal() and len(length) < 19 else None
    if response.status == 206:
        found = _RANGE.fullmatch(response.getheader("Content-Range", ""))
        if found is None or int(found[1]) != offset or found[2] == "*":
            raise Unavailable(
                Message("{host} answers with another part of the file than was asked for.", host=address.host),
                hint=Message("Upload the file instead, or use another server."),
            )
        start, total = offset, int(found[2])
    tag = response.getheader("ETag", "")
    if not tag.startswith('"'):  # weak ETags do not promise the same bytes (RFC 9110 §8.8.1)
        tag = response.getheader("Last-Modified", "")
    return HttpDownload(response, offset=start, length=total, tag=tag)


def _require_file(response: http.client.HTTPResponse, address: Address) -> None:
    status = response.status
    if status in (408, 416, 429) or status >= 500:
        raise Unavailable(
            Message("{shown} answers {status} {reason}.", shown=address.shown, status=status, reason=response.reason),
            hint=Message("Wait a little, then retry the operation."),
        )
    if status not in (200, 206):
        raise Invalid(
            Message("{shown} answers {status} {reason}.", shown=address.shown, status=status, reason=response.reason),
            hint=Message(
                "Give an address that can be read without signing in, such as one with a SAS that has not expired."
            ),
            code="SourceNotReadable",
            target="uri",
        )
    encoding = response.getheader("Content-Encoding", "identity").lower()
    if encoding != "identity":
        raise _refused(Message("{host} sends the file packed ({encoding}).", host=address.host, encoding=encoding))


def _refused(message: Message) -> Invalid:
    return Invalid(
        message, hint=Message("Upload the file instead, or use another address."), code="ImportRefused", target="uri"
    )
