"""Fetch files over http and https, from addresses that `galeria.domain.images.import_addresses` allows.

All addresses of a name are checked before each connection, and every redirect is checked again.
"""

import http.client
import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urljoin

from galeria.adapters.pinned_connections import (
    Deadline,
    PinnedConnection,
    Resolve,
    make_context,
    non_public_kind_here,
    resolve_host,
)
from galeria.domain.errors import Invalid, Unavailable
from galeria.domain.foreign_text import foreign_text
from galeria.domain.images.import_addresses import Address, read_address, require_public
from galeria.domain.messages import Message

log = logging.getLogger(__name__)

REDIRECTS = 5
SECONDS = 60.0  # in which an answer has to begin, and then each piece of it has to come
PIECE = 1 << 20  # bytes
_MOVED = {301, 302, 303, 307, 308}
Answer = tuple[PinnedConnection, http.client.HTTPResponse]
_DIGITS = 19  # of a length are enough to see that it is too large
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")


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
        self._context = make_context(context)

    @contextmanager
    def open(self, address: str, *, offset: int, tag: str) -> Iterator["HttpDownload"]:
        asked, deadline = read_address(address), Deadline(self._seconds)
        begin = offset if tag else 0
        connection, response = self._followed(asked, deadline, _headers(begin, tag))
        if begin and response.status == 206 and _differs(response, tag):
            # The server goes on with another file in spite of If-Range: its beginning is needed, too.
            connection.close()
            begin = 0
            connection, response = self._followed(asked, deadline, _headers(begin, tag))
        with closing(connection), response:
            yield _download(response, asked, begin, deadline, self._seconds)

    def _followed(self, address: Address, deadline: Deadline, headers: dict[str, str]) -> Answer:
        for _ in range(REDIRECTS + 1):
            deadline.allow(self._seconds)
            connection = PinnedConnection(address, self._resolved(address), deadline, self._context)
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
                require_public(address.host, non_public_kind_here(ip))
        return ips


class HttpDownload:
    """The content of one HTTP response. Each piece has so many seconds to come; what came of it is given in any case."""

    def __init__(
        self,
        response: http.client.HTTPResponse,
        *,
        offset: int,
        length: int | None,
        tag: str,
        deadline: Deadline,
        seconds: float,
    ) -> None:
        self._response = response
        self._deadline, self._seconds = deadline, seconds
        self.offset = offset
        self.length = length
        self.tag = tag
        self.is_whole = False

    def pieces(self) -> Iterator[bytes]:
        position = self.offset
        while True:
            piece, is_over = self._piece()
            position += len(piece)
            if piece:
                yield bytes(piece)
            if is_over:
                return
            if len(piece) < PIECE:
                self.is_whole = self.length is None or position == self.length
                return

    def _piece(self) -> tuple[bytearray, bool]:
        """Return the next bytes, as many as a piece has or as there are, and whether the connection broke off after them."""
        piece = bytearray()
        self._deadline.allow(self._seconds)
        try:
            while len(piece) < PIECE:
                some = self._response.read1(PIECE - len(piece))
                if not some:
                    break
                piece += some
        except (OSError, http.client.HTTPException) as error:
            log.info("a download broke off: %s", error)
            if isinstance(error, http.client.IncompleteRead):
                piece += error.partial
            return piece, True
        return piece, False


def _headers(offset: int, tag: str) -> dict[str, str]:
    """Return what is sent along; with an offset the rest of the file is asked for, if it is still the one named by `tag`."""
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "galeria"}
    return headers | {"Range": f"bytes={offset}-", "If-Range": tag} if offset else headers


def _asked(connection: PinnedConnection, address: Address, headers: dict[str, str]) -> http.client.HTTPResponse:
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
    try:
        target = urljoin(base + address.target, (location or "").partition("#")[0])
    except ValueError as error:
        raise _refused(Message("{host} sends to an address that cannot be read.", host=address.host)) from error
    moved = read_address(target)
    if address.scheme == "https" and moved.scheme != "https":
        raise _refused(Message("{host} sends from https to an address without encryption.", host=address.host))
    return moved


def _download(
    response: http.client.HTTPResponse, address: Address, offset: int, deadline: Deadline, seconds: float
) -> HttpDownload:
    _require_file(response, address)
    start, length = 0, response.getheader("Content-Length")
    total = int(length[:_DIGITS]) if length is not None and length.isascii() and length.isdecimal() else None
    if response.status == 206:
        found = _RANGE.fullmatch(response.getheader("Content-Range", ""))
        if found is None or int(found[1]) != offset or found[2] == "*":
            raise Unavailable(
                Message("{host} answers with another part of the file than was asked for.", host=address.host),
                hint=Message("Upload the file instead, or use another server."),
            )
        start, total = offset, int(found[2])
    return HttpDownload(response, offset=start, length=total, tag=_tag(response), deadline=deadline, seconds=seconds)


def _tag(response: http.client.HTTPResponse) -> str:
    tag = response.getheader("ETag", "")
    if not tag.startswith('"'):  # weak ETags do not promise the same bytes (RFC 9110 §8.8.1)
        tag = response.getheader("Last-Modified", "")
    return tag


def _differs(response: http.client.HTTPResponse, tag: str) -> bool:
    """Tell whether the answer names another file. A date may be left out of a partial answer (RFC 9110 §15.3.7)."""
    found = _tag(response)
    return found != tag and bool(found or tag.startswith('"'))


def _require_file(response: http.client.HTTPResponse, address: Address) -> None:
    status = response.status
    told = Message(
        "{shown} answers {status} {reason}.",
        shown=address.shown,
        status=status,
        reason=foreign_text(response.reason),
    )
    if status in (408, 416, 429) or status >= 500:
        raise Unavailable(told, hint=Message("Wait a little, then retry the operation."))
    if status not in (200, 206):
        raise Invalid(
            told,
            hint=Message(
                "Give an address that can be read without signing in, such as one with a SAS that has not expired."
            ),
            code="SourceNotReadable",
            target="uri",
        )
    packings = (response.getheader("Content-Encoding", "identity"), response.getheader("Transfer-Encoding", "chunked"))
    for packing, plain in zip(packings, ("identity", "chunked"), strict=True):
        if packing.lower() != plain:
            encoding = foreign_text(packing.lower())
            raise _refused(Message("{host} sends the file packed ({encoding}).", host=address.host, encoding=encoding))


def _refused(message: Message) -> Invalid:
    return Invalid(
        message, hint=Message("Upload the file instead, or use another address."), code="ImportRefused", target="uri"
    )
